#include "sign/when.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 9999-12-31T23:59:59Z: the last moment that a certificate can name (RFC 5280, 4.1.2.5). */
static const int64_t last_moment = 253402300799;

int64_t when_now(void)
{
	return (int64_t)time(NULL);
}

int when_written(int64_t *when, bool *fixed, struct error *err)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;

	if (fixed)
		*fixed = epoch != NULL;
	if (!epoch) {
		*when = when_now();
		return 0;
	}
	if (text_to_number(epoch, &seconds) < 0 || seconds > (uint64_t)last_moment) {
		err_fail(
			err, ERR_USAGE,
			"SOURCE_DATE_EPOCH is '%.40s', a number of seconds since 1970 was expected",
			epoch);
		return err_mend(err, "set it to a date: $(git log -1 --format=%%ct), or unset it");
	}
	*when = (int64_t)seconds;
	return 0;
}

const char *when_text(int64_t when, char text[static WHEN_TEXT_SIZE])
{
	time_t seconds = (time_t)when;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, WHEN_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(text, WHEN_TEXT_SIZE, "@%lld", (long long)when);
	return text;
}

/* strptime() is lax about digits and ranges: only what is written the same again was meant. */
static int parse_date(const char *text, int64_t *when)
{
	char full[WHEN_TEXT_SIZE], again[WHEN_TEXT_SIZE];
	struct tm tm = { 0 };
	const char *end;

	snprintf(full, sizeof(full), "%s%s", text, strchr(text, 'T') ? "" : "T00:00:00Z");
	end = strptime(full, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end)
		return -1;
	*when = (int64_t)timegm(&tm);
	return strcmp(when_text(*when, again), full) ? -1 : 0;
}

int when_parse(const char *text, int64_t *when, struct error *err)
{
	uint64_t seconds;

	if (text[0] == '@' && text_to_number(text + 1, &seconds) == 0 &&
	    seconds <= (uint64_t)last_moment) {
		*when = (int64_t)seconds;
		return 0;
	}
	if (parse_date(text, when) == 0)
		return 0;
	err_fail(err, ERR_USAGE, "'%.60s' is not a moment in time", text);
	return err_mend(err, "write 2026-12-01, 2026-12-01T00:00:00Z (UTC) or @1796083200");
}

int64_t when_days(int64_t from, int64_t to)
{
	int64_t seconds = to - from;

	return seconds >= 0 ? seconds / SECONDS_PER_DAY
			    : -((-seconds + SECONDS_PER_DAY - 1) / SECONDS_PER_DAY);
}
