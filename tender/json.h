/* Writes JSON (RFC 8259) into a buffer, indented, keys in the order in which they are given.
 * Zero-initialise but for `out`. Keys are NULL inside arrays. */
#ifndef TENDER_JSON_H
#define TENDER_JSON_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

struct json {
	struct buffer *out;
	unsigned depth;
	bool has_member; /* in the innermost object or array */
};

void json_begin(struct json *json, const char *key, char bracket);	   /* '{' or '[' */
void json_end(struct json *json, char bracket);				   /* '}' or ']' */
void json_put_text(struct json *json, const char *key, const char *value); /* NULL: null */
void json_put_number(struct json *json, const char *key, uint64_t value);
void json_put_bool(struct json *json, const char *key, bool value);
void json_put_null(struct json *json, const char *key);

#endif
