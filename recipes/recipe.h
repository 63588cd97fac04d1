/* A recipe: everything about a target system that is not the unikernel itself.
 *
 * A recipe is a YAML file (recipes/NAME.yaml, installed in share/muenbuild/recipes). Its keys,
 * types and defaults are in the table of keys.c and in muenbuild-recipes(5). All sizes are in
 * bytes here; the YAML accepts "512 MiB", "1MiB", "131072".
 */
#ifndef RECIPES_RECIPE_H
#define RECIPES_RECIPE_H

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recipe {
	char *name;	   /* the file's name without folder and ".yaml" */
	char *path;	   /* where it was read from */
	char *description; /* one line */

	char *system;	/* name of the composed system: <system>.xml */
	char *template; /* a system policy of the user's to compose into; NULL: the built-in one.
			 * A relative path is relative to the policy folder. */

	/* Paths below the policy folder; NULL where the recipe leaves them to the user. */
	char *hardware;		   /* hardware/NAME.xml */
	char *additional_hardware; /* hardware/common_hardware.xml */
	char *platform;		   /* platform/NAME.xml */

	unsigned subject_info; /* revision that the target's Muen provides, 2..5; 0: any */

	struct {
		uint64_t ram;	       /* bytes, multiple of 4096 */
		uint64_t channel_size; /* bytes per channel, multiple of 4096 */
		bool resettable;
		unsigned ticks; /* of a unikernel's minor frame, >= 1 */
	} unikernel;

	struct {
		bool allowed;	  /* whether a unikernel may have a device that Linux serves */
		char *device;	  /* physical NIC or alias of the platform */
		char *bootparams; /* of the NIC Linux */
		char *initramfs;  /* file name in Muen's object folder */
		uint64_t initramfs_size; /* bytes, multiple of 4096 */
		bool loader;		 /* whether a subject loader (sl) restarts Linux */
		unsigned ticks;
	} network;

	struct {
		char *console;		      /* physical serial device or alias of the platform */
		char *console_port;	      /* its I/O port resource */
		uint64_t log_channel_size;    /* bytes, multiple of 4096 */
		uint64_t crash_audit_address; /* physical, multiple of 4096 */
	} debug;

	struct {
		unsigned tick_rate;	/* ticks per second, >= 1 */
		unsigned cpus;		/* logical CPUs to use, >= 1 */
		unsigned service_ticks; /* of the minor frame of time and debug server */
		char *plan; /* a plan of the user's for the template, below the policy folder */
	} scheduling;
};

/* Reads a recipe: `name_or_path` is a path if it has a '/' or ends in ".yaml", else
 * the name of a recipe in the recipe folders. A bad recipe is ERR_INPUT "FILE:LINE: ..." with what
 * was found and expected; an unknown name is ERR_NO_INPUT and lists the known ones. */
struct recipe *recipe_read(const char *name_or_path, const char *data_folder, struct error *err);

/* Reads a recipe from memory. `path` stands for the file in messages and names the recipe; the
 * file itself is not touched. */
struct recipe *recipe_parse(const char *path, const char *text, size_t length, struct error *err);

void recipe_free(struct recipe *recipe);
DEFINE_CLEANUP(struct recipe *, recipe_free)
#define cleanup_recipe cleanup_with(recipe_freep)

/* ---- what a recipe says, key by key -------------------------------------- */

/* The value of one key, given in the file or by default. */
struct recipe_value {
	const char *section; /* NULL: at the top level */
	const char *key;
	enum recipe_kind {
		RECIPE_NOTHING, /* left to the user */
		RECIPE_TEXT,
		RECIPE_NUMBER, /* also sizes and addresses, in bytes */
		RECIPE_SWITCH,
	} kind;
	const char *text; /* valid as long as the recipe */
	uint64_t number;
	bool on;
};

size_t recipe_value_count(void);

/* The values in the order of the manual; those of a section come together. index is below
 * recipe_value_count(). */
struct recipe_value recipe_value(const struct recipe *recipe, size_t index);

/* Appends the recipe as YAML with every key, defaults included, each with a comment that says what
 * it is. recipe_parse() takes it and gives the same recipe. */
void recipe_write(const struct recipe *recipe, struct buffer *out);

/* ---- which recipes there are --------------------------------------------- */

/* All recipes that can be named, sorted by name. Folders searched, first wins: the user's
 * ($XDG_CONFIG_HOME or ~/.config)/muenbuild/recipes, /etc/muenbuild/recipes, and
 * <data_folder>/recipes. A recipe that cannot be read is listed with its error. */
struct recipe_listing {
	struct {
		char *name;
		char *path;
		char *description; /* NULL if the recipe is bad */
		char *error;	   /* NULL if it is good */
	} * list;
	size_t count;
};

int recipe_list(const char *data_folder, struct recipe_listing *listing, struct error *err);
void recipe_listing_free(struct recipe_listing *listing);

#endif
