#include "tender/watch.h"

#include "base/text.h"
#include "tender/clock.h"

#include <string.h>

int watch_add(struct watch *watch, const char *regex, bool reject, struct error *err)
{
	const char *option = reject ? "--reject" : "--expect";
	struct watch_pattern *pattern = &watch->patterns[watch->count];
	char problem[128];
	int code;

	if (watch->count == WATCH_PATTERNS_MAX)
		return err_fail(err, ERR_USAGE, "%s: more than %d expressions", option,
				WATCH_PATTERNS_MAX);
	code = regcomp(&pattern->regex, regex, REG_EXTENDED | REG_NOSUB);
	if (code) {
		regerror(code, &pattern->regex, problem, sizeof(problem));
		err_fail(err, ERR_USAGE, "%s: '%s' is not an extended regular expression: %s",
			 option, regex, problem);
		return err_mend(err, "put a backslash in front of characters that are meant as "
				     "they are: ()[]{}.*+?^$|\\");
	}
	pattern->text = regex;
	pattern->reject = reject;
	pattern->seen = 0;
	watch->count++;
	if (!reject)
		watch->expected++;
	return 0;
}

static void try_patterns(struct watch *watch)
{
	watch->line[watch->length] = '\0';
	for (size_t i = 0; i < watch->count; i++) {
		struct watch_pattern *pattern = &watch->patterns[i];

		if (pattern->seen || regexec(&pattern->regex, watch->line, 0, NULL, 0) != 0)
			continue;
		pattern->seen = clock_monotonic();
		text_printable(watch->line, watch->length, pattern->line, sizeof(pattern->line));
		if (!pattern->reject)
			watch->expected--;
		else if (!watch->rejected)
			watch->rejected = pattern;
	}
}

void watch_output(struct watch *watch, const void *data, size_t length)
{
	const char *next = data, *end = next + length;

	while (next < end) {
		const char *newline = memchr(next, '\n', (size_t)(end - next));
		size_t part = (size_t)((newline ? newline : end) - next);
		size_t room = WATCH_LINE_MAX - watch->length;
		size_t taken = part < room ? part : room;

		/* NUL would end the line for the matcher, CR would spoil "$". */
		for (size_t i = 0; i < taken; i++)
			watch->line[watch->length + i] = next[i] ? next[i] : ' ';
		watch->length += taken;
		if (newline && watch->length && watch->line[watch->length - 1] == '\r')
			watch->length--;
		try_patterns(watch);
		if (newline)
			watch->length = 0;
		next += part + (newline ? 1 : 0);
	}
}

void watch_free(struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		regfree(&watch->patterns[i].regex);
	*watch = (struct watch){ 0 };
}
