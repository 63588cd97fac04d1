/* What is accepted but worth knowing. For judge.c only. */
#ifndef SIGN_JUDGE_FINDINGS_H
#define SIGN_JUDGE_FINDINGS_H

#include "sign/judge/judge.h"
#include "sign/judge/trial.h"

/* Adds what the accepted trial shows: certificates that no chain uses or whose order decides,
 * weak algorithms, an expiry that is near or past, what iPXE ignores. */
void judge_add_findings(const struct trial *trial, const struct trial_case *subject,
			struct judgement *judgement);

#endif
