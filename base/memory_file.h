/* Files that are nowhere on a disk, to be passed to other programs: nothing is left behind,
 * whatever happens.
 */
#ifndef BASE_MEMORY_FILE_H
#define BASE_MEMORY_FILE_H

#include "base/error.h"
#include "base/file.h"

#include <stddef.h>
#include <stdint.h>

enum { MEMORY_FILE_PATH = 32 };

/* A file with these bytes (none: `size` zeroes) and this time of modification, seconds since
 * 1970. Returns its descriptor, close-on-exec and owned by the caller, or -1 with ERR_IO. */
int memory_file(const void *bytes, size_t size, uint64_t time, struct error *err);

/* Its path for this process, and for a child that inherits the descriptor. Returns path. */
const char *memory_file_path(int fd, char path[static MEMORY_FILE_PATH]);

/* Reads it whole, as file_read(). */
int memory_file_read(int fd, struct bytes *bytes, struct error *err);

#endif
