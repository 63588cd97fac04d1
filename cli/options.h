/* Command line options of a verb, from one table that feeds parsing, --help and the shell
 * completion.
 *
 *	static const struct option_spec specs[] = {
 *		{ OPTION_OUTPUT, "output", 'o', "DIR", "folder to write to (default: out)" },
 *		{ 0 },
 *	};
 *
 *	struct options options = OPTIONS(argc, argv, &verb_build);
 *	while ((id = options_next(&options, &value, err)) > 0)
 *		switch (id) { ... }
 *	if (id < 0)
 *		return -1;
 *	... options.operands[0 .. options.count - 1] ...
 *
 * "--name=value" and "--name value", "-o value" and "-ovalue" are understood; options and
 * operands may be mixed; "--" ends the options. --help is handled by the dispatcher.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct option_spec {
	int id;		      /* > 0, unique in the table; 0 ends the table */
	const char *name;     /* without "--" */
	char letter;	      /* 0: none */
	const char *argument; /* what --help calls the value; NULL: the option takes none */
	const char *help;     /* one line; may have '\n' for more */
};

struct verb {
	const char *name;
	/* Runs the verb; argv[0] is its name. Returns the exit status (>= 0), or -1 with err set.
	 */
	int (*run)(int argc, char **argv, struct error *err);
	const char *summary;  /* one line for the list of verbs */
	const char *operands; /* "FILE...", "" */
	const struct option_spec *options;
	const char *details; /* paragraphs for --help, may be NULL */
};

struct options {
	const struct verb *verb;
	int argc;
	char **argv;
	int next;	     /* index of the next word to look at */
	char **operands;     /* collected in front of argv, over the words already read */
	int count;	     /* number of operands; complete when options_next() returned 0 */
	int behind;	     /* how many of them, the last, stood behind "--" */
	const char *letters; /* rest of a word of several one-letter options */
};

#define OPTIONS(argc_, argv_, verb_)                                                               \
	{                                                                                          \
		.verb = (verb_), .argc = (argc_), .argv = (argv_), .next = 1,                      \
		.operands = (argv_) + 1                                                            \
	}

/* The id of the next option and its value (NULL if it takes none); 0 at the end; -1 with
 * ERR_USAGE, naming the word, the verb and the nearest known option. */
int options_next(struct options *options, const char **value, struct error *err);

/* Fails with ERR_USAGE unless the number of operands is in [least, most] (most < 0: any). */
int options_expect(const struct options *options, int least, int most, struct error *err);

/* The values of an option that may be given several times; the words are borrowed. Zero-initialise;
 * release the list with free(). */
struct word_list {
	const char **list;
	size_t count;
};

void word_list_add(struct word_list *words, const char *word);

/* Parse a value for an option; fail with ERR_USAGE that names the option. */
int option_size(const char *option, const char *value, unsigned long long *bytes,
		struct error *err);
int option_number(const char *option, const char *value, unsigned long long least,
		  unsigned long long most, unsigned long long *number, struct error *err);

/* Whether the command line asks for the verb's help: --help or -h as an option, not as the value of
 * one. */
bool options_want_help(const struct verb *verb, int argc, char **argv);

/* Prints the verb's help to stdout. */
void options_help(const struct verb *verb);

#endif
