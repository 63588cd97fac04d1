/* Reads a recipe: libcyaml checks its shape and puts the values in their places as texts; the
 * table of keys turns them into numbers, sizes and switches. (libcyaml's own would take "12abc"
 * for a number and "maybe" for true.) What libcyaml refuses is explained from the survey, which
 * knows the lines. */
#include "recipes/recipe.h"

#include "base/alloc.h"
#include "base/file.h"
#include "recipes/keys.h"
#include "recipes/survey.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

/* ---- libcyaml's schema, made from the table of keys ---------------------- */

#define FIELD_LISTS_MAX 8 /* the top level and the sections */

/* Every key's text goes to the place of its number in the table: one array of texts. */
struct schema {
	cyaml_schema_field_t fields[FIELD_LISTS_MAX][RECIPE_KEYS_MAX + 1];
	size_t counts[FIELD_LISTS_MAX];
	size_t lists; /* fields[0] is the top level */
	cyaml_schema_value_t root;
};

static cyaml_schema_value_t mapping_value(const cyaml_schema_field_t *fields, unsigned flags)
{
	cyaml_schema_value_t value = { .type = CYAML_MAPPING, .flags = (enum cyaml_flag)flags };

	value.data_size = (uint32_t)(recipe_key_count * sizeof(char *));
	value.mapping.fields = fields;
	return value;
}

static void add_field(struct schema *schema, size_t list, cyaml_schema_field_t field)
{
	schema->fields[list][schema->counts[list]++] = field;
}

static void schema_make(struct schema *schema)
{
	const char *section = NULL;

	*schema = (struct schema){ .lists = 1 };
	for (size_t i = 0; i < recipe_key_count; i++) {
		const struct recipe_key *key = &recipe_keys[i];
		unsigned flags = CYAML_FLAG_POINTER | (key->required ? 0 : CYAML_FLAG_OPTIONAL);
		size_t list;

		if (key->section && (!section || strcmp(section, key->section)))
			add_field(schema, 0,
				  (cyaml_schema_field_t){
					  .key = key->section,
					  .value = mapping_value(schema->fields[schema->lists++],
								 CYAML_FLAG_OPTIONAL) });
		section = key->section;
		list = section ? schema->lists - 1 : 0;
		add_field(schema, list,
			  (cyaml_schema_field_t){ .key = key->name,
						  .data_offset = (uint32_t)(i * sizeof(char *)),
						  .value = { CYAML_VALUE_STRING(
							  flags, char, 0, CYAML_UNLIMITED) } });
	}
	schema->root = mapping_value(schema->fields[0], CYAML_FLAG_POINTER);
}

/* ---- why libcyaml refused it --------------------------------------------- */

/* Says what the keys are that may stand here: those of the section, or of the top level. */
static int mend_unknown(const char *section, struct error *err)
{
	cleanup_buffer struct buffer known = { 0 };
	const char *last = NULL;

	for (size_t i = 0; i < recipe_key_count; i++) {
		const struct recipe_key *key = &recipe_keys[i];
		bool here =
			section ? key->section && !strcmp(key->section, section) : !key->section;

		if (here)
			buffer_printf(&known, "%s%s", known.length ? ", " : "", key->name);
		else if (!section && key->section && (!last || strcmp(last, key->section)))
			buffer_printf(&known, ", %s", key->section);
		last = key->section;
	}
	return err_mend(err, "known here are %s; muenbuild-recipes(5) explains them", known.data);
}

static int explain_unknown(const char *path, const struct place *place, struct error *err)
{
	char subject[KEY_PATH_MAX];

	fail_at(err, path, place->line, key_path(place->section, place->key, subject),
		"an unknown key", place->section ? "a key of this section" : "a key of a recipe");
	return mend_unknown(place->section, err);
}

/* A key that should have one value, or a section that should have keys, and has not. */
static int explain_kind(const char *path, const struct place *place, const struct recipe_key *key,
			struct error *err)
{
	static const char *const kinds[] = { "a single value", "keys of its own", "a list" };
	char subject[KEY_PATH_MAX], expected[EXPECTATION_MAX];

	fail_at(err, path, place->line, key_path(place->section, place->key, subject),
		kinds[place->kind],
		key ? recipe_key_expectation(key, expected)
		    : "keys, each indented on its own line");
	return key ? recipe_key_mend(key, err) : mend_unknown(place->key, err);
}

static int explain_place(const char *path, const struct place *place, struct error *err)
{
	const struct recipe_key *key = recipe_key_find(place->section, place->key);

	if (!place->section && recipe_section_exists(place->key))
		return place->kind == PLACE_SECTION ? 0 : explain_kind(path, place, NULL, err);
	if (!key)
		return explain_unknown(path, place, err);
	return place->kind == PLACE_VALUE ? 0 : explain_kind(path, place, key, err);
}

static int explain(const char *path, const struct survey *survey, cyaml_err_t error,
		   struct error *err)
{
	char subject[KEY_PATH_MAX], expected[EXPECTATION_MAX];

	for (size_t i = 0; i < survey->count; i++)
		if (explain_place(path, &survey->list[i], err) < 0)
			return -1;
	for (size_t i = 0; i < recipe_key_count; i++) {
		const struct recipe_key *key = &recipe_keys[i];

		if (!key->required || survey_find(survey, key->section, key->name))
			continue;
		fail_at(err, path, 1, key_path(key->section, key->name, subject), "no such key",
			recipe_key_expectation(key, expected));
		return recipe_key_mend(key, err);
	}
	return err_fail(err, ERR_INTERNAL, "%s: libcyaml cannot read it: %s", path,
			cyaml_strerror(error));
}

/* ---- reading ------------------------------------------------------------- */

/* Turns the texts, one for each key of the table, into the recipe's values. */
static int fill(struct recipe *recipe, char *const *texts, const struct survey *survey,
		struct error *err)
{
	for (size_t i = 0; i < recipe_key_count; i++) {
		const struct recipe_key *key = &recipe_keys[i];
		const struct place *place = survey_find(survey, key->section, key->name);
		const char *text = texts[i] ? texts[i] : key->fallback;

		if (text && recipe_key_set(key, text, recipe, err) < 0)
			return err_within(err, "%s:%zu", recipe->path,
					  place ? place->value_line : 1);
	}
	return 0;
}

static int load(struct recipe *recipe, const char *text, size_t length, const struct survey *survey,
		struct error *err)
{
	/* Without a log function libcyaml says nothing; anchors are refused before. */
	static const cyaml_config_t config = { .mem_fn = cyaml_mem, .flags = CYAML_CFG_NO_ALIAS };
	struct schema schema;
	cyaml_data_t *texts = NULL;
	cyaml_err_t error;
	int result;

	schema_make(&schema);
	error = cyaml_load_data((const uint8_t *)text, length, &config, &schema.root, &texts, NULL);
	if (error != CYAML_OK || !texts)
		return explain(recipe->path, survey, error, err);
	result = fill(recipe, texts, survey, err);
	cyaml_free(&config, &schema.root, texts, 0);
	return result;
}

/* The file's name without folder and ".yaml". */
static char *name_of(const char *path)
{
	const char *name = path_base_name(path);
	size_t length = strlen(name);

	if (length > 5 && !strcmp(name + length - 5, ".yaml"))
		length -= 5;
	return xstrndup(name, length);
}

struct recipe *recipe_parse(const char *path, const char *text, size_t length, struct error *err)
{
	cleanup_survey struct survey survey = { 0 };
	cleanup_recipe struct recipe *recipe = NULL;

	if (survey_recipe(path, text, length, &survey, err) < 0)
		return NULL;
	recipe = xcalloc(1, sizeof(*recipe));
	recipe->path = xstrdup(path);
	recipe->name = name_of(path);
	if (load(recipe, text, length, &survey, err) < 0)
		return NULL;
	return steal(recipe);
}

void recipe_free(struct recipe *recipe)
{
	if (!recipe)
		return;
	for (size_t i = 0; i < recipe_key_count; i++)
		if (recipe_key_is_text(&recipe_keys[i]))
			free(*recipe_key_text(&recipe_keys[i], recipe));
	free(recipe->name);
	free(recipe->path);
	free(recipe);
}
