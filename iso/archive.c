#include "iso/archive.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 512 };

static const char zeroes[BLOCK];

struct header {
	char name[100];
	char mode[8], uid[8], gid[8];
	char size[12], time[12];
	char sum[8];
	char type;
	char link[100];
	char magic[8];
	char user[32], group[32];
	char major[8], minor[8];
	char prefix[155];
	char unused[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "ustar");

static void add_header(struct buffer *archive, const char *path, char type, uint64_t size,
		       uint64_t time)
{
	struct header header = { .type = type, .magic = "ustar\00000" };
	unsigned int sum = 0;

	snprintf(header.name, sizeof(header.name), "%s", path);
	snprintf(header.mode, sizeof(header.mode), "%07o", type == '5' ? 0755u : 0644u);
	snprintf(header.uid, sizeof(header.uid), "%07o", 0u);
	snprintf(header.gid, sizeof(header.gid), "%07o", 0u);
	snprintf(header.size, sizeof(header.size), "%011" PRIo64, size & 077777777777u);
	snprintf(header.time, sizeof(header.time), "%011" PRIo64, time & 077777777777u);
	memset(header.sum, ' ', sizeof(header.sum));
	for (size_t i = 0; i < sizeof(header); i++)
		sum += ((const unsigned char *)&header)[i];
	snprintf(header.sum, sizeof(header.sum), "%06o", sum & 0777777);
	buffer_add(archive, &header, sizeof(header));
}

/* Whether the archive has an entry of this name. */
static int has_entry(const struct buffer *archive, const char *name)
{
	for (size_t at = 0; at + BLOCK <= archive->length;) {
		struct header header;
		uint64_t size = 0;

		memcpy(&header, archive->data + at, sizeof(header));
		if (!strcmp(header.name, name))
			return 1;
		for (size_t i = 0; i < 11; i++)
			size = size * 8 + (uint64_t)(header.size[i] - '0');
		at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
	}
	return 0;
}

static void add_folders(struct buffer *archive, const char *path, uint64_t time)
{
	char folder[100];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
		if (!has_entry(archive, folder))
			add_header(archive, folder, '5', 0, time);
	}
}

void archive_add(struct buffer *archive, const char *path, const void *bytes, size_t size,
		 uint64_t time)
{
	add_folders(archive, path, time);
	add_header(archive, path, '0', size, time);
	buffer_add(archive, bytes, size);
	buffer_add(archive, zeroes, (BLOCK - size % BLOCK) % BLOCK);
}

void archive_end(struct buffer *archive)
{
	buffer_add(archive, zeroes, BLOCK);
	buffer_add(archive, zeroes, BLOCK);
}
