/* The main job, in steps that build, policy and the report share. */
#ifndef CLI_BUILD_H
#define CLI_BUILD_H

#include "cli/conversion.h"
#include "cli/delivery.h"
#include "cli/unikernel_option.h"
#include "policy/compose.h"

/* What the command line says about the system. */
struct build_options {
	const char *output;	   /* folder */
	const char *recipe;	   /* name or path */
	const char *policy_folder; /* Muen's policy tree, NULL: not given */
	const char *template;	   /* NULL: the recipe's, or the built-in system */
	const char *schedule;	   /* a scheduling plan for the template; NULL: the recipe's */
	const char *system;	   /* name of the system; NULL: the recipe's */
	unsigned cpus;		   /* 0: the recipe's */
	int subject_info;	   /* -1: the recipe's; 0: any */
	bool dry_run, json;
	struct link *links;
	size_t link_count;
	const char **schemas;
	size_t schema_count;
};

/* Parses "--connect NAME:DEVICE=NAME:DEVICE" and appends it; texts are owned by the options. */
int build_options_connect(struct build_options *options, const char *value, struct error *err);
void build_options_free(struct build_options *options);

/* A system on its way. */
struct build {
	const struct build_options *options;
	struct recipe *recipe;
	struct hardware *hardware;   /* NULL: no policy folder was given */
	struct converted *converted; /* of build; NULL in `policy`, which starts from components */
	size_t converted_count;
	struct component **components; /* of `policy`, owned; NULL in build */
	struct unikernel_request *requests;
	size_t request_count;
	struct system *system; /* NULL with a template */
	struct delivery delivery;
	struct findings findings; /* of the system; each unikernel has its own */
	json_t *missing;	  /* what the user must still provide, as sentences */
};

/* Reads the recipe and, with a policy folder, the hardware descriptions; begins the delivery. */
int build_begin(struct build *build, const struct build_options *options, struct error *err);

/* Composes the system out of build->requests, and adds its documents to the delivery. */
int build_system(struct build *build, struct error *err);

void build_free(struct build *build);

/* "DIR/PATH", or PATH itself if it is absolute; owned by the caller. */
char *build_policy_path(const struct build *build, const char *path);

/* The report, as build.json has it. Owned by the caller. */
json_t *build_report(const struct build *build);

/* Tells a person what was made, and what to do next. */
void build_summary(const struct build *build);

#endif
