/* Running subjects of a policy: worlds, the channels that they share, and tenders. */
#ifndef CLI_RUN_POLICY_H
#define CLI_RUN_POLICY_H

#include "cli/run_options.h"
#include "policy/world_xml.h"

#include <stdio.h>

#define RUN_SUBJECTS_MAX 32 /* tenders at a time */

/* The subjects to run, ready. */
struct run {
	const struct run_options *options; /* borrowed */
	const char *policy;		   /* its path, for people */
	struct subject_world *worlds[RUN_SUBJECTS_MAX];
	const char *names[RUN_SUBJECTS_MAX]; /* in the worlds */
	size_t count;
	int *shared; /* descriptors of shared memory, owned */
	size_t shared_count;
	const int *inherited; /* more that the tenders need; borrowed */
	size_t inherited_count;
};

/* Lays out the worlds of the subject that the options name, or of all unikernels, and joins the
 * channels that two of them map: each is memory of its own that both tenders get. Fails with
 * ERR_INPUT, ERR_NO_INPUT, ERR_USAGE or ERR_MISSING. Release with run_free(), after a failure
 * too. */
int run_prepare(struct run *run, const struct run_options *options,
		const struct policy_source *source, struct error *err);
void run_free(struct run *run);

#define cleanup_run cleanup_with(run_free)

/* The words that start the tender of subject number `index`, with its world in memory: *world_fd
 * is a descriptor for the tender, close-on-exec, owned by the caller. `more` is one more option
 * for it, or NULL. */
char **run_command(const struct run *run, size_t index, const char *more, int *world_fd,
		   struct error *err);

/* Path of the tender: beside this executable; "" if that cannot be told. */
const char *tender_path(void);

/* Fails with ERR_MISSING, saying that the tender cannot be started: `error_number` tells why. */
int fail_no_tender(int error_number, struct error *err);

/* Becomes the tender of the only subject. Returns only if that fails. */
int run_alone(const struct run *run, struct error *err);

/* Runs them, each in a tender of its own, until all have ended, or one has failed: then the others
 * are stopped. What they print goes to `output`; of several, each line has its subject's name in
 * front, and so it is looked at by --expect and --reject. Returns the exit status, or -1 if they
 * could not be started. */
int run_together(const struct run *run, FILE *output, struct error *err);

#endif
