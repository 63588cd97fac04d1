/* What the verbs sbs and verify tell about a signed block stream. */
#ifndef CLI_SBS_REPORT_H
#define CLI_SBS_REPORT_H

#include "image/csl.h"
#include "sign/sbs/openpgp.h"
#include "sign/sbs/sbs.h"

#include <jansson.h>

/* Sizes and the root hash, as members of the report. */
void sbs_report_header(json_t *report, const struct sbs_header *header);

/* Who signed, as the member "signer". */
void sbs_report_signer(json_t *report, const struct openpgp_signer *signer);

/* The path as a terminal can show it, between two other texts. */
void sbs_print_path(const char *before, const char *path, const char *behind);

/* Size, commands (unless `stream` is NULL) and signer. */
void sbs_print_summary(const struct sbs_header *header, const struct openpgp_signer *signer,
		       const struct csl_summary *stream);

#endif
