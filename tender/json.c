#include "tender/json.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static void add_string(struct buffer *out, const char *text)
{
	bool utf8 = text_is_utf8(text, strlen(text));

	buffer_add(out, "\"", 1);
	for (const unsigned char *next = (const unsigned char *)text; *next; next++) {
		if (*next == '"' || *next == '\\')
			buffer_printf(out, "\\%c", *next);
		else if (*next < 0x20 || *next == 0x7f || (*next > 0x7f && !utf8))
			buffer_printf(out, "\\u%04x", *next);
		else
			buffer_add(out, next, 1);
	}
	buffer_add(out, "\"", 1);
}

static void new_line(struct json *json)
{
	buffer_printf(json->out, "\n%*s", (int)(2 * json->depth), "");
}

static void next_member(struct json *json, const char *key)
{
	if (json->has_member)
		buffer_add(json->out, ",", 1);
	if (json->depth)
		new_line(json);
	json->has_member = true;
	if (key) {
		add_string(json->out, key);
		buffer_add(json->out, ": ", 2);
	}
}

void json_begin(struct json *json, const char *key, char bracket)
{
	next_member(json, key);
	buffer_add(json->out, &bracket, 1);
	json->depth++;
	json->has_member = false;
}

void json_end(struct json *json, char bracket)
{
	json->depth--;
	if (json->has_member)
		new_line(json);
	buffer_add(json->out, &bracket, 1);
	if (!json->depth)
		buffer_add(json->out, "\n", 1);
	json->has_member = true;
}

void json_put_text(struct json *json, const char *key, const char *value)
{
	next_member(json, key);
	if (value)
		add_string(json->out, value);
	else
		buffer_add_text(json->out, "null");
}

void json_put_number(struct json *json, const char *key, uint64_t value)
{
	next_member(json, key);
	buffer_printf(json->out, "%" PRIu64, value);
}

void json_put_bool(struct json *json, const char *key, bool value)
{
	next_member(json, key);
	buffer_add_text(json->out, value ? "true" : "false");
}

void json_put_null(struct json *json, const char *key)
{
	json_put_text(json, key, NULL);
}
