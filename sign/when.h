/* Moments in time, as seconds since 1970-01-01 00:00 UTC. */
#ifndef SIGN_WHEN_H
#define SIGN_WHEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SECONDS_PER_DAY = 86400,
	WHEN_TEXT_SIZE = 32,
};

/* The clock's time: for deciding what is valid now, never for what is written. */
int64_t when_now(void);

/* The time for what is written: SOURCE_DATE_EPOCH if the environment has it, and the clock's
 * otherwise; *fixed tells which (may be NULL). Fails with ERR_USAGE if SOURCE_DATE_EPOCH is not a
 * number of seconds up to the year 9999. */
int when_written(int64_t *when, bool *fixed, struct error *err);

/* Writes "2026-12-01T00:00:00Z" into text, returns text. */
const char *when_text(int64_t when, char text[static WHEN_TEXT_SIZE]);

/* Reads "2026-12-01T00:00:00Z", "2026-12-01" (its beginning in UTC) or "@SECONDS" since 1970.
 * Fails with ERR_USAGE. */
int when_parse(const char *text, int64_t *when, struct error *err);

/* Whole days from one moment to a later one, rounded down (-1 for less than a day back). */
int64_t when_days(int64_t from, int64_t to);

#endif
