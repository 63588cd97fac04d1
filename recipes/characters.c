/* What stands in a recipe's text before YAML has a say: refused here are the characters that would
 * make lines count differently in libyaml than in an editor, or that a terminal would obey. */
#include "recipes/survey.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int fail_at(struct error *err, const char *path, size_t line, const char *subject,
	    const char *found, const char *expected)
{
	if (!subject)
		return err_fail(err, ERR_INPUT, "%s:%zu: found %s, expected %s", path, line, found,
				expected);
	return err_fail(err, ERR_INPUT, "%s:%zu: %s: found %s, expected %s", path, line, subject,
			found, expected);
}

const char *key_path(const char *section, const char *key, char out[static KEY_PATH_MAX])
{
	char outer[KEY_PATH_MAX / 2 - 1], inner[KEY_PATH_MAX / 2];

	text_printable(key, strlen(key), inner, sizeof(inner));
	if (section)
		text_printable(section, strlen(section), outer, sizeof(outer));
	snprintf(out, KEY_PATH_MAX, "%s%s%s", section ? outer : "", section ? "." : "", inner);
	return out;
}

const char *found_text(const char *text, char out[static FOUND_MAX])
{
	char shown[FOUND_MAX - 2];

	snprintf(out, FOUND_MAX, *text ? "'%s'" : "nothing%s",
		 text_printable(text, strlen(text), shown, sizeof(shown)));
	return out;
}

/* The length of the UTF-8 character at text, 0 if there is none. */
static size_t character_length(const char *text, size_t left)
{
	for (size_t length = 1; length <= 4 && length <= left; length++)
		if (text_is_utf8(text, length))
			return length;
	return 0;
}

/* Whether the character is none that a text shows: a control, a line end of Unicode's (which
 * libyaml counts and editors do not), a byte order mark, or what neither YAML nor XML can write. */
static bool is_control(const char *text, size_t length)
{
	static const char *const others[] = { "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf",
					      "\xef\xbf\xbe", "\xef\xbf\xbf" };
	const unsigned char *bytes = (const unsigned char *)text;

	if (length == 1)
		return bytes[0] < 0x20 || bytes[0] == 0x7f;
	if (length == 2)
		return bytes[0] == 0xc2 && bytes[1] < 0xa0;
	for (size_t i = 0; length == 3 && i < sizeof(others) / sizeof(others[0]); i++)
		if (!memcmp(text, others[i], 3))
			return true;
	return false;
}

bool has_control(const char *text)
{
	size_t left = strlen(text), step;

	for (; left; text += step, left -= step) {
		step = character_length(text, left);
		if (!step || is_control(text, step))
			return true;
	}
	return false;
}

/* What may stand in a file although it is a control. */
static bool is_layout(const char *here, size_t step, size_t left, bool first)
{
	if (*here == '\r')
		return left > 1 && here[1] == '\n';
	return *here == '\n' || *here == '\t' ||
	       (first && step == 3 && !memcmp(here, "\xef\xbb\xbf", 3));
}

static int fail_character(struct error *err, const char *path, size_t line, const char *text,
			  size_t length, const char *what)
{
	char found[64];
	int used = snprintf(found, sizeof(found), "%s ", what);

	for (size_t i = 0; i < length; i++)
		used += snprintf(found + used, sizeof(found) - (size_t)used, "\\x%02x",
				 (unsigned char)text[i]);
	fail_at(err, path, line, NULL, found, "plain UTF-8 text");
	return err_mend(err, "save the file as UTF-8 text and take that character out");
}

static int fail_tab(struct error *err, const char *path, size_t line)
{
	fail_at(err, path, line, NULL, "a tab in the indentation", "blanks");
	return err_mend(err, "indent with two blanks; YAML allows no tabs there");
}

int check_characters(const char *path, const char *text, size_t length, struct error *err)
{
	size_t line = 1, step;
	bool indenting = true; /* nothing but blanks so far on this line */

	for (size_t at = 0; at < length; at += step) {
		const char *here = text + at;
		size_t left = length - at;

		step = character_length(here, left);
		if (!step)
			return fail_character(err, path, line, here, 1, "the byte");
		if (is_control(here, step) && !is_layout(here, step, left, !at))
			return fail_character(err, path, line, here, step, "the control character");
		if (*here == '\t' && indenting)
			return fail_tab(err, path, line);
		if (*here == '\n')
			line++;
		indenting = *here == '\n' || (indenting && *here == ' ');
	}
	return 0;
}
