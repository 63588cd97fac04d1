/* Where recipes lie, and which there are. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "recipes/recipe.h"
#include "recipes/survey.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".yaml"
#define RECIPE_FILE_MAX (1u << 20) /* bytes; a long one has a thousand */

/* ---- the folders --------------------------------------------------------- */

#define FOLDERS_MAX 3

struct folders {
	char *list[FOLDERS_MAX]; /* owned; the first wins */
	size_t count;
};

static void folders_free(struct folders *folders)
{
	for (size_t i = 0; i < folders->count; i++)
		free(folders->list[i]);
}

#define cleanup_folders cleanup_with(folders_free)

static void folders_find(struct folders *folders, const char *data_folder)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	/* A relative $XDG_CONFIG_HOME is to be ignored (XDG Base Directory Specification). */
	if (config && config[0] == '/')
		folders->list[folders->count++] = xasprintf("%s/muenbuild/recipes", config);
	else if (home && home[0] == '/')
		folders->list[folders->count++] = xasprintf("%s/.config/muenbuild/recipes", home);
	folders->list[folders->count++] = xstrdup("/etc/muenbuild/recipes");
	folders->list[folders->count++] = xasprintf("%s/recipes", data_folder);
}

static bool ends_in_suffix(const char *name)
{
	size_t length = strlen(name), suffix = strlen(SUFFIX);

	return length > suffix && !strcmp(name + length - suffix, SUFFIX);
}

/* ---- listing ------------------------------------------------------------- */

static bool listing_has(const struct recipe_listing *listing, const char *name)
{
	for (size_t i = 0; i < listing->count; i++)
		if (!strcmp(listing->list[i].name, name))
			return true;
	return false;
}

static void listing_add(struct recipe_listing *listing, const char *folder, const char *file)
{
	cleanup_free char *name = xstrndup(file, strlen(file) - strlen(SUFFIX));

	/* What ends in ".yaml" twice is taken for a path and cannot be named. */
	if (file[0] == '.' || ends_in_suffix(name) || listing_has(listing, name))
		return;
	array_grow(listing->list, listing->count);
	memset(&listing->list[listing->count], 0, sizeof(listing->list[0]));
	listing->list[listing->count].path = xasprintf("%s/%s", folder, file);
	listing->list[listing->count].name = steal(name);
	listing->count++;
}

static int fail_folder(const char *folder, struct error *err)
{
	err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot look for recipes", folder);
	return err_mend(err, "make the folder readable, or name a recipe by its path");
}

static int list_folder(struct recipe_listing *listing, const char *folder, struct error *err)
{
	const struct dirent *entry;
	DIR *stream = opendir(folder);

	if (!stream && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!stream)
		return fail_folder(folder, err);
	while (errno = 0, (entry = readdir(stream)))
		if (ends_in_suffix(entry->d_name))
			listing_add(listing, folder, entry->d_name);
	if (errno) {
		fail_folder(folder, err);
		closedir(stream);
		return -1;
	}
	closedir(stream);
	return 0;
}

static int compare_names(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right; /* the name is the first member */

	return strcmp(*a, *b);
}

/* The names and paths of all recipes, sorted, without looking into them. */
static int list_names(const char *data_folder, struct recipe_listing *listing, struct error *err)
{
	cleanup_folders struct folders folders = { 0 };

	folders_find(&folders, data_folder);
	for (size_t i = 0; i < folders.count; i++)
		if (list_folder(listing, folders.list[i], err) < 0)
			return -1;
	if (listing->count)
		qsort(listing->list, listing->count, sizeof(listing->list[0]), compare_names);
	return 0;
}

static struct recipe *read_file(const char *path, struct error *err)
{
	cleanup_bytes struct bytes bytes = { 0 };

	if (file_read(path, RECIPE_FILE_MAX, 0, &bytes, err) < 0)
		return NULL;
	return recipe_parse(path, (const char *)bytes.data, bytes.size, err);
}

int recipe_list(const char *data_folder, struct recipe_listing *listing, struct error *err)
{
	*listing = (struct recipe_listing){ 0 };
	if (list_names(data_folder, listing, err) < 0) {
		recipe_listing_free(listing);
		return -1;
	}
	for (size_t i = 0; i < listing->count; i++) {
		struct error reason = { 0 };
		cleanup_recipe struct recipe *recipe = read_file(listing->list[i].path, &reason);

		if (recipe)
			listing->list[i].description = steal(recipe->description);
		else
			listing->list[i].error = xstrdup(reason.message);
	}
	return 0;
}

void recipe_listing_free(struct recipe_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		free(listing->list[i].name);
		free(listing->list[i].path);
		free(listing->list[i].description);
		free(listing->list[i].error);
	}
	free(listing->list);
	*listing = (struct recipe_listing){ 0 };
}

/* ---- reading by name ----------------------------------------------------- */

static int fail_unknown(const char *name, const char *data_folder, struct error *err)
{
	struct recipe_listing listing = { 0 };
	cleanup_buffer struct buffer known = { 0 };
	char shown[FOUND_MAX];

	if (list_names(data_folder, &listing, err) < 0) {
		recipe_listing_free(&listing);
		return -1;
	}
	for (size_t i = 0; i < listing.count; i++) {
		char printable[96];

		buffer_printf(&known, "%s%s", i ? ", " : "",
			      text_printable(listing.list[i].name, strlen(listing.list[i].name),
					     printable, sizeof(printable)));
	}
	recipe_listing_free(&listing);
	err_fail(err, ERR_NO_INPUT, "recipe: found the name %s, expected one of: %s",
		 found_text(name, shown), known.data ? known.data : "(there are no recipes)");
	if (!known.data)
		return err_mend(err,
				"set MUENBUILD_DATA to the folder that has muenbuild's recipes "
				"folder; %s has none",
				data_folder);
	return err_mend(err, "'muenbuild recipes' says what each is for; the path of a recipe of "
			     "yours has a '/' or ends in .yaml");
}

struct recipe *recipe_read(const char *name_or_path, const char *data_folder, struct error *err)
{
	cleanup_folders struct folders folders = { 0 };

	if (strchr(name_or_path, '/') || ends_in_suffix(name_or_path))
		return read_file(name_or_path, err);
	folders_find(&folders, data_folder);
	for (size_t i = 0; *name_or_path && i < folders.count; i++) {
		cleanup_free char *path = xasprintf("%s/%s" SUFFIX, folders.list[i], name_or_path);

		if (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
			return read_file(path, err);
	}
	fail_unknown(name_or_path, data_folder, err);
	return NULL;
}
