/* The main job, in steps that build, policy and the report share. */
#ifndef CLI_BUILD_H
#define CLI_BUILD_H

#include "cli/composed.h"
#include "cli/conversion.h"
#include "cli/delivery.h"
#include "cli/system_options.h"
#include "policy/compose.h"

/* A system on its way. */
struct build {
	const struct system_options *options;
	struct recipe *recipe;
	struct hardware *hardware;   /* NULL: no policy folder was given */
	struct converted *converted; /* of build; NULL in `policy`, which starts from components */
	size_t converted_count;
	struct component **components; /* of `policy`, owned; NULL in build */
	struct unikernel_request *requests;
	size_t request_count;
	struct system *system; /* NULL with a template */
	const char *system_name;
	char *policy_file; /* the system's, in the delivery: "NAME.xml" */
	struct composed composed;
	struct build_image *image; /* what boots; borrowed; NULL: documents only */
	char **folders; /* where mucfgmerge must look for included files, in that order */
	size_t folder_count;
	struct delivery delivery;
	struct findings findings; /* of the system; each unikernel has its own */
	json_t *inputs;		  /* every file that was read: {"what", "path", "size", "sha256"} */
	json_t *missing;	  /* what the user must still provide, as sentences */
};

/* Reads the recipe and, with a policy folder, the hardware descriptions; begins the delivery. */
int build_begin(struct build *build, const struct system_options *options, struct error *err);

/* Notes an input for the report. */
void build_add_input(struct build *build, const char *what, const char *name, uint64_t size,
		     const char *sha256);

/* The same for a file that must still be digested; `path` is what is opened, `name` what the user
 * called it. NULL paths are passed over. */
int build_note_input(struct build *build, const char *what, const char *name, const char *path,
		     struct error *err);

/* Composes the system out of build->requests, and adds its documents to the delivery. */
int build_system(struct build *build, struct error *err);

/* Adds the report, build.json, and puts everything in place. */
int build_finish(struct build *build, struct error *err);

/* Tells what was made: findings to stderr; the report, or a summary for people, to stdout.
 * Returns the exit status, 0, or -1. */
int build_tell(const struct build *build, struct error *err);

void build_free(struct build *build);

#endif
