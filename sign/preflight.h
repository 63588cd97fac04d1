/* The check before signing: would iPXE accept what this chain of certificates signs?
 *
 * The rules are the judge's (sign/judge/judge.h), which decides about finished signatures too:
 * there is no second set of them.
 */
#ifndef SIGN_PREFLIGHT_H
#define SIGN_PREFLIGHT_H

#include "base/error.h"
#include "base/findings.h"
#include "sign/keys/certificate.h"
#include "digest/digest.h"
#include "sign/judge/judge.h"

#include <stdint.h>

struct preflight {
	const struct certificate_chain
		*chain; /* from the signing certificate up, as far as it goes */
	enum digest_algorithm digest;
	enum ipxe_version ipxe;
	int64_t now;	/* when it has to be valid ... */
	int64_t margin; /* ... and how many seconds longer */
};

/* Judges the chain as an iPXE would that has the chain's root in TRUST=, or nothing if the chain
 * does not reach one. Fails as judge_chain(). */
int preflight_judge(const struct preflight *preflight, int64_t when, struct judgement *judgement,
		    struct error *err);

/* All rules about the chain: that it reaches a root, that iPXE accepts it now and for the margin.
 * `findings` gets what is worth knowing although it is accepted. *judgement, zero at first, is the
 * decision, also of a refusal. Fails with ERR_REFUSED, naming the file, the certificate, the rule
 * and what iPXE would say. */
int preflight_chain(const struct preflight *preflight, struct findings *findings,
		    struct judgement *judgement, struct error *err);

/* Turns a judgement that says no into an error. Always returns -1. */
int preflight_refuse(const struct preflight *preflight, const struct judgement *judgement,
		     struct error *err);

#endif
