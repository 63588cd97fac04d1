#include "tests/guests/lib/guest.h"

#define CMDLINE_MAX 8192 /* bytes with the NUL; what hvt's tenders accept */

static _Noreturn void refuse(const char *word, const char *why, const struct argument *arguments,
			     size_t count)
{
	print("argument '%s': %s; this guest knows:\n", word, why);
	for (size_t i = 0; i < count; i++)
		print("  %s  %s\n", arguments[i].name[0] ? arguments[i].name : "WORD",
		      arguments[i].what);
	solo5_exit(2);
}

static bool takes(const struct argument *argument, const char *word)
{
	size_t length = strlen(argument->name);

	if (!length)
		return word[0] != '-';
	if (argument->flag)
		return !strcmp(argument->name, word);
	return strlen(word) >= length && !memcmp(argument->name, word, length);
}

static bool set_number(uint64_t *number, const char *digits)
{
	uint64_t value = 0;
	size_t length = strlen(digits);

	if (!length || length > 19)
		return false;
	for (; *digits; digits++) {
		if (*digits < '0' || *digits > '9')
			return false;
		value = value * 10 + (uint64_t)(*digits - '0');
	}
	*number = value;
	return true;
}

/* How many texts each argument has got so far is seen from the first free place. */
static bool set_text(const char **texts, bool first, const char *value)
{
	size_t place = 0;

	if (first)
		for (size_t i = 0; i < ARGUMENT_TEXTS_MAX; i++)
			texts[i] = NULL;
	while (place < ARGUMENT_TEXTS_MAX && texts[place])
		place++;
	if (place == ARGUMENT_TEXTS_MAX)
		return false;
	texts[place] = value;
	return true;
}

static void take_word(const char *word, const struct argument *arguments, size_t count,
		      uint64_t *seen)
{
	for (size_t i = 0; i < count; i++) {
		const struct argument *argument = &arguments[i];
		const char *value = word + strlen(argument->name);
		bool first = !(*seen & (1ull << i));

		if (!takes(argument, word))
			continue;
		*seen |= 1ull << i;
		if (argument->flag)
			*argument->flag = true;
		else if (argument->number && !set_number(argument->number, value))
			refuse(word, "is no decimal number", arguments, count);
		else if (argument->texts && !set_text(argument->texts, first, value))
			refuse(word, "was given too often", arguments, count);
		return;
	}
	refuse(word, "is not known", arguments, count);
}

void parse_arguments(const char *cmdline, const struct argument *arguments, size_t count)
{
	static char words[CMDLINE_MAX];
	uint64_t seen = 0;
	size_t length = strlen(cmdline);

	if (length >= sizeof(words))
		refuse("(all)", "are longer than 8191 characters", arguments, count);
	memcpy(words, cmdline, length + 1);
	for (size_t start = 0, end; start < length; start = end + 1) {
		for (end = start; words[end] && words[end] != ' '; end++)
			;
		words[end] = '\0';
		if (end > start)
			take_word(words + start, arguments, count, &seen);
	}
}
