/* The options about the system, which `build` and `policy` share. */
#ifndef CLI_SYSTEM_OPTIONS_H
#define CLI_SYSTEM_OPTIONS_H

#include "cli/options.h"
#include "policy/compose.h"

/* Ids of the options below; a verb's own are smaller. */
enum {
	OPTION_SYSTEM_FIRST = 100,
	OPTION_CONNECT = OPTION_SYSTEM_FIRST,
	OPTION_RECIPE,
	OPTION_POLICY_DIR,
	OPTION_TEMPLATE,
	OPTION_SCHEDULE,
	OPTION_SYSTEM,
	OPTION_CPUS,
	OPTION_OUTPUT,
	OPTION_SCHEMA,
	OPTION_DRY_RUN,
	OPTION_JSON,
};

#define DEFAULT_RECIPE "x86-qemu-solo5"

/* clang-format off */
#define SYSTEM_OPTION_SPECS \
	{ OPTION_CONNECT, "connect", 'c', "NAME:DEV=NAME:DEV", \
	  "join two network devices directly; repeatable" }, \
	{ OPTION_RECIPE, "recipe", 'r', "NAME|FILE", \
	  "the target system (default: " DEFAULT_RECIPE ")" }, \
	{ OPTION_POLICY_DIR, "policy-dir", 'p', "DIR", \
	  "Muen's policy tree, with hardware/ and platform/" }, \
	{ OPTION_TEMPLATE, "template", 't', "FILE", \
	  "compose into this system policy, not the built-in one" }, \
	{ OPTION_SCHEDULE, "schedule", 0, "FILE", "the template's scheduling plan" }, \
	{ OPTION_SYSTEM, "system", 's', "NAME", \
	  "name of the system (default: the recipe's)" }, \
	{ OPTION_CPUS, "cpus", 0, "N", "CPUs to use (default: the recipe's)" }, \
	{ OPTION_OUTPUT, "output", 'o', "DIR", "folder to write to (default: out)" }, \
	{ OPTION_SCHEMA, "schema", 0, "[KIND=]FILE", \
	  "validate against this schema too, such as Muen's own;\nrepeatable" }, \
	{ OPTION_DRY_RUN, "dry-run", 'n', NULL, "say what would be written, write nothing" }, \
	{ OPTION_JSON, "json", 0, NULL, "print the report as JSON" }
/* clang-format on */

/* What the command line says about the system. */
struct system_options {
	const char *output;	   /* folder */
	const char *recipe;	   /* name or path */
	const char *policy_folder; /* Muen's policy tree, NULL: not given */
	const char *template;	   /* NULL: the recipe's, or the built-in system */
	const char *schedule;	   /* a scheduling plan for the template; NULL: the recipe's */
	const char *system;	   /* name of the system; NULL: the recipe's */
	unsigned cpus;		   /* 0: the recipe's */
	bool dry_run, json;
	struct link *links;
	size_t link_count;
	const char **schemas;
	size_t schema_count;
};

#define SYSTEM_OPTIONS_DEFAULT                                                                     \
	{                                                                                          \
		.output = "out", .recipe = DEFAULT_RECIPE                                          \
	}

/* Takes an option with an id of those above. Fails with ERR_USAGE. */
int system_options_take(struct system_options *options, int id, const char *value,
			struct error *err);
void system_options_free(struct system_options *options);

#endif
