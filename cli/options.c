#include "cli/options.h"

#include "base/alloc.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the nearest known name ---------------------------------------------- */

/* The Levenshtein distance of two short words; names longer than 63 are never near. */
static size_t edit_distance(const char *left, const char *right)
{
	size_t row[64], length = strlen(right);

	if (length > 63 || strlen(left) > 63)
		return SIZE_MAX;
	for (size_t k = 0; k <= length; k++)
		row[k] = k;
	for (size_t i = 0; left[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < length; k++) {
			size_t best = diagonal + (left[i] != right[k]);

			diagonal = row[k + 1];
			if (row[k] + 1 < best)
				best = row[k] + 1;
			if (diagonal + 1 < best)
				best = diagonal + 1;
			row[k + 1] = best;
		}
	}
	return row[length];
}

static const char *nearest_option(const struct verb *verb, const char *name)
{
	const char *nearest = NULL;
	size_t least = 3; /* more typos than two are another word */

	for (const struct option_spec *spec = verb->options; spec->id; spec++) {
		size_t distance = edit_distance(name, spec->name);

		if (distance < least) {
			least = distance;
			nearest = spec->name;
		}
	}
	return nearest;
}

/* ---- parsing ------------------------------------------------------------- */

static int fail_unknown(const struct options *options, const char *word, const char *name,
			struct error *err)
{
	const char *nearest = nearest_option(options->verb, name);

	err_fail(err, ERR_USAGE, "unknown option '%s' for 'muenbuild %s'", word,
		 options->verb->name);
	if (nearest)
		return err_mend(err, "did you mean --%s? 'muenbuild %s --help' lists all", nearest,
				options->verb->name);
	return err_mend(err, "'muenbuild %s --help' lists the options", options->verb->name);
}

/* The value of an option: `attached` behind its name, or else the next word. */
static int take_value(struct options *options, const struct option_spec *spec, const char *attached,
		      const char **value, struct error *err)
{
	*value = attached;
	if (!spec->argument && attached) {
		err_fail(err, ERR_USAGE, "option --%s takes no value, '%s' was given", spec->name,
			 attached);
		return err_mend(err, "write just --%s", spec->name);
	}
	if (!spec->argument || attached)
		return spec->id;
	if (options->next >= options->argc) {
		err_fail(err, ERR_USAGE, "option --%s needs a value", spec->name);
		return err_mend(err, "write --%s %s", spec->name, spec->argument);
	}
	*value = options->argv[options->next++];
	return spec->id;
}

static int take_letter(struct options *options, const char **value, struct error *err)
{
	char letter = *options->letters++;

	for (const struct option_spec *spec = options->verb->options; spec->id; spec++) {
		const char *attached;

		if (!spec->letter || spec->letter != letter)
			continue;
		attached = spec->argument && *options->letters ? options->letters : NULL;
		if (attached || !*options->letters)
			options->letters = NULL;
		return take_value(options, spec, attached, value, err);
	}
	return fail_unknown(options, (char[]){ '-', letter, '\0' }, "", err);
}

static int take_long(struct options *options, const char *word, const char **value,
		     struct error *err)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	char typed[64];

	for (const struct option_spec *spec = options->verb->options; spec->id; spec++)
		if (!strncmp(spec->name, name, length) && !spec->name[length])
			return take_value(options, spec, equals ? equals + 1 : NULL, value, err);
	snprintf(typed, sizeof(typed), "%.*s", (int)length, name);
	return fail_unknown(options, word, typed, err);
}

static int finish(struct options *options)
{
	/* What is left are operands: behind those that were met between the options. */
	while (options->next < options->argc)
		options->operands[options->count++] = options->argv[options->next++];
	return 0;
}

int options_next(struct options *options, const char **value, struct error *err)
{
	*value = NULL;
	if (options->letters)
		return take_letter(options, value, err);
	while (options->next < options->argc) {
		char *word = options->argv[options->next++];

		if (!strcmp(word, "--")) {
			options->behind = options->argc - options->next;
			return finish(options);
		}
		if (!strncmp(word, "--", 2))
			return take_long(options, word, value, err);
		if (word[0] == '-' && word[1]) {
			options->letters = word + 1;
			return take_letter(options, value, err);
		}
		options->operands[options->count++] = word;
	}
	return finish(options);
}

int options_expect(const struct options *options, int least, int most, struct error *err)
{
	const struct verb *verb = options->verb;

	if (options->count < least) {
		err_fail(err, ERR_USAGE, "'muenbuild %s' needs %s", verb->name, verb->operands);
		return err_mend(err, "'muenbuild %s --help' shows how it is used", verb->name);
	}
	if (most >= 0 && options->count > most) {
		err_fail(err, ERR_USAGE, "'muenbuild %s' does not know what to do with '%s'",
			 verb->name, options->operands[most]);
		return err_mend(err,
				"put a value with blanks in quotes; 'muenbuild %s --help' "
				"shows the usage",
				verb->name);
	}
	return 0;
}

void word_list_add(struct word_list *words, const char *word)
{
	array_grow(words->list, words->count);
	words->list[words->count++] = word;
}

/* ---- values -------------------------------------------------------------- */

int option_size(const char *option, const char *value, unsigned long long *bytes, struct error *err)
{
	uint64_t size;

	if (text_to_size(value, &size) < 0) {
		err_fail(err, ERR_USAGE, "--%s: '%s' is not a size", option, value);
		return err_mend(err, "write bytes, or a number with K, M or G: 512M, 1MiB, 4096");
	}
	*bytes = size;
	return 0;
}

int option_number(const char *option, const char *value, unsigned long long least,
		  unsigned long long most, unsigned long long *number, struct error *err)
{
	uint64_t parsed;

	if (text_to_number(value, &parsed) == 0 && parsed >= least && parsed <= most) {
		*number = parsed;
		return 0;
	}
	err_fail(err, ERR_USAGE, "--%s: '%s' is not a whole number from %llu to %llu", option,
		 value, least, most);
	return err_mend(err, "write for instance --%s %llu", option, least);
}

/* ---- help ---------------------------------------------------------------- */

/* Whether the word is an option whose value is the next word. */
static bool takes_next_word(const struct verb *verb, const char *word)
{
	size_t length = strlen(word);

	for (const struct option_spec *spec = verb->options; spec->id; spec++) {
		if (!spec->argument)
			continue;
		if (!strncmp(word, "--", 2) && !strcmp(word + 2, spec->name))
			return true;
		/* The last of several letters, none of which takes a value itself. */
		if (word[0] == '-' && word[1] != '-' && length > 1 && spec->letter &&
		    word[length - 1] == spec->letter)
			return true;
	}
	return false;
}

bool options_want_help(const struct verb *verb, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
		i += takes_next_word(verb, argv[i]);
	}
	return false;
}

static void help_lines(const char *text)
{
	for (const char *end; (end = strchr(text, '\n')); text = end + 1)
		printf("%.*s\n%30s", (int)(end - text), text, "");
	printf("%s\n", text);
}

static void help_option(const struct option_spec *spec)
{
	char head[96];

	snprintf(head, sizeof(head), "%s--%s%s%s",
		 spec->letter ? (char[]){ '-', spec->letter, ',', ' ', '\0' } : "    ", spec->name,
		 spec->argument ? " " : "", spec->argument ? spec->argument : "");
	if (strlen(head) < 27)
		printf("  %-28s", head);
	else
		printf("  %s\n%30s", head, "");
	help_lines(spec->help);
}

void options_help(const struct verb *verb)
{
	printf("Usage: muenbuild %s [OPTION...]%s%s\n\n%c%s.\n\nOptions:\n", verb->name,
	       *verb->operands ? " " : "", verb->operands, toupper((unsigned char)*verb->summary),
	       verb->summary + 1);
	for (const struct option_spec *spec = verb->options; spec->id; spec++)
		help_option(spec);
	printf("      --%-22sshow this\n", "help");
	if (verb->details)
		printf("\n%s", verb->details);
}
