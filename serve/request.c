#include "serve/request.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

/* ---- paths --------------------------------------------------------------- */

/* The byte that an escape stands for: 0 if it is none. */
static char unescape(const char *escape)
{
	int high = text_hex_digit(escape[1]), low = high < 0 ? -1 : text_hex_digit(escape[2]);

	return low < 0 ? '\0' : (char)(high << 4 | low);
}

static int decode(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++, to++) {
		*to = *at;
		if (*at != '%')
			continue;
		*to = unescape(at);
		if (!*to)
			return -1;
		at += 2;
	}
	*to = '\0';
	return 0;
}

char *request_path(char *url, bool *folder)
{
	size_t length;
	char *path = url + 1;

	if (url[0] != '/' || decode(path) < 0)
		return NULL;
	length = strlen(path);
	*folder = !length || path[length - 1] == '/';
	if (!length) {
		strcpy(url, ".");
		return url;
	}
	for (const char *part = path; part; part = strchr(part, '/')) {
		part += part != path; /* the slash in front */
		if (!*part && *folder)
			break;
		if (!*part || *part == '/' || *part == '.')
			return NULL;
	}
	if (*folder)
		path[length - 1] = '\0';
	return path;
}

/* ---- ranges -------------------------------------------------------------- */

/* A number of bytes; too large ones are as good as the largest. NULL if there is no digit. */
static const char *take_number(const char *at, uint64_t *number)
{
	const char *begin = at;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*at - '0'), number))
			*number = UINT64_MAX;
	return at == begin ? NULL : at;
}

/* "-N": the last N bytes. */
static enum range_verdict take_suffix(const char *at, uint64_t size, struct request_range *range)
{
	uint64_t length;

	at = take_number(at, &length);
	if (!at || *at)
		return RANGE_ALL;
	if (!length || !size)
		return RANGE_UNSATISFIABLE;
	range->length = length < size ? length : size;
	range->offset = size - range->length;
	return RANGE_PART;
}

enum range_verdict request_range(const char *header, uint64_t size, struct request_range *range)
{
	uint64_t first, last = UINT64_MAX;
	const char *at;

	if (!header || strncasecmp(header, "bytes=", 6) != 0)
		return RANGE_ALL;
	at = header + 6;
	if (*at == '-')
		return take_suffix(at + 1, size, range);
	at = take_number(at, &first);
	if (!at || *at++ != '-')
		return RANGE_ALL;
	if (*at)
		at = take_number(at, &last);
	if (!at || *at || last < first)
		return RANGE_ALL;
	if (first >= size)
		return RANGE_UNSATISFIABLE;
	range->offset = first;
	range->length = (last < size ? last + 1 : size) - first;
	return RANGE_PART;
}
