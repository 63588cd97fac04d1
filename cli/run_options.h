/* The command line of `muenbuild run` with a policy: what is its own, and what is the tender's. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stddef.h>

/* For --help and the shell completion: those of `run`, then the tender's. */
extern const struct option_spec run_option_specs[];

/* Whom an option for the tender concerns when several subjects run. */
enum run_scope {
	RUN_EACH, /* every subject */
	RUN_ONE,  /* the one that is named in front: "--net SUBJECT:NAME=KIND" */
	RUN_ALL,  /* all together: what is expected, the time limit, the report */
};

struct run_word {
	enum run_scope scope;
	const char *option; /* "net", "ring", ...: without "--" and value */
	char *device;	    /* of "--net:DEVICE=value", owned; else NULL */
	const char *value;  /* NULL: none was given */
};

struct run_options {
	const char *policy;    /* path; NULL: there is none */
	const char *subject;   /* the only one to run; NULL: all unikernels */
	const char *unikernel; /* the file to run; NULL: the policy says which */
	const char **folders;  /* of -I */
	size_t folder_count;
	struct run_word *words; /* for the tender, in the order in which they were given */
	size_t word_count;
};

/* Whether the words name a policy, or a subject of one: all others are the tender's alone. */
bool run_options_wanted(int argc, char **argv);

/* Reads argv[1..]. Fails with ERR_USAGE. Release with run_options_free(), after a failure too. */
int run_options_parse(struct run_options *options, int argc, char **argv, struct error *err);
void run_options_free(struct run_options *options);

#define cleanup_run_options cleanup_with(run_options_free)

/* A NULL-ended list of words: release with run_words_free(). */
void run_words_free(char **words);
DEFINE_CLEANUP(char **, run_words_free)
#define cleanup_run_words cleanup_with(run_words_freep)

/* The words for the tender that runs `subject`, one of those that run; if that is the only one,
 * also those about all together. Fails with ERR_USAGE if it is not said whom one concerns. */
char **run_options_words(const struct run_options *options, const char *subject,
			 const char *const *subjects, size_t subject_count, struct error *err);

#endif
