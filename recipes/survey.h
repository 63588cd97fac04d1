/* Where things lie in the text of a recipe. Internal to this room.
 *
 * libcyaml puts values in their places but forgets where they stood, and it passes over what no
 * recipe should have: anchors, tags, a second document, NUL characters. The survey walks the same
 * text with libyaml's parser, refuses those, and notes the line of every key.
 */
#ifndef RECIPES_SURVEY_H
#define RECIPES_SURVEY_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Lines count from 1, as editors do. */
struct place {
	char *section; /* NULL: at the top level */
	char *key;
	enum place_kind { PLACE_VALUE, PLACE_SECTION, PLACE_LIST } kind;
	size_t line;	   /* of the key */
	size_t value_line; /* where its value begins */
};

/* The keys of the top level and of its sections, in the order of the file. */
struct survey {
	struct place *list;
	size_t count;
};

/* Surveys a text. Fails with ERR_INPUT "PATH:LINE: ..." if it is not one plain YAML document that
 * is a mapping, or if a key stands twice. */
int survey_recipe(const char *path, const char *text, size_t length, struct survey *survey,
		  struct error *err);

/* Where the key stands; NULL if it does not. */
const struct place *survey_find(const struct survey *survey, const char *section, const char *key);

void survey_free(struct survey *survey);
#define cleanup_survey cleanup_with(survey_free)

/* Refuses the characters that YAML or a terminal would take for more than text: bytes that are not
 * UTF-8, control characters, tabs that indent. `path` is for the message. */
int check_characters(const char *path, const char *text, size_t length, struct error *err);

/* Whether a value has characters that no line of text has: controls, line ends of any kind, and
 * what neither YAML nor XML can write. */
bool has_control(const char *text);

/* Fails with ERR_INPUT "PATH:LINE: SUBJECT: found FOUND, expected EXPECTED"; without a subject if
 * that is NULL. Always returns -1. */
int fail_at(struct error *err, const char *path, size_t line, const char *subject,
	    const char *found, const char *expected);

/* "section.key", or "key" at the top level, with hostile bytes made visible, cut to fit. */
#define KEY_PATH_MAX 160
const char *key_path(const char *section, const char *key, char out[static KEY_PATH_MAX]);

/* The text in quotes, with hostile bytes made visible, cut to fit; "nothing" if it is empty. */
#define FOUND_MAX 128
const char *found_text(const char *text, char out[static FOUND_MAX]);

#endif
