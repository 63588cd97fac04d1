/* The keys of a recipe: one table that feeds reading, defaults, messages and showing. Internal to
 * this room (and its tests). */
#ifndef RECIPES_KEYS_H
#define RECIPES_KEYS_H

#include "recipes/recipe.h"

/* What a key's value is; in brackets the type of its member in struct recipe. Those that are kept
 * as text come first, up to KEY_PATH. */
enum key_type {
	KEY_TEXT,     /* one line of text (char *) */
	KEY_NAME,     /* a name in a Muen policy (char *) */
	KEY_FILE,     /* a file's name without its folder (char *) */
	KEY_BELOW,    /* a path below the policy folder (char *) */
	KEY_PATH,     /* any path (char *) */
	KEY_SIZE,     /* bytes, whole pages (uint64_t) */
	KEY_ADDRESS,  /* a physical address, page aligned (uint64_t) */
	KEY_NUMBER,   /* (unsigned) */
	KEY_REVISION, /* a number, or "any", which is 0 (unsigned) */
	KEY_SWITCH,   /* (bool) */
};

struct recipe_key {
	const char *section; /* NULL: at the top level; a section's keys come together */
	const char *name;
	enum key_type type;
	size_t offset;	      /* of its member in struct recipe */
	uint64_t least, most; /* of numbers; of texts, `most` is the longest in bytes */
	bool required;
	const char *fallback; /* the value, as in YAML, if the key is missing; NULL: none */
	const char *example;  /* of a key without a fallback */
	const char *help;     /* one line, for comments */
};

#define RECIPE_KEYS_MAX 32

extern const struct recipe_key recipe_keys[];
extern const size_t recipe_key_count; /* at most RECIPE_KEYS_MAX */

/* The key of that name, NULL if there is none. */
const struct recipe_key *recipe_key_find(const char *section, const char *name);

/* Whether any key is in a section of that name. */
bool recipe_section_exists(const char *section);

/* Sets the key's member from a value as YAML has it; the texts that it had before are not freed.
 * Fails with ERR_INPUT "KEY: found X, expected Y". */
int recipe_key_set(const struct recipe_key *key, const char *text, struct recipe *recipe,
		   struct error *err);

/* Whether the key's member is a text, owned by the recipe. */
bool recipe_key_is_text(const struct recipe_key *key);
char **recipe_key_text(const struct recipe_key *key, struct recipe *recipe);

/* What a value of this key has to be, for messages: "a whole number from 1 to 64". */
#define EXPECTATION_MAX 256
const char *recipe_key_expectation(const struct recipe_key *key, char out[static EXPECTATION_MAX]);

/* Says how to write the key. Always returns -1. */
int recipe_key_mend(const struct recipe_key *key, struct error *err);

#endif
