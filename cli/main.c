/* muenbuild: dispatches to the verbs, prints one error, and turns it into an exit status. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/report.h"
#include "cli/verbs.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct verb *const verbs[] = {
	&verb_build, &verb_inspect, &verb_gencspec, &verb_policy, &verb_recipes,
	&verb_sign,  &verb_verify,  &verb_keys,	    &verb_ipxe,	  &verb_sbs,
	&verb_iso,   &verb_serve,   &verb_run,
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *verb_named(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

static void print_usage(void)
{
	puts("Usage: muenbuild [VERB] [OPTION...]\n\n"
	     "From a MirageOS unikernel to a Muen system that boots.\n\nVerbs:");
	for (size_t i = 0; i < VERB_COUNT; i++)
		printf("  %-12s %s\n", verbs[i]->name, verbs[i]->summary);
	puts("\nWithout a verb, 'build' is meant: muenbuild --unikernel FILE --bootparams STRING\n"
	     "'muenbuild VERB --help' shows a verb's options; muenbuild(1) has the whole story.");
}

/* For the shell completion: the verbs, or a verb's options, one a line. */
static void print_completions(const struct verb *verb)
{
	if (!verb) {
		for (size_t i = 0; i < VERB_COUNT; i++)
			puts(verbs[i]->name);
		return;
	}
	for (const struct option_spec *spec = verb->options; spec->id; spec++)
		printf("--%s%s\n", spec->name, spec->argument ? "=" : "");
	puts("--help");
}

static int run_verb(const struct verb *verb, int argc, char **argv, struct error *err)
{
	if (options_want_help(verb, argc, argv)) {
		options_help(verb);
		return 0;
	}
	return verb->run(argc, argv, err);
}

/* `build` is meant when the first word is one of its options. */
static int run_implied_build(int argc, char **argv, struct error *err)
{
	char **words = xcalloc((size_t)argc + 2, sizeof(*words));
	int status;

	words[0] = (char *)"build";
	memcpy(words + 1, argv + 1, (size_t)(argc - 1) * sizeof(*words));
	status = run_verb(&verb_build, argc, words, err);
	free(words);
	return status;
}

static int fail_no_verb(const char *name, struct error *err)
{
	err_fail(err, ERR_USAGE, "'%s' is not a verb of muenbuild", name);
	return err_mend(err, "'muenbuild --help' lists the verbs; a unikernel is named with "
			     "--unikernel FILE");
}

static int dispatch(int argc, char **argv, struct error *err)
{
	const char *first = argc > 1 ? argv[1] : "--help";
	const struct verb *verb;

	if (!strcmp(first, "--help") || !strcmp(first, "-h") || !strcmp(first, "help")) {
		verb = argc > 2 ? verb_named(argv[2]) : NULL;
		if (argc > 2 && !verb)
			return fail_no_verb(argv[2], err);
		if (verb)
			options_help(verb);
		else
			print_usage();
		return 0;
	}
	if (!strcmp(first, "--version")) {
		puts("muenbuild " MUENBUILD_VERSION);
		return 0;
	}
	if (!strcmp(first, "--completions")) {
		print_completions(argc > 2 ? verb_named(argv[2]) : NULL);
		return 0;
	}
	if (first[0] == '-')
		return run_implied_build(argc, argv, err);
	verb = verb_named(first);
	if (!verb)
		return fail_no_verb(first, err);
	return run_verb(verb, argc - 1, argv + 1, err);
}

/* Removes what was begun, then dies of the same signal, so that the caller sees it. */
static void on_signal(int number)
{
	output_discard_all();
	signal(number, SIG_DFL);
	raise(number);
}

static void install_signal_handlers(void)
{
	static const int deadly[] = { SIGHUP, SIGINT, SIGTERM, SIGXCPU };
	struct sigaction action = { .sa_handler = on_signal };

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		struct sigaction before;

		/* nohup and the like have it ignored: leave that. */
		if (sigaction(deadly[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(deadly[i], &action, NULL);
	}
	/* A closed pipe and a file size limit are errors like any other: EPIPE, EFBIG. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

int main(int argc, char **argv)
{
	struct error err = { 0 }, late = { 0 };
	int status;

	install_signal_handlers();
	status = file_keep_streams(&err);
	if (status == 0)
		status = dispatch(argc, argv, &err);
	if (status < 0) {
		report_error(&err);
		status = err.kind ? (int)err.kind : ERR_INTERNAL;
	}
	if (report_finish(&late) < 0) {
		fprintf(stderr, "muenbuild: %s\n", late.message);
		if (status == 0)
			status = (int)late.kind;
	}
	return status;
}
