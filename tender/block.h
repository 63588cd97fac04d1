/* A block device of the guest: a file or a block device of the host. */
#ifndef TENDER_BLOCK_H
#define TENDER_BLOCK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_SIZE_MIN 512
#define BLOCK_SIZE_MAX 32768

struct block_counters {
	uint64_t reads, writes; /* calls that succeeded */
	uint64_t read_bytes, written_bytes;
	uint64_t refused; /* outside the device, or a write to a read-only one */
	uint64_t errors;  /* of the host, and short transfers */
};

struct block {
	const char *name; /* in the manifest; borrowed */
	const char *path; /* borrowed */
	int fd;
	bool read_only;
	uint64_t capacity; /* bytes, a multiple of block_size */
	uint16_t block_size;
	struct block_counters counters;
};

enum block_result {
	BLOCK_DONE,
	BLOCK_INVALID, /* outside the device */
	BLOCK_FAILED,  /* the host could not, or the device is read-only */
};

/* Opens the backing file. `block_size` is a power of two from BLOCK_SIZE_MIN to
 * BLOCK_SIZE_MAX. A file that can only be read (permissions, a read-only mount) is ERR_REFUSED
 * unless `read_only` is asked for; a size that is not a whole number of blocks is ERR_USAGE. */
int block_open(struct block *block, const char *name, const char *path, uint16_t block_size,
	       bool read_only, struct error *err);
void block_close(struct block *block);

/* Transfer exactly `length` bytes at `offset`. */
enum block_result block_read(struct block *block, uint64_t offset, void *data, uint64_t length);
enum block_result block_write(struct block *block, uint64_t offset, const void *data,
			      uint64_t length);

#endif
