/* build --run: the system that was composed runs in local KVM before anything is put in place. */
#ifndef CLI_BUILD_RUN_H
#define CLI_BUILD_RUN_H

#include "cli/build.h"
#include "cli/run_options.h"

/* The time limit of a run that is given none. */
#define BUILD_RUN_TIMEOUT "60s"

/* Takes the words that stand behind "--" as options for the run. Fails with ERR_USAGE. Release with
 * run_options_free(), after a failure too. */
int build_run_options(struct run_options *options, int count, char **words, struct error *err);

/* Runs the unikernels; what they print goes to stderr. Fails if the run does not end with status
 * 0: with the kind that the tender's status tells, ERR_INPUT for a guest's own. */
int build_run(const struct build *build, const struct run_options *options, struct error *err);

#endif
