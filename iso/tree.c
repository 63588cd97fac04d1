#include "iso/tree.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/endian.h"
#include "base/text.h"
#include "digest/digest.h"

#include <stdio.h>
#include <string.h>

enum {
	NODES_MAX = 65536,
	DEPTH_MAX = 32,		/* ECMA-119 allows 8, Rock Ridge more */
	FOLDERS_MAX = 64 << 20, /* bytes of all folders together */
	PATH_LENGTH_MAX = 1024,
	RECORD_MIN = 34,
	FLAG_FOLDER = 2,
	FLAG_CONTINUED = 0x80,
	CONTINUATIONS_MAX = 8,
	NAME_MAX_BYTES = 255,
};

struct walk {
	const struct iso_reader *reader;
	struct iso_tree *tree;
	struct findings *findings;
	size_t skip;   /* SUSP: bytes before each system use area */
	uint32_t left; /* bytes of folders that may still be read */
	bool full;
};

/* One record of a folder, taken apart. */
struct record {
	uint32_t sector, size;
	uint8_t flags;
	const unsigned char *date; /* 7 bytes */
	char name[NAME_MAX_BYTES + 1];
	size_t name_length;
	bool rock_ridge_name, attributes;
	uint32_t mode, uid, gid;
};

static void add_error(const struct walk *walk, const char *path, const char *what)
{
	findings_add(walk->findings, FINDING_ERROR, "copy or build it again", "%s: /%s: %s",
		     walk->reader->path, path, what);
}

/* ---- Rock Ridge (RRIP 1.12, SUSP 1.12) ------------------------------------------------------ */

/* Where a continuation area is. */
struct continuation {
	uint32_t sector, offset, length;
};

static void take_name(struct record *record, const unsigned char *field, size_t length)
{
	size_t room = NAME_MAX_BYTES - record->name_length;

	if (length < 5 || field[4] & 6) /* "." and ".." */
		return;
	if (!record->rock_ridge_name)
		record->name_length = 0;
	room = NAME_MAX_BYTES - record->name_length;
	length -= 5;
	if (length > room)
		length = room;
	memcpy(record->name + record->name_length, field + 5, length);
	record->name_length += length;
	record->rock_ridge_name = true;
}

static void take_field(struct record *record, const unsigned char *field, size_t length,
		       struct continuation *next)
{
	if (!memcmp(field, "NM", 2)) {
		take_name(record, field, length);
	} else if (!memcmp(field, "PX", 2) && length >= 36) {
		record->attributes = true;
		record->mode = get_le32(field + 4);
		record->uid = get_le32(field + 20);
		record->gid = get_le32(field + 28);
	} else if (!memcmp(field, "CE", 2) && length >= 28) {
		*next = (struct continuation){ .sector = get_le32(field + 4),
					       .offset = get_le32(field + 12),
					       .length = get_le32(field + 20) };
	}
}

static void take_fields(struct record *record, const unsigned char *bytes, size_t size,
			struct continuation *next)
{
	while (size >= 4) {
		size_t length = bytes[2];

		if (length < 4 || length > size || !memcmp(bytes, "ST", 2))
			return;
		take_field(record, bytes, length, next);
		bytes += length;
		size -= length;
	}
}

static int take_system_use(const struct walk *walk, struct record *record,
			   const unsigned char *bytes, size_t size, struct error *err)
{
	struct continuation next = { 0 };
	unsigned char area[ISO_SECTOR];

	if (size > walk->skip)
		take_fields(record, bytes + walk->skip, size - walk->skip, &next);
	for (int i = 0; next.length && i < CONTINUATIONS_MAX; i++) {
		uint64_t offset = (uint64_t)next.sector * ISO_SECTOR + next.offset;
		size_t length = next.length;

		if (length > sizeof(area) || !iso_inside(walk->reader, offset, length))
			return 0;
		if (iso_read(walk->reader, offset, area, length, err) < 0)
			return -1;
		next.length = 0;
		take_fields(record, area, length, &next);
	}
	return 0;
}

/* ---- records -------------------------------------------------------------------------------- */

/* A name of ECMA-119: without the version and the dot of an empty extension. */
static void take_plain_name(struct record *record, const unsigned char *name, size_t length)
{
	const unsigned char *version = memchr(name, ';', length);

	if (version && version > name)
		length = (size_t)(version - name);
	if (length > 1 && name[length - 1] == '.')
		length--;
	memcpy(record->name, name, length);
	record->name_length = length;
}

/* 1: a record, 0: none is left in this sector, 2: one of the folder itself and its parent. */
static int take_record(const struct walk *walk, const unsigned char *bytes, size_t left,
		       struct record *record, struct error *err)
{
	size_t length = bytes[0], name = length >= RECORD_MIN ? bytes[32] : 0;
	size_t fields = 33 + name + !(name & 1);

	if (length < RECORD_MIN || length > left || 33 + name > length)
		return 0;
	*record = (struct record){ .sector = get_le32(bytes + 2),
				   .size = get_le32(bytes + 10),
				   .flags = bytes[25],
				   .date = bytes + 18 };
	if (name == 1 && bytes[33] <= 1)
		return 2;
	take_plain_name(record, bytes + 33, name);
	if (fields < length &&
	    take_system_use(walk, record, bytes + fields, length - fields, err) < 0)
		return -1;
	return 1;
}

/* Years since 1900, and the rest of the date. */
static void take_date(char date[20], const unsigned char *field)
{
	if (field[1] >= 1 && field[1] <= 12 && field[2] >= 1 && field[2] <= 31 && field[3] < 24 &&
	    field[4] < 60 && field[5] < 61)
		snprintf(date, 20, "%04u-%02u-%02u %02u:%02u:%02u", 1900u + field[0], field[1],
			 field[2], field[3], field[4], field[5]);
}

static char *node_path(const char *folder, const struct record *record)
{
	char name[4 * NAME_MAX_BYTES + 1];

	text_printable(record->name, record->name_length, name, sizeof(name));
	for (char *at = name; *at; at++)
		if (*at == '/')
			*at = '?';
	return *folder ? xasprintf("%s/%s", folder, name) : xstrdup(name);
}

/* ---- folders -------------------------------------------------------------------------------- */

static int read_folder(struct walk *walk, const char *path, uint32_t sector, uint32_t size,
		       unsigned int depth, struct error *err);

static int add_node(struct walk *walk, const char *folder, const struct record *record,
		    unsigned int depth, struct error *err)
{
	struct iso_node *node;
	size_t index = walk->tree->count;

	if (index == NODES_MAX) {
		if (!walk->full)
			add_error(walk, folder, "there are more than 65536 files and folders");
		walk->full = true;
		return 0;
	}
	array_grow(walk->tree->nodes, index);
	node = &walk->tree->nodes[walk->tree->count++];
	*node = (struct iso_node){ .path = node_path(folder, record),
				   .folder = record->flags & FLAG_FOLDER,
				   .sector = record->sector,
				   .size = record->size,
				   .attributes = record->attributes,
				   .mode = record->mode,
				   .uid = record->uid,
				   .gid = record->gid };
	take_date(node->date, record->date);
	if (record->flags & FLAG_CONTINUED)
		add_error(walk, node->path, "it is in several parts, which nothing here reads");
	if (!iso_inside(walk->reader, (uint64_t)record->sector * ISO_SECTOR, record->size))
		add_error(walk, node->path, "it ends behind the end of the image");
	else if (node->folder)
		return read_folder(walk, node->path, record->sector, record->size, depth + 1, err);
	return 0;
}

/* Records do not cross sectors. */
static int take_sector(struct walk *walk, const char *path, const unsigned char *sector,
		       unsigned int depth, struct error *err)
{
	size_t at = 0;

	while (at < ISO_SECTOR && sector[at] && !walk->full) {
		struct record record;
		int taken = take_record(walk, sector + at, ISO_SECTOR - at, &record, err);

		if (taken < 0)
			return -1;
		if (!taken) {
			add_error(walk, path, "a record of this folder is damaged");
			return 0;
		}
		if (taken == 1 && add_node(walk, path, &record, depth, err) < 0)
			return -1;
		at += sector[at];
	}
	return 0;
}

static int read_folder(struct walk *walk, const char *path, uint32_t sector, uint32_t size,
		       unsigned int depth, struct error *err)
{
	cleanup_free char *own = xstrdup(path); /* the array that has it may move */
	unsigned char bytes[ISO_SECTOR];

	if (depth > DEPTH_MAX || size > walk->left || strlen(path) > PATH_LENGTH_MAX) {
		add_error(walk, path, "folders are nested too deeply, or too large");
		return 0;
	}
	walk->left -= size;
	for (uint32_t done = 0; done < size && !walk->full; done += ISO_SECTOR) {
		int found = iso_read_sector(walk->reader, sector + done / ISO_SECTOR, bytes, err);

		if (found < 0 || (found && take_sector(walk, own, bytes, depth, err) < 0))
			return -1;
	}
	return 0;
}

/* The root folder's first record tells whether, and how far in, there are SUSP's fields. */
static int find_fields(struct walk *walk, uint32_t root, struct error *err)
{
	unsigned char sector[ISO_SECTOR];
	int found = iso_read_sector(walk->reader, root, sector, err);

	if (found > 0 && sector[0] >= RECORD_MIN + 7 &&
	    !memcmp(sector + RECORD_MIN, "SP\7\1\xbe\xef", 6))
		walk->skip = sector[RECORD_MIN + 6];
	return found < 0 ? -1 : 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct iso_node *)a)->path, ((const struct iso_node *)b)->path);
}

int iso_tree_read(const struct iso_reader *reader, const struct iso_volume *volume,
		  struct iso_tree *tree, struct findings *findings, struct error *err)
{
	struct walk walk = {
		.reader = reader, .tree = tree, .findings = findings, .left = FOLDERS_MAX
	};

	*tree = (struct iso_tree){ 0 };
	if (find_fields(&walk, volume->root_sector, err) < 0)
		return -1;
	if (!iso_inside(reader, (uint64_t)volume->root_sector * ISO_SECTOR, volume->root_size)) {
		add_error(&walk, "", "the root folder ends behind the end of the image");
		return 0;
	}
	if (read_folder(&walk, "", volume->root_sector, volume->root_size, 0, err) < 0)
		return -1;
	if (tree->count)
		qsort(tree->nodes, tree->count, sizeof(*tree->nodes), by_path);
	return 0;
}

/* ---- contents ------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
	const struct iso_node *left = *(struct iso_node *const *)a;
	const struct iso_node *right = *(struct iso_node *const *)b;

	if (left->sector != right->sector)
		return left->sector < right->sector ? -1 : 1;
	return left->size < right->size ? -1 : left->size > right->size;
}

static bool same_place(const struct iso_node *a, const struct iso_node *b)
{
	return a->sector == b->sector && a->size == b->size;
}

static int digest_node(const struct iso_reader *reader, struct iso_node *node, struct error *err)
{
	struct digest digest = { .algorithm = DIGEST_SHA256 };
	char hex[DIGEST_HEX_SIZE];

	if (digest_part(reader->fd, reader->path, (uint64_t)node->sector * ISO_SECTOR, node->size,
			&digest, err) < 0)
		return -1;
	memcpy(node->sha256, digest_hex(&digest, hex), sizeof(node->sha256));
	return 0;
}

/* `places`: the files, sorted by place. */
static int digest_places(const struct iso_reader *reader, struct iso_node **places, size_t count,
			 struct findings *findings, struct error *err)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		if (!i || !same_place(places[i], places[i - 1]))
			total += places[i]->size;
	if (total > reader->size) {
		findings_add(findings, FINDING_ERROR, "copy or build it again",
			     "%s: its files have %llu bytes, the image only %llu: they overlap",
			     reader->path, (unsigned long long)total,
			     (unsigned long long)reader->size);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		if (i && same_place(places[i], places[i - 1]))
			memcpy(places[i]->sha256, places[i - 1]->sha256, sizeof(places[i]->sha256));
		else if (digest_node(reader, places[i], err) < 0)
			return -1;
	}
	return 0;
}

int iso_tree_digest(const struct iso_reader *reader, struct iso_tree *tree,
		    struct findings *findings, struct error *err)
{
	cleanup_free struct iso_node **places = xcalloc(tree->count, sizeof(*places));
	size_t count = 0;

	for (size_t i = 0; i < tree->count; i++) {
		struct iso_node *node = &tree->nodes[i];

		if (!node->folder &&
		    iso_inside(reader, (uint64_t)node->sector * ISO_SECTOR, node->size))
			places[count++] = node;
	}
	qsort(places, count, sizeof(struct iso_node *), by_place);
	return digest_places(reader, places, count, findings, err);
}

const struct iso_node *iso_tree_at(const struct iso_tree *tree, uint32_t sector)
{
	for (size_t i = 0; i < tree->count; i++)
		if (!tree->nodes[i].folder && tree->nodes[i].size &&
		    tree->nodes[i].sector == sector)
			return &tree->nodes[i];
	return NULL;
}

void iso_tree_free(struct iso_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		free(tree->nodes[i].path);
	free(tree->nodes);
	*tree = (struct iso_tree){ 0 };
}
