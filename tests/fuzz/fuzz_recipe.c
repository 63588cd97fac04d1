/* Any bytes are read as a recipe or refused with a whole message; a recipe that was read is written
 * as YAML that reads the same. */
#include "recipes/recipe.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check_refusal(const struct error *err)
{
	if (err->kind != ERR_INPUT || !*err->mend || !strstr(err->message, ", expected ") ||
	    strncmp(err->message, "fuzz.yaml:", 10) || err->message[10] == '0')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buffer struct buffer yaml = { 0 }, again = { 0 };
	cleanup_recipe struct recipe *recipe = NULL, *copy = NULL;
	struct error err = { 0 };

	recipe = recipe_parse("fuzz.yaml", (const char *)data, size, &err);
	if (!recipe) {
		check_refusal(&err);
		return 0;
	}
	recipe_write(recipe, &yaml);
	copy = recipe_parse("fuzz.yaml", yaml.data, yaml.length, &err);
	if (!copy)
		abort();
	recipe_write(copy, &again);
	if (yaml.length != again.length || memcmp(yaml.data, again.data, yaml.length))
		abort();
	return 0;
}
