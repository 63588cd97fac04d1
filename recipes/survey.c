#include "recipes/survey.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* There are about thirty keys; a text with many more is no recipe, and looking for doubles in it
 * would take long. */
#define PLACES_MAX 256

/* A recipe has sections of values, nothing deeper; libyaml's time grows with the square of the
 * depth. */
#define DEPTH_MAX 8

struct walk {
	const char *path;
	const char *text;
	size_t length;
	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	struct survey *survey;
	struct error *err;
};

/* ---- what libyaml refuses, in our words ---------------------------------- */

/* Texts of libyaml 0.2 that a mistyped recipe meets; others are quoted as they are. */
static const struct syntax {
	const char *problem;
	bool at_context; /* the mistake is where the construct began, not where libyaml gave up */
	const char *found, *expected, *mend;
} syntaxes[] = {
	{ "could not find expected ':'", true, "a line without ':'", "KEY: VALUE",
	  "write a ':' and a blank behind the key" },
	{ "mapping values are not allowed in this context", false, "a ':' that no key can end",
	  "KEY: VALUE",
	  "check the indentation of this line and the one before; put a value that has ': ' in "
	  "quotes" },
	{ "did not find expected key", false, "something that is not a key", "KEY: VALUE",
	  "check the indentation of this line and the quotes before it" },
	{ "found unexpected end of stream", true, "a quote that is never closed",
	  "a closing quote on the same line", "close it" },
	{ "found unexpected document indicator", true, "a quote that is never closed",
	  "a closing quote on the same line", "close it" },
	{ "did not find expected ',' or '}'", true, "a '{' that is never closed", "'}'",
	  "close it, or write the keys on lines of their own, indented" },
	{ "did not find expected ',' or ']'", true, "a '[' that is never closed", "']'",
	  "close it; no key of a recipe takes a list" },
	{ "did not find expected node content", false, "no value, or a stray bracket", "a value",
	  "close every '[' and '{'; put a value that begins with a bracket in quotes" },
	{ "found character that cannot start any token", false,
	  "a value that begins with '@', '`', '%' or a tab", "plain text", "put it in quotes" },
	{ "block sequence entries are not allowed in this context", false, "a list item",
	  "KEY: VALUE", "write one value; no key of a recipe takes a list" },
	{ "found unknown escape character", false, "an unknown \\ sequence in double quotes",
	  "text", "use single quotes, or write \\\\ for a backslash" },
};

/* The line of a byte; the last line if the text ends before it. */
static size_t line_of_offset(const struct walk *walk, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset && i + 1 < walk->length; i++)
		line += walk->text[i] == '\n';
	return line;
}

/* Where the mistake is. libyaml's reader counts bytes only, and its scanner counts a line more at
 * the end of the text than there are. */
static size_t problem_line(const struct walk *walk, bool at_context)
{
	const yaml_parser_t *parser = &walk->parser;
	size_t line = at_context ? parser->context_mark.line + 1 : parser->problem_mark.line + 1;
	size_t last = line_of_offset(walk, walk->length);

	if (parser->error == YAML_READER_ERROR)
		return line_of_offset(walk, parser->problem_offset);
	return line < last ? line : last;
}

static int fail_syntax(struct walk *walk)
{
	const yaml_parser_t *parser = &walk->parser;
	const char *problem = parser->problem ? parser->problem : "";

	if (parser->error == YAML_MEMORY_ERROR)
		return err_fail(walk->err, ERR_INTERNAL, "%s: no memory to parse it", walk->path);
	for (size_t i = 0; i < sizeof(syntaxes) / sizeof(syntaxes[0]); i++) {
		const struct syntax *syntax = &syntaxes[i];

		if (strcmp(syntax->problem, problem))
			continue;
		fail_at(walk->err, walk->path, problem_line(walk, syntax->at_context), NULL,
			syntax->found, syntax->expected);
		return err_mend(walk->err, "%s", syntax->mend);
	}
	err_fail(walk->err, ERR_INPUT,
		 "%s:%zu: found text that is not YAML (%s%s%s), expected a recipe", walk->path,
		 problem_line(walk, false), parser->context ? parser->context : "",
		 parser->context ? ": " : "", problem);
	return err_mend(walk->err, "muenbuild-recipes(5) shows how a recipe is written");
}

/* ---- what a recipe must not have ----------------------------------------- */

static int refuse(struct walk *walk, const char *found, const char *expected, const char *mend)
{
	fail_at(walk->err, walk->path, walk->event.start_mark.line + 1, NULL, found, expected);
	return err_mend(walk->err, "%s", mend);
}

static int refuse_name(struct walk *walk, const char *what, const yaml_char_t *name)
{
	char shown[FOUND_MAX], found[FOUND_MAX + 32];

	snprintf(found, sizeof(found), "%s %s", what, found_text((const char *)name, shown));
	return refuse(walk, found, "plain keys and values",
		      "write the value out where it is wanted");
}

static int refuse_properties(struct walk *walk, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		return refuse_name(walk, "the anchor", anchor);
	if (tag)
		return refuse_name(walk, "the tag", tag);
	return 0;
}

static int check_event(struct walk *walk)
{
	const yaml_event_t *event = &walk->event;

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return refuse_name(walk, "a reference to the anchor", event->data.alias.anchor);
	case YAML_SCALAR_EVENT:
		if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
			return refuse(walk, "a NUL character", "text", "take the \\0 out");
		return refuse_properties(walk, event->data.scalar.anchor, event->data.scalar.tag);
	case YAML_SEQUENCE_START_EVENT:
		return refuse_properties(walk, event->data.sequence_start.anchor,
					 event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return refuse_properties(walk, event->data.mapping_start.anchor,
					 event->data.mapping_start.tag);
	default:
		return 0;
	}
}

/* Goes on to the next event. */
static int advance(struct walk *walk)
{
	yaml_event_delete(&walk->event);
	if (!yaml_parser_parse(&walk->parser, &walk->event))
		return fail_syntax(walk);
	return check_event(walk);
}

/* ---- keys ---------------------------------------------------------------- */

const struct place *survey_find(const struct survey *survey, const char *section, const char *key)
{
	for (size_t i = 0; i < survey->count; i++) {
		const struct place *place = &survey->list[i];

		if (!strcmp(place->key, key) && !place->section == !section &&
		    (!section || !strcmp(place->section, section)))
			return place;
	}
	return NULL;
}

static int check_key(struct walk *walk, const char *section)
{
	char path[KEY_PATH_MAX], found[64];
	const struct place *first;
	const char *key;

	if (walk->event.type != YAML_SCALAR_EVENT)
		return refuse(walk, "a key that is not a word", "KEY: VALUE",
			      "muenbuild-recipes(5) lists the keys");
	if (walk->survey->count == PLACES_MAX)
		return refuse(walk, "more keys than any recipe has", "at most 256",
			      "muenbuild-recipes(5) lists the keys");
	key = (const char *)walk->event.data.scalar.value;
	first = survey_find(walk->survey, section, key);
	if (!first)
		return 0;
	snprintf(found, sizeof(found), "the key a second time (the first is on line %zu)",
		 first->line);
	fail_at(walk->err, walk->path, walk->event.start_mark.line + 1,
		key_path(section, key, path), found, "every key once");
	return err_mend(walk->err, "keep the one that you mean");
}

/* Notes the key at hand; its value comes next. */
static int note_key(struct walk *walk, const char *section)
{
	struct survey *survey = walk->survey;

	if (check_key(walk, section) < 0)
		return -1;
	array_grow(survey->list, survey->count);
	survey->list[survey->count++] = (struct place){
		.section = section ? xstrdup(section) : NULL,
		.key = xstrdup((const char *)walk->event.data.scalar.value),
		.line = walk->event.start_mark.line + 1,
	};
	return 0;
}

/* Passes over a collection whose start is the current event. */
static int skip_collection(struct walk *walk)
{
	size_t depth = 1;

	while (depth) {
		if (advance(walk) < 0)
			return -1;
		if (walk->event.type == YAML_MAPPING_START_EVENT ||
		    walk->event.type == YAML_SEQUENCE_START_EVENT)
			depth++;
		if (depth > DEPTH_MAX)
			return refuse(walk, "values nested deeper than any recipe's",
				      "sections of values", "muenbuild-recipes(5) lists the keys");
		if (walk->event.type == YAML_MAPPING_END_EVENT ||
		    walk->event.type == YAML_SEQUENCE_END_EVENT)
			depth--;
	}
	return 0;
}

static enum place_kind kind_of(yaml_event_type_t type)
{
	if (type == YAML_MAPPING_START_EVENT)
		return PLACE_SECTION;
	return type == YAML_SEQUENCE_START_EVENT ? PLACE_LIST : PLACE_VALUE;
}

static int walk_mapping(struct walk *walk, const char *section);

static int walk_value(struct walk *walk)
{
	struct place *place;

	if (advance(walk) < 0)
		return -1;
	place = &walk->survey->list[walk->survey->count - 1];
	place->kind = kind_of(walk->event.type);
	place->value_line = walk->event.start_mark.line + 1;
	if (place->kind == PLACE_VALUE)
		return 0;
	/* Sections do not nest: what lies deeper is no key of a recipe. */
	if (place->kind == PLACE_SECTION && !place->section)
		return walk_mapping(walk, place->key);
	return skip_collection(walk);
}

static int walk_mapping(struct walk *walk, const char *section)
{
	for (;;) {
		if (advance(walk) < 0)
			return -1;
		if (walk->event.type == YAML_MAPPING_END_EVENT)
			return 0;
		if (note_key(walk, section) < 0 || walk_value(walk) < 0)
			return -1;
	}
}

/* ---- the document -------------------------------------------------------- */

static int fail_empty(struct walk *walk)
{
	fail_at(walk->err, walk->path, 1, NULL, "an empty file", "a recipe");
	return err_mend(walk->err, "muenbuild-recipes(5) shows how a recipe is written");
}

static int check_root(struct walk *walk)
{
	const yaml_event_t *event = &walk->event;
	const char *found = event->type == YAML_SCALAR_EVENT ? "a single value" : "a list";

	if (event->type == YAML_MAPPING_START_EVENT)
		return 0;
	if (event->type == YAML_SCALAR_EVENT && !event->data.scalar.length)
		return fail_empty(walk);
	return refuse(walk, found, "keys and values", "muenbuild-recipes(5) lists the keys");
}

static int walk_document(struct walk *walk)
{
	if (advance(walk) < 0 || advance(walk) < 0) /* the starts of stream and document */
		return -1;
	if (walk->event.type == YAML_STREAM_END_EVENT)
		return fail_empty(walk);
	if (advance(walk) < 0 || check_root(walk) < 0)
		return -1;
	if (walk_mapping(walk, NULL) < 0 || advance(walk) < 0) /* the document's end */
		return -1;
	if (advance(walk) < 0)
		return -1;
	if (walk->event.type != YAML_STREAM_END_EVENT)
		return refuse(walk, "a second document", "one recipe in a file",
			      "put it in a file of its own");
	return 0;
}

int survey_recipe(const char *path, const char *text, size_t length, struct survey *survey,
		  struct error *err)
{
	struct walk walk = { path, text, length, .survey = survey, .err = err };
	int result;

	if (check_characters(path, text, length, err) < 0)
		return -1;
	if (!yaml_parser_initialize(&walk.parser))
		return err_fail(err, ERR_INTERNAL, "%s: no memory to parse it", path);
	yaml_parser_set_input_string(&walk.parser, (const unsigned char *)text, length);
	result = walk_document(&walk);
	yaml_event_delete(&walk.event);
	yaml_parser_delete(&walk.parser);
	return result;
}

void survey_free(struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		free(survey->list[i].section);
		free(survey->list[i].key);
	}
	free(survey->list);
	*survey = (struct survey){ 0 };
}
