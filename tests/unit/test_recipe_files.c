/* Recipes as files: which one a name means, what is listed, and those that are shipped. */
#include "recipes/recipe.h"

#include "base/alloc.h"
#include "base/file.h"
#include "recipes/keys.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define D "description: d\n"

/* ---- files --------------------------------------------------------------- */

static char scratch[] = "/tmp/muenbuild-test-recipe-XXXXXX";

static void make_folder(const char *path)
{
	cleanup_free char *full = xasprintf("%s/%s", scratch, path);

	ck_assert_int_eq(mkdir(full, 0777), 0);
}

static void put(const char *path, const char *text, size_t length)
{
	cleanup_free char *full = xasprintf("%s/%s", scratch, path);
	struct error err = { 0 };

	ck_assert_msg(file_write(full, text, length, 0666, &err) == 0, "%s", err.message);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

/* scratch/config is the user's configuration, scratch/data the program's data. */
static void setup_files(void)
{
	cleanup_free char *config = NULL;

	memcpy(scratch + strlen(scratch) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(scratch));
	make_folder("config");
	make_folder("config/muenbuild");
	make_folder("config/muenbuild/recipes");
	make_folder("data");
	make_folder("data/recipes");
	put_text("data/recipes/beta.yaml", "description: theirs\n");
	put_text("data/recipes/alpha.yaml", "description: first of all\n");
	config = xasprintf("%s/config", scratch);
	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", config, 1), 0);
}

static void teardown_files(void)
{
	cleanup_free char *command = xasprintf("rm -rf '%s'", scratch);

	ck_assert_int_eq(system(command), 0);
}

static const char *data(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/data", scratch);
	return path;
}

/* The entry of that name; /etc may have others. */
static size_t entry(const struct recipe_listing *listing, const char *name)
{
	size_t found = listing->count;

	for (size_t i = 0; i < listing->count; i++)
		if (!strcmp(listing->list[i].name, name)) {
			ck_assert_uint_eq(found, listing->count); /* once */
			found = i;
		}
	return found;
}

START_TEST(test_read_by_name)
{
	struct error err = { 0 };
	cleanup_recipe struct recipe *theirs = recipe_read("beta", data(), &err), *mine = NULL;

	ck_assert_str_eq(theirs->description, "theirs");
	ck_assert_str_eq(theirs->name, "beta");
	put_text("config/muenbuild/recipes/beta.yaml", "description: mine\n");
	mine = recipe_read("beta", data(), &err);
	ck_assert_str_eq(mine->description, "mine");
	ck_assert_ptr_nonnull(strstr(mine->path, "/config/muenbuild/recipes/beta.yaml"));
}
END_TEST

/* A bad recipe of the user's must not give way to a good one of the same name. */
START_TEST(test_bad_one_is_not_passed_over)
{
	struct error err = { 0 };

	put_text("config/muenbuild/recipes/beta.yaml", "description: mine\nram: 3\n");
	ck_assert_ptr_null(recipe_read("beta", data(), &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "recipes/beta.yaml:2: ram: found an unknown"));
}
END_TEST

START_TEST(test_home_is_searched)
{
	struct error err = { 0 };
	cleanup_free char *config = xasprintf("%s/.config", scratch);
	cleanup_free char *old = xasprintf("%s/config", scratch);
	cleanup_recipe struct recipe *recipe = NULL;

	put_text("config/muenbuild/recipes/own.yaml", "description: at home\n");
	ck_assert_int_eq(rename(old, config), 0);
	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", "relative", 1), 0);
	ck_assert_int_eq(setenv("HOME", scratch, 1), 0);
	recipe = recipe_read("own", data(), &err);
	ck_assert_msg(recipe, "%s", err.message);
	ck_assert_str_eq(recipe->description, "at home");
}
END_TEST

START_TEST(test_read_by_path)
{
	cleanup_free char *path = xasprintf("%s/data/odd", scratch);
	struct error err = { 0 };
	cleanup_recipe struct recipe *recipe = NULL;

	put_text("data/odd", "description: no suffix\n");
	recipe = recipe_read(path, "/nowhere", &err);
	ck_assert_msg(recipe, "%s", err.message);
	ck_assert_str_eq(recipe->name, "odd");
	ck_assert_str_eq(recipe->path, path);
}
END_TEST

static const struct {
	const char *name, *message;
} unknown[] = {
	{ "gamma", "recipe: found the name 'gamma', expected one of: alpha, b" },
	{ "", "recipe: found the name nothing, expected one of: alpha, b" },
	{ "a\033b", "recipe: found the name 'a\\x1bb', expected one of: alpha" },
	{ "gamma.yaml", "gamma.yaml: cannot open" },
	{ "./alpha", "./alpha: cannot open" },
	{ "/", "/: is a folder" },
};

START_TEST(test_unknown_names)
{
	struct error err = { 0 };

	ck_assert_ptr_null(recipe_read(unknown[_i].name, data(), &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_msg(!strncmp(err.message, unknown[_i].message, strlen(unknown[_i].message)), "%s",
		      err.message);
}
END_TEST

START_TEST(test_too_long_file)
{
	cleanup_free char *text = xcalloc(1, (1u << 20) + 1);
	struct error err = { 0 };

	memset(text, '\n', (1u << 20) + 1);
	memcpy(text, D, strlen(D));
	put("data/recipes/long.yaml", text, (1u << 20) + 1);
	ck_assert_ptr_null(recipe_read("long", data(), &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "at most 1048576 are accepted"));
}
END_TEST

START_TEST(test_listing)
{
	struct recipe_listing listing;
	struct error err = { 0 };
	size_t i;

	put_text("config/muenbuild/recipes/beta.yaml", "description: mine\n");
	put_text("config/muenbuild/recipes/broken.yaml", "description: d\nram: 1\n");
	put_text("config/muenbuild/recipes/.hidden.yaml", "description: d\n");
	put_text("config/muenbuild/recipes/twice.yaml.yaml", "description: d\n");
	put_text("config/muenbuild/recipes/notes.txt", "description: d\n");
	make_folder("data/recipes/folder.yaml");
	ck_assert_msg(recipe_list(data(), &listing, &err) == 0, "%s", err.message);
	for (i = 1; i < listing.count; i++)
		ck_assert_str_lt(listing.list[i - 1].name, listing.list[i].name);
	i = entry(&listing, "alpha");
	ck_assert_str_eq(listing.list[i].description, "first of all");
	ck_assert_ptr_null(listing.list[i].error);
	ck_assert_str_eq(listing.list[entry(&listing, "beta")].description, "mine");
	i = entry(&listing, "broken");
	ck_assert_ptr_null(listing.list[i].description);
	ck_assert_ptr_nonnull(
		strstr(listing.list[i].error, "broken.yaml:2: ram: found an unknown"));
	ck_assert_ptr_nonnull(listing.list[entry(&listing, "folder")].error);
	ck_assert_uint_eq(entry(&listing, ".hidden"), listing.count);
	ck_assert_uint_eq(entry(&listing, "notes"), listing.count);
	ck_assert_uint_eq(entry(&listing, "twice.yaml"), listing.count);
	recipe_listing_free(&listing);
	ck_assert_uint_eq(listing.count, 0);
}
END_TEST

START_TEST(test_no_folders_at_all)
{
	struct recipe_listing listing;
	struct error err = { 0 };

	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", "/nonexistent", 1), 0);
	ck_assert_int_eq(recipe_list("/nonexistent", &listing, &err), 0);
	recipe_listing_free(&listing);
	ck_assert_ptr_null(recipe_read("x86", "/nonexistent", &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
}
END_TEST

/* A link to itself stands for whatever cannot be read, also when root runs this. */
START_TEST(test_unreadable_folder)
{
	cleanup_free char *loop = xasprintf("%s/config/recipes", scratch);
	cleanup_free char *folder = xasprintf("%s/config", scratch);
	struct recipe_listing listing;
	struct error err = { 0 };

	ck_assert_int_eq(symlink("recipes", loop), 0);
	ck_assert_int_eq(recipe_list(folder, &listing, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "config/recipes: cannot look for recipes: "));
	ck_assert_ptr_null(recipe_read("any", folder, &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
}
END_TEST

/* ---- what is shipped ----------------------------------------------------- */

static const char *const shipped[] = { "x86-lenovo-t430s", "x86-qemu-solo5",
				       "x86-qemu-solo5-test" };

/* Whether the file has `<element name="VALUE"` for any of the elements. */
static bool declares(const char *path, const char *element, const char *name)
{
	cleanup_bytes struct bytes bytes = { 0 };
	cleanup_free char *wanted = xasprintf("<%s name=\"%s\"", element, name);
	struct error err = { 0 };

	ck_assert_msg(file_read(path, 1u << 24, 1, &bytes, &err) == 0, "%s", err.message);
	return strstr((char *)bytes.data, wanted) != NULL;
}

static const char *policy_path(const char *relative)
{
	cleanup_free char *path = xasprintf("muen/policy/%s", relative);

	return shared_path(path);
}

/* The recipes lie in the source tree as they do where they are installed. */
START_TEST(test_shipped)
{
	struct error err = { 0 };
	cleanup_recipe struct recipe *recipe = NULL;
	const char *platform;

	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", "/nonexistent", 1), 0);
	recipe = recipe_read(shipped[_i], ".", &err);
	ck_assert_msg(recipe, "%s", err.message);
	ck_assert_uint_eq(recipe->subject_info, 0);
	if (!policy_path(recipe->platform)) {
		printf("# SKIP shipped recipes against Muen's policy: %s is not there\n",
		       recipe->platform);
		return;
	}
	ck_assert(declares(policy_path(recipe->hardware), "device", recipe->network.device));
	ck_assert_ptr_nonnull(policy_path(recipe->additional_hardware));
	platform = policy_path(recipe->platform);
	ck_assert(declares(platform, "alias", recipe->debug.console));
	ck_assert(declares(platform, "resource", recipe->debug.console_port));
}
END_TEST

START_TEST(test_shipped_for_tests)
{
	struct error err = { 0 };
	cleanup_recipe struct recipe *recipe =
		recipe_read("recipes/x86-qemu-solo5-test.yaml", ".", &err);

	ck_assert_msg(recipe, "%s", err.message);
	ck_assert(!recipe->network.allowed);
	ck_assert(!recipe->unikernel.resettable);
}
END_TEST

START_TEST(test_manual_has_every_key)
{
	const struct recipe_key *key = &recipe_keys[_i];
	cleanup_bytes struct bytes bytes = { 0 };
	struct error err = { 0 };
	cleanup_free char *item = xasprintf("\n.It Ic %s\n", key->name);
	const char *manual, *found;

	ck_assert_msg(file_read("doc/muenbuild-recipes.5", 1u << 20, 1, &bytes, &err) == 0, "%s",
		      err.message);
	manual = (const char *)bytes.data;
	if (key->section) {
		cleanup_free char *heading = xasprintf("\n.Ss %s\n", key->section);

		manual = strstr(manual, heading);
		ck_assert_msg(manual, "no section %s", key->section);
	}
	found = strstr(manual, item);
	ck_assert_msg(found, "no item %s", key->name);
	if (key->fallback) {
		cleanup_free char *fallback = xasprintf("\nDefault: %s", key->fallback);
		const char *next = strstr(found + 1, "\n.It Ic ");
		const char *told = strstr(found, fallback);

		ck_assert_msg(told && (!next || told < next), "%s: no '%s'", key->name,
			      fallback + 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recipe_files");
	TCase *files = tcase_create("files"), *shipping = tcase_create("shipped");

	tcase_add_checked_fixture(files, setup_files, teardown_files);
	tcase_add_test(files, test_read_by_name);
	tcase_add_test(files, test_bad_one_is_not_passed_over);
	tcase_add_test(files, test_home_is_searched);
	tcase_add_test(files, test_read_by_path);
	tcase_add_loop_test(files, test_unknown_names, 0, LENGTH(unknown));
	tcase_add_test(files, test_too_long_file);
	tcase_add_test(files, test_listing);
	tcase_add_test(files, test_no_folders_at_all);
	tcase_add_test(files, test_unreadable_folder);
	suite_add_tcase(suite, files);

	tcase_add_loop_test(shipping, test_shipped, 0, LENGTH(shipped));
	tcase_add_test(shipping, test_shipped_for_tests);
	tcase_add_loop_test(shipping, test_manual_has_every_key, 0, (int)recipe_key_count);
	suite_add_tcase(suite, shipping);
	return run_suite(suite);
}
