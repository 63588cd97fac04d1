#include "cli/run_options.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "tender/gdb/link.h"
#include "tender/option_list.h"

#include <string.h>

/* ---- tables -------------------------------------------------------------- */

enum {
	OPTION_POLICY = 1,
	OPTION_SUBJECT,
	OPTION_INCLUDE,
	OPTION_TENDER,
};

#define HELP_ROW(name, argument, per_device, function, help)                                       \
	{ OPTION_TENDER + __COUNTER__, name, 0, argument, help },

const struct option_spec run_option_specs[] = {
	{ OPTION_POLICY, "policy", 0, "FILE",
	  "run the unikernels of a Muen policy, in the world it lays out" },
	{ OPTION_SUBJECT, "subject", 0, "NAME", "only this subject of the policy" },
	{ OPTION_INCLUDE, "include", 'I', "DIR",
	  "look here for what the policy refers to, unikernels too" },
	TENDER_OPTIONS(HELP_ROW){ 0 }
};

/* Those that concern all together, or nobody: the policy says it. The rest concerns each, or, if
 * it is about a device, one. */
static const struct {
	const char *option;
	enum run_scope scope;
	bool refused;
} special[] = {
	{ "expect", RUN_ALL, false },
	{ "reject", RUN_ALL, false },
	{ "timeout", RUN_ALL, false },
	{ "http-check", RUN_ALL, false },
	{ "json", RUN_ALL, false },
	{ "gdb", RUN_ONE, false },
	{ "gdb-port", RUN_ONE, false },
	{ "mem", RUN_EACH, true },
	{ "channel-size", RUN_EACH, true },
	{ "block", RUN_EACH, true },
	{ "block-sector-size", RUN_EACH, true },
	{ "world", RUN_EACH, true },
};

#define SCOPE_ROW(name, argument, per_device, function, help) { name, per_device },

static const struct {
	const char *option;
	bool per_device;
} tender_options[] = { TENDER_OPTIONS(SCOPE_ROW) };

static enum run_scope scope_of(const char *option, bool *refused)
{
	*refused = false;
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (strcmp(special[i].option, option) != 0)
			continue;
		*refused = special[i].refused;
		return special[i].scope;
	}
	for (size_t i = 0; i < sizeof(tender_options) / sizeof(tender_options[0]); i++)
		if (!strcmp(tender_options[i].option, option) && tender_options[i].per_device)
			return RUN_ONE;
	return RUN_EACH;
}

static const struct option_spec *find_spec(const char *name, size_t length)
{
	for (const struct option_spec *spec = run_option_specs; spec->id; spec++)
		if (strlen(spec->name) == length && !strncmp(spec->name, name, length))
			return spec;
	return NULL;
}

/* ---- one word after another ---------------------------------------------- */

struct words {
	int argc;
	char **argv;
	int next;
};

/* An option as it was written. */
struct written {
	const struct option_spec *spec;
	char *device; /* owned */
	const char *value;
};

/* A value that may be left out is the next word only if that can be nothing else. */
static bool takes_next(const struct option_spec *spec, const struct words *words)
{
	if (!spec->argument || words->next >= words->argc)
		return false;
	return spec->argument[0] != '[' || strcmp(spec->name, "gdb") != 0 ||
	       gdb_is_address(words->argv[words->next]);
}

static int fail_option(const char *word, const char *problem, struct error *err)
{
	char shown[128];

	err_fail(err, ERR_USAGE, "option '%s' %s",
		 text_printable(word, strlen(word), shown, sizeof(shown)), problem);
	return err_mend(err, "'muenbuild run --help' lists the options");
}

static int read_option(struct words *words, struct written *written, struct error *err)
{
	const char *word = words->argv[words->next++], *name = word + 2;
	size_t length = strcspn(name, ":=");
	const char *value = strchr(name, '=');

	*written = (struct written){ 0 };
	if (!strncmp(word, "-I", 2)) {
		written->spec = find_spec("include", strlen("include"));
		written->value = word[2] ? word + 2 : NULL;
	} else {
		written->spec = word[1] == '-' ? find_spec(name, length) : NULL;
		written->value = value ? value + 1 : NULL;
	}
	if (!written->spec || (name[length] == ':' && !value))
		return fail_option(word, "is not known", err);
	if (written->value && !written->spec->argument)
		return fail_option(word, "takes no value", err);
	if (word[1] == '-' && name[length] == ':')
		written->device = xstrndup(name + length + 1, (size_t)(value - name) - length - 1);
	if (!written->value && takes_next(written->spec, words))
		written->value = words->argv[words->next++];
	else if (!written->value && written->spec->argument && written->spec->argument[0] != '[')
		return fail_option(word, "needs a value", err);
	return 0;
}

bool run_options_wanted(int argc, char **argv)
{
	struct words words = { argc, argv, 1 };
	struct error ignored;

	while (words.next < argc && strcmp(argv[words.next], "--") != 0) {
		struct written written;
		bool own;

		if (argv[words.next][0] != '-') {
			words.next++;
			continue;
		}
		own = read_option(&words, &written, &ignored) == 0 &&
		      written.spec->id < OPTION_TENDER;
		free(written.device);
		if (own)
			return true;
	}
	return false;
}

/* ---- all of them --------------------------------------------------------- */

static int take_tenders(struct run_options *options, struct written *written, struct error *err)
{
	const char *option = written->spec->name;
	bool refused;
	enum run_scope scope = scope_of(option, &refused);

	if (!strcmp(option, "options-anywhere"))
		return 0;
	if (refused) {
		err_fail(err, ERR_USAGE, "--%s: is for the policy to say", option);
		return err_mend(err, "leave it out, or run the unikernel without --policy");
	}
	array_grow(options->words, options->word_count);
	options->words[options->word_count++] =
		(struct run_word){ scope, option, steal(written->device), written->value };
	return 0;
}

static int take_option(struct run_options *options, struct written *written, struct error *err)
{
	switch (written->spec->id) {
	case OPTION_POLICY:
		options->policy = written->value;
		return 0;
	case OPTION_SUBJECT:
		options->subject = written->value;
		return 0;
	case OPTION_INCLUDE:
		array_grow(options->folders, options->folder_count);
		options->folders[options->folder_count++] = written->value;
		return 0;
	default:
		return take_tenders(options, written, err);
	}
}

static int take_operand(struct run_options *options, const char *word, struct error *err)
{
	if (options->unikernel)
		return err_fail(err, ERR_USAGE, "'%s': a second unikernel", word);
	options->unikernel = word;
	return 0;
}

int run_options_parse(struct run_options *options, int argc, char **argv, struct error *err)
{
	struct words words = { argc, argv, 1 };

	*options = (struct run_options){ 0 };
	while (words.next < argc) {
		const char *word = argv[words.next];
		struct written written;
		int result;

		if (!strcmp(word, "--")) {
			err_fail(err, ERR_USAGE,
				 "the unikernel's command line is for the policy "
				 "to say");
			return err_mend(err, "leave out what stands behind --");
		}
		if (word[0] != '-' || !word[1]) {
			words.next++;
			result = take_operand(options, word, err);
		} else {
			result = read_option(&words, &written, err);
			if (result == 0)
				result = take_option(options, &written, err);
			free(written.device);
		}
		if (result < 0)
			return -1;
	}
	return 0;
}

void run_options_free(struct run_options *options)
{
	for (size_t i = 0; i < options->word_count; i++)
		free(options->words[i].device);
	free(options->words);
	free(options->folders);
	*options = (struct run_options){ 0 };
}

/* ---- for one tender ------------------------------------------------------ */

void run_words_free(char **words)
{
	for (size_t i = 0; words[i]; i++)
		free(words[i]);
	free(words);
}

/* What stands behind "SUBJECT:"; NULL if that is not in front. */
static const char *behind_subject(const char *text, const char *subject)
{
	size_t length = strlen(subject);

	if (!text || strncmp(text, subject, length) != 0 || text[length] != ':')
		return NULL;
	return text + length + 1;
}

static char *word_text(const struct run_word *word, const char *device, const char *value)
{
	return xasprintf("--%s%s%s%s%s", word->option, device ? ":" : "", device ? device : "",
			 value ? "=" : "", value ? value : "");
}

static int fail_whose(const struct run_word *word, const char *const *subjects, size_t count,
		      struct error *err)
{
	cleanup_free char *given = word_text(word, word->device, word->value);
	cleanup_buffer struct buffer names = { 0 };

	for (size_t i = 0; i < count; i++)
		buffer_printf(&names, "%s%s", i ? ", " : "", subjects[i]);
	err_fail(err, ERR_USAGE, "%s: several subjects run, it is not said whom this concerns",
		 given);
	return err_mend(err, "write --%s SUBJECT:%s, where SUBJECT is one of %s", word->option,
			word->value ? word->value : "...", names.data);
}

/* The word as the subject's tender gets it: owned; NULL if that does not get it. */
static int text_for(const struct run_word *word, const char *subject, const char *const *subjects,
		    size_t count, char **text, struct error *err)
{
	const char *marked = word->device ? word->device : word->value;

	*text = NULL;
	if (word->scope == RUN_ONE)
		for (size_t i = 0; i < count; i++) {
			const char *rest = behind_subject(marked, subjects[i]);

			if (!rest)
				continue;
			if (!strcmp(subjects[i], subject))
				*text = word->device ? word_text(word, rest, word->value)
						     : word_text(word, NULL, rest);
			return 0;
		}
	if (word->scope == RUN_ONE && count > 1)
		return fail_whose(word, subjects, count, err);
	if (word->scope != RUN_ALL || count == 1)
		*text = word_text(word, word->device, word->value);
	return 0;
}

char **run_options_words(const struct run_options *options, const char *subject,
			 const char *const *subjects, size_t subject_count, struct error *err)
{
	cleanup_run_words char **words = xcalloc(options->word_count + 1, sizeof(*words));
	size_t count = 0;

	for (size_t i = 0; i < options->word_count; i++) {
		if (text_for(&options->words[i], subject, subjects, subject_count, &words[count],
			     err) < 0)
			return NULL;
		count += words[count] != NULL;
	}
	return steal(words);
}
