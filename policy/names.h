/* Names: what users may call things, and that no two things get the same one. Inside policy. */
#ifndef POLICY_NAMES_H
#define POLICY_NAMES_H

#include "policy/compose.h"

/* Whether a unikernel may have this name: characters, length with all that Muen adds, not one
 * that the system itself uses. Fails with ERR_USAGE. */
int check_unikernel_name(const char *name, struct error *err);

/* Whether all names of the composed system differ and fit, with those that Muen's tools will
 * make from them. Fails with ERR_USAGE, naming the unikernels that are to blame. */
int check_system_names(const struct system *system, struct error *err);

#endif
