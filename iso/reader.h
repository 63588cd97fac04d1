/* Reading ISO images that may hold anything: every access is inside the file. */
#ifndef ISO_READER_H
#define ISO_READER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ISO_SECTOR = 2048 };

struct iso_reader {
	int fd;
	const char *path;
	uint64_t size; /* of the file, in bytes */
};

/* Opens the file; the descriptor is owned by the caller. Fails as file_open() does. */
int iso_reader_open(struct iso_reader *reader, const char *path, struct error *err);

bool iso_inside(const struct iso_reader *reader, uint64_t offset, uint64_t length);

/* Reads bytes that are inside the file. Fails with ERR_NO_INPUT, or ERR_INPUT (became shorter). */
int iso_read(const struct iso_reader *reader, uint64_t offset, void *bytes, size_t length,
	     struct error *err);

/* 1 if the sector was read, 0 if the file does not have it, -1 as iso_read(). */
int iso_read_sector(const struct iso_reader *reader, uint32_t sector,
		    unsigned char bytes[static ISO_SECTOR], struct error *err);

#endif
