/* What a machine's memory holds when a system starts: the pieces that a command stream writes,
 * and where the processor begins. Plain data.
 */
#ifndef IMAGE_MEMORY_IMAGE_H
#define IMAGE_MEMORY_IMAGE_H

#include "base/cleanup.h"
#include "base/error.h"
#include "image/csl_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A kernel's file has at most so many program headers. */
#define IMAGE_KERNEL_SEGMENTS_MAX 512

struct image_piece {
	uint64_t address;	    /* physical; may be odd */
	uint64_t size;		    /* bytes, > 0 */
	const unsigned char *bytes; /* borrowed; NULL: filled with `pattern` */
	uint8_t pattern;
	char *what; /* for messages and listings: "stand-in kernel", "web: text" */
};

struct memory_image {
	struct image_piece *pieces; /* in the order in which they are written */
	size_t count;
	struct image_cpuid_check *checks; /* csl_format.h */
	size_t check_count;
	uint64_t entry; /* physical, below 4 GiB: 32-bit protected mode, no paging */
	bool standin;	/* has the stand-in kernel: not for production */
};

/* Zero-initialise; release with memory_image_free(), which leaves borrowed bytes alone. */
void memory_image_free(struct memory_image *image);
#define cleanup_memory_image cleanup_with(memory_image_free)

/* Adds a piece of borrowed bytes, or one filled with a byte. `what` is copied. One of no size is
 * left out. */
void memory_image_add(struct memory_image *image, uint64_t address, const void *bytes,
		      uint64_t size, const char *what);
void memory_image_fill(struct memory_image *image, uint64_t address, uint64_t size, uint8_t pattern,
		       const char *what);
void memory_image_check_cpuid(struct memory_image *image, const struct image_cpuid_check *check);

/* How much memory the piece takes: a stream writes bytes in eights, the last ones filled up
 * with zeroes. Does not overflow for a size up to SIZE_MAX - 7. */
uint64_t image_piece_extent(const struct image_piece *piece);

/* Refuses, with ERR_INPUT and both names, pieces that overlap or wrap, an entry that lies in no
 * piece or above 4 GiB, a check without a message. */
int memory_image_settle(const struct memory_image *image, struct error *err);

/* Adds the LOAD segments of a kernel's ELF file (x86, 32 or 64 bit) at their physical addresses,
 * the memory behind a segment's contents as zeroes, and its entry point, which must lie in a
 * segment, by its physical address, below 4 GiB. `file` is borrowed, `path` is for messages. Fails
 * with ERR_INPUT; the image is as it was then. */
int memory_image_add_kernel(struct memory_image *image, const char *path, const unsigned char *file,
			    size_t size, struct error *err);

#endif
