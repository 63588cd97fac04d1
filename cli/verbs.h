/* The verbs of the command: one file per verb, cli/verb_NAME.c, which defines its `struct verb`. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/options.h"

extern const struct verb verb_build;
extern const struct verb verb_inspect;
extern const struct verb verb_gencspec;
extern const struct verb verb_policy;
extern const struct verb verb_recipes;
extern const struct verb verb_sign;
extern const struct verb verb_verify;
extern const struct verb verb_keys;
extern const struct verb verb_ipxe;
extern const struct verb verb_sbs;
extern const struct verb verb_iso;
extern const struct verb verb_serve;
extern const struct verb verb_run;

#endif
