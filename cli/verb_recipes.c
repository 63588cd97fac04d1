/* muenbuild recipes: which recipes there are, and what one says in full. */
#include "base/findings.h"
#include "base/text.h"
#include "cli/data.h"
#include "cli/report.h"
#include "cli/verbs.h"
#include "recipes/recipe.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = 1 };

static const struct option_spec specs[] = {
	{ OPTION_JSON, "json", 0, NULL, "print the result as a JSON document" },
	{ 0 },
};

/* ---- one recipe ---------------------------------------------------------- */

static json_t *json_of_value(const struct recipe_value *value)
{
	switch (value->kind) {
	case RECIPE_TEXT:
		return json_string(value->text);
	case RECIPE_NUMBER:
		return json_integer((json_int_t)value->number);
	case RECIPE_SWITCH:
		return json_boolean(value->on);
	case RECIPE_NOTHING:
		break;
	}
	return json_null();
}

static int print_recipe_json(const struct recipe *recipe, struct error *err)
{
	json_t *report = report_new("recipe");

	json_object_set_new(report, "name", report_any_text(recipe->name));
	json_object_set_new(report, "path", report_any_text(recipe->path));
	for (size_t i = 0; i < recipe_value_count(); i++) {
		struct recipe_value value = recipe_value(recipe, i);
		json_t *object = report;

		if (value.section) {
			object = json_object_get(report, value.section);
			if (!object) {
				object = json_object();
				json_object_set_new(report, value.section, object);
			}
		}
		json_object_set_new(object, value.key, json_of_value(&value));
	}
	return report_print(report, err);
}

static void print_path(const char *before, const char *path)
{
	char shown[4096];

	printf("%s%s\n", before, text_printable(path, strlen(path), shown, sizeof(shown)));
}

static int show(const char *name, bool json, struct error *err)
{
	cleanup_recipe struct recipe *recipe = recipe_read(name, data_folder(), err);
	cleanup_buffer struct buffer yaml = { 0 };

	if (!recipe)
		return -1;
	if (json)
		return print_recipe_json(recipe, err);
	recipe_write(recipe, &yaml);
	print_path("# ", recipe->path);
	fputs(yaml.data, stdout);
	return 0;
}

/* ---- all recipes --------------------------------------------------------- */

static int print_listing_json(const struct recipe_listing *listing, struct error *err)
{
	json_t *report = report_new("recipes"), *array = json_array();

	for (size_t i = 0; i < listing->count; i++) {
		json_t *entry = json_object();

		json_object_set_new(entry, "name", report_any_text(listing->list[i].name));
		json_object_set_new(entry, "path", report_any_text(listing->list[i].path));
		if (listing->list[i].error)
			json_object_set_new(entry, "error",
					    report_any_text(listing->list[i].error));
		else
			json_object_set_new(entry, "description",
					    json_string(listing->list[i].description));
		json_array_append_new(array, entry);
	}
	json_object_set_new(report, "recipes", array);
	return report_print(report, err);
}

static void print_listing(const struct recipe_listing *listing)
{
	cleanup_findings struct findings findings = { 0 };

	for (size_t i = 0; i < listing->count; i++) {
		const char *problem = listing->list[i].error;

		print_path("", listing->list[i].name);
		printf("    %s\n", problem ? "(cannot be used)" : listing->list[i].description);
		print_path("    ", listing->list[i].path);
		if (problem)
			findings_add(
				&findings, FINDING_WARNING,
				"correct the file, or remove it; muenbuild-recipes(5) says how "
				"a recipe is written",
				"%s", problem);
	}
	fflush(stdout);
	report_warn(&findings);
}

static int list(bool json, struct error *err)
{
	struct recipe_listing listing;
	int result = 0;

	if (recipe_list(data_folder(), &listing, err) < 0)
		return -1;
	if (json)
		result = print_listing_json(&listing, err);
	else
		print_listing(&listing);
	recipe_listing_free(&listing);
	return result;
}

static int run(int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_recipes);
	const char *value;
	bool json = false;
	int id;

	while ((id = options_next(&options, &value, err)) > 0)
		json |= id == OPTION_JSON;
	if (id < 0 || options_expect(&options, 0, 1, err) < 0)
		return -1;
	if (options.count)
		return show(options.operands[0], json, err);
	return list(json, err);
}

const struct verb verb_recipes = {
	.name = "recipes",
	.run = run,
	.summary = "list the recipes for target systems, or show one",
	.operands = "[NAME]",
	.options = specs,
	.details = "A recipe says everything about a target system that is not the unikernel: "
		   "hardware,\n"
		   "platform, memory, network, scheduling. Recipes are found in\n"
		   "~/.config/muenbuild/recipes, /etc/muenbuild/recipes and with the program, the "
		   "first\n"
		   "wins. With NAME (or the path of a YAML file) that recipe is shown in full, "
		   "defaults\n"
		   "included: the beginning of one of your own.\n"
		   "\n"
		   "    muenbuild recipes x86-qemu-solo5 >~/.config/muenbuild/recipes/mine.yaml\n"
		   "\n"
		   "muenbuild-recipes(5) explains every key.\n",
};
