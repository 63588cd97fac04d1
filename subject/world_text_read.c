#include "subject/world_text.h"

#include "base/alloc.h"
#include "base/text.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define WORDS_MAX 16		   /* of one line */
#define TEXT_MAX ((size_t)1 << 20) /* bytes: 255 regions take some 60 KB */

struct reading {
	const char *name;
	unsigned line;
	struct subject_world *world;
	char *words[WORDS_MAX]; /* of the line, decoded */
	size_t count;
	struct error *err;
};

/* ---- failing ------------------------------------------------------------- */

static int fail(const struct reading *reading, const char *found, const char *expected)
{
	char shown[128];

	if (found)
		err_fail(reading->err, ERR_INPUT, "%s:%u: '%s', %s was expected", reading->name,
			 reading->line, text_printable(found, strlen(found), shown, sizeof(shown)),
			 expected);
	else
		err_fail(reading->err, ERR_INPUT, "%s:%u: %s was expected", reading->name,
			 reading->line, expected);
	return err_mend(reading->err, "take it as muenbuild of the same version writes it");
}

/* ---- words --------------------------------------------------------------- */

static int digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Decodes %XX in place. */
static int decode(const struct reading *reading, char *word)
{
	char *to = word;

	for (const char *from = word; *from; from++, to++) {
		int high = -1, low = -1;

		*to = *from;
		if ((unsigned char)*from < 0x21)
			return fail(reading, from, "%XX for a byte below 0x21");
		if (*from != '%')
			continue;
		high = digit(from[1]);
		low = high < 0 ? -1 : digit(from[2]);
		if (low < 0 || (high == 0 && low == 0))
			return fail(reading, from, "%XX of a byte that is not NUL");
		*to = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return 0;
}

/* Cuts the line into its words, in place. */
static int split(struct reading *reading, char *line)
{
	reading->count = 0;
	for (char *next = line; next;) {
		char *word = next;

		next = strchr(word, ' ');
		if (next)
			*next++ = '\0';
		if (!*word)
			return fail(reading, NULL, "a word, with one blank before the next");
		if (reading->count == WORDS_MAX)
			return fail(reading, word, "the line's end");
		if (decode(reading, word) < 0)
			return -1;
		reading->words[reading->count++] = word;
	}
	return 0;
}

static int read_number(const struct reading *reading, const char *word, uint64_t least,
		       uint64_t most, uint64_t *value)
{
	char expected[96];

	if (text_to_number(word, value) == 0 && *value >= least && *value <= most)
		return 0;
	snprintf(expected, sizeof(expected), "a number from %llu to 0x%llx",
		 (unsigned long long)least, (unsigned long long)most);
	return fail(reading, word, expected);
}

static int read_access(const struct reading *reading, const char *word, bool *writable,
		       bool *executable)
{
	*writable = word[0] == 'r' && word[1] == 'w';
	*executable = word[0] == 'r' && word[1] && word[2] == 'x';
	if (strlen(word) == 3 && word[0] == 'r' && (*writable || word[1] == '-') &&
	    (*executable || word[2] == '-'))
		return 0;
	return fail(reading, word, "r--, r-x, rw- or rwx");
}

static int read_role(const struct reading *reading, const char *word, enum world_role *role)
{
	for (*role = 0; *role < WORLD_ROLES; (*role)++)
		if (!strcmp(word, world_role_name(*role)))
			return 0;
	return fail(reading, word, "what a region is for: binary, ram, boot_info and the like");
}

/* ---- regions ------------------------------------------------------------- */

/* A region as its line has it; texts are borrowed from the words. */
struct region_line {
	uint64_t address, size;
	bool writable, executable;
	enum world_role role;
	enum region_content content;
	uint64_t number; /* behind `fill` or `file` */
	const char *name, *path, *physical, *fd, *origin;
};

/* The content, from word 5 on; returns the number of the next word, 0 on failure. */
static size_t read_content(const struct reading *reading, struct region_line *region)
{
	const char *kind = reading->words[5];
	const char *number = reading->count > 6 ? reading->words[6] : "";
	uint64_t most = UINT8_MAX;

	region->content = REGION_EMPTY;
	if (!strcmp(kind, "empty"))
		return 6;
	if (!strcmp(kind, "fill")) {
		region->content = REGION_FILL;
	} else if (!strcmp(kind, "file")) {
		region->content = REGION_FILE;
		most = INT64_MAX;
	} else {
		fail(reading, kind, "empty, fill or file");
		return 0;
	}
	return read_number(reading, number, 0, most, &region->number) < 0 ? 0 : 7;
}

static int read_attribute(const struct reading *reading, const char *word,
			  struct region_line *region)
{
	const struct {
		const char *key;
		const char **value;
	} keys[] = { { "name=", &region->name },
		     { "path=", &region->path },
		     { "physical=", &region->physical },
		     { "fd=", &region->fd },
		     { "origin=", &region->origin } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t length = strlen(keys[i].key);

		if (strncmp(word, keys[i].key, length) != 0)
			continue;
		if (*keys[i].value)
			return fail(reading, word, "it once");
		if (!word[length])
			return fail(reading, word, "a value");
		*keys[i].value = word + length;
		return 0;
	}
	return fail(reading, word, "name=, path=, physical=, fd= or origin=");
}

static int add_region(const struct reading *reading, const struct region_line *line)
{
	struct world_region *region;
	uint64_t fd = 0;

	if (!line->name || !line->origin)
		return fail(reading, NULL, "name= and origin= of the region");
	if (line->path && line->content != REGION_FILE)
		return fail(reading, line->path, "no path where the content is no file");
	if (line->fd && read_number(reading, line->fd, STDERR_FILENO + 1, INT_MAX, &fd) < 0)
		return -1;
	if (reading->world->count == WORLD_REGIONS_MAX)
		return fail(reading, line->name,
			    "at most as many regions as the subject info has room for");
	region = world_add(reading->world, line->role, line->name, line->address, line->size,
			   line->writable, line->executable, line->origin);
	region->content = line->content;
	if (line->content == REGION_FILL)
		region->pattern = (uint8_t)line->number;
	if (line->content == REGION_FILE)
		region->file_offset = line->number;
	region->file = line->path ? xstrdup(line->path) : NULL;
	region->physical = line->physical ? xstrdup(line->physical) : NULL;
	region->shared_fd = line->fd ? (int)fd : -1;
	return 0;
}

static int read_region(const struct reading *reading)
{
	struct region_line region = { 0 };
	size_t next;

	if (reading->count < 6)
		return fail(reading, NULL, "address, size, access, role, content of a region");
	if (read_number(reading, reading->words[1], 0, MUEN_ADDRESS_END, &region.address) < 0 ||
	    read_number(reading, reading->words[2], 0, MUEN_ADDRESS_END, &region.size) < 0 ||
	    read_access(reading, reading->words[3], &region.writable, &region.executable) < 0 ||
	    read_role(reading, reading->words[4], &region.role) < 0)
		return -1;
	next = read_content(reading, &region);
	if (!next)
		return -1;
	for (; next < reading->count; next++)
		if (read_attribute(reading, reading->words[next], &region) < 0)
			return -1;
	return add_region(reading, &region);
}

/* ---- the subject --------------------------------------------------------- */

static int read_subject(const struct reading *reading)
{
	static const char *const keys[] = { "revision", "entry", "stack", "boot_info",
					    "exit_event" };
	struct subject_world *world = reading->world;
	char *const *words = reading->words;
	uint64_t revision, event = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (reading->count != 12 || strcmp(words[2 + 2 * i], keys[i]) != 0)
			return fail(reading, NULL,
				    "subject NAME revision N entry N stack N boot_info N "
				    "exit_event N");
	if (read_number(reading, words[3], 0, UINT8_MAX, &revision) < 0 ||
	    read_number(reading, words[5], 0, MUEN_ADDRESS_END, &world->entry) < 0 ||
	    read_number(reading, words[7], 0, MUEN_ADDRESS_END, &world->stack) < 0 ||
	    read_number(reading, words[9], 0, MUEN_ADDRESS_END, &world->boot_info) < 0)
		return -1;
	if (strcmp(words[11], "-") != 0) {
		if (read_number(reading, words[11], 0, UINT8_MAX, &event) < 0)
			return -1;
		world->exit_event = (int)event;
	}
	world->sinfo_revision = (unsigned)revision;
	free(world->name);
	world->name = xstrdup(words[1]);
	return 0;
}

/* A line of a key and one value, which may be there once. */
static int read_value(const struct reading *reading, char **value)
{
	if (reading->count != 2)
		return fail(reading, reading->words[0], "one word behind it");
	if (*value && **value)
		return fail(reading, reading->words[0], "it once");
	free(*value);
	*value = xstrdup(reading->words[1]);
	return 0;
}

/* ---- lines --------------------------------------------------------------- */

static int read_line(struct reading *reading, char *line)
{
	if (reading->line == 1)
		return strcmp(line, WORLD_TEXT_BEGIN) ? fail(reading, line, WORLD_TEXT_BEGIN) : 0;
	if (split(reading, line) < 0)
		return -1;
	if ((reading->line == 2) != !strcmp(reading->words[0], "subject"))
		return fail(reading, reading->words[0], "'subject' in line 2, and only there");
	if (!strcmp(reading->words[0], "subject"))
		return read_subject(reading);
	if (!strcmp(reading->words[0], "unikernel"))
		return read_value(reading, &reading->world->unikernel);
	if (!strcmp(reading->words[0], "bootparams"))
		return read_value(reading, &reading->world->bootparams);
	if (!strcmp(reading->words[0], "region"))
		return read_region(reading);
	return fail(reading, reading->words[0], "unikernel, bootparams or region");
}

static int read_lines(struct reading *reading, char *text, size_t length)
{
	char *end = text + length;

	if (memchr(text, '\0', length))
		return fail(reading, NULL, "a text without NUL");
	while (text < end) {
		char *newline = memchr(text, '\n', (size_t)(end - text));

		reading->line++;
		if (!newline)
			return fail(reading, text, "a newline at its end");
		*newline = '\0';
		if (read_line(reading, text) < 0)
			return -1;
		text = newline + 1;
	}
	return reading->line < 2 ? fail(reading, NULL, "a world") : 0;
}

struct subject_world *world_read_text(const char *name, const char *text, size_t length,
				      struct error *err)
{
	cleanup_world struct subject_world *world = world_new();
	cleanup_free char *copy = NULL;
	struct reading reading = { .name = name, .world = world, .err = err };

	if (length > TEXT_MAX) {
		fail(&reading, NULL, "a text of at most 1 MiB");
		return NULL;
	}
	copy = xstrndup(text, length);
	if (read_lines(&reading, copy, length) < 0)
		return NULL;
	if (world_settle(world, err) < 0) {
		err_within(err, "%s", name);
		return NULL;
	}
	return steal(world);
}
