/* What a smoke test expects of a guest: lines that must appear, lines that must not, and URLs
 * that must answer.
 *
 * Expressions are POSIX extended regular expressions and are tried on every line of the
 * guest's output, also on one that is not yet ended.
 */
#ifndef TENDER_WATCH_H
#define TENDER_WATCH_H

#include "base/error.h"

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCH_PATTERNS_MAX 32
#define WATCH_LINE_MAX 4096 /* bytes of a line that are looked at */

struct watch_pattern {
	const char *text; /* borrowed */
	regex_t regex;
	bool reject;	/* must not appear */
	uint64_t seen;	/* clock_monotonic() of the first match, 0: not seen */
	char line[160]; /* the line, printable, cut */
};

struct watch {
	struct watch_pattern patterns[WATCH_PATTERNS_MAX];
	size_t count;
	size_t expected;		      /* patterns that must appear and have not yet */
	const struct watch_pattern *rejected; /* the first that appeared and must not */
	char line[WATCH_LINE_MAX + 1];
	size_t length;
};

/* Adds an expression. Fails with ERR_USAGE on one that is malformed, or too many. */
int watch_add(struct watch *watch, const char *regex, bool reject, struct error *err);

/* Looks at the next bytes of output. */
void watch_output(struct watch *watch, const void *data, size_t length);

void watch_free(struct watch *watch);

#endif
