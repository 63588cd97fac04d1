/* A tar archive (POSIX ustar) of files in memory: what a standalone GRUB carries. */
#ifndef ISO_ARCHIVE_H
#define ISO_ARCHIVE_H

#include "base/buffer.h"

#include <stddef.h>
#include <stdint.h>

/* The folders that lead to a file are added where they first occur. `path` has at most 99 bytes,
 * `size` is below 8 GiB; `time`: seconds since 1970. */
void archive_add(struct buffer *archive, const char *path, const void *bytes, size_t size,
		 uint64_t time);

/* Two blocks of zeroes. */
void archive_end(struct buffer *archive);

#endif
