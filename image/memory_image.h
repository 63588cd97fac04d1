/* What a machine's memory holds when a system starts: the pieces that a command stream writes,
 * and where the processor begins. Plain data.
 */
#ifndef IMAGE_MEMORY_IMAGE_H
#define IMAGE_MEMORY_IMAGE_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Command streams count in eights: addresses may be odd, sizes of contents are padded. */
#define IMAGE_UNIT 8u

struct image_piece {
	uint64_t address;	    /* physical */
	uint64_t size;		    /* bytes, > 0 */
	const unsigned char *bytes; /* borrowed; NULL: filled with `pattern` */
	uint8_t pattern;
	char *what; /* for messages and listings: "stand-in kernel", "web: text" */
};

/* Refuses to boot where (register & mask) != value. */
struct image_cpuid_check {
	uint32_t leaf, subleaf; /* EAX and ECX of CPUID */
	uint32_t value, mask;
	unsigned result;  /* 0 EAX, 1 EBX, 2 ECX, 3 EDX */
	char message[64]; /* NUL-terminated */
};

struct memory_image {
	struct image_piece *pieces; /* in the order in which they are written */
	size_t count;
	struct image_cpuid_check *checks;
	size_t check_count;
	uint64_t entry; /* physical, below 4 GiB: 32-bit protected mode, no paging */
	bool standin;	/* has the stand-in kernel: not for production */
};

/* Zero-initialise; release with memory_image_free(), which leaves borrowed bytes alone. */
void memory_image_free(struct memory_image *image);
#define cleanup_memory_image cleanup_with(memory_image_free)

/* Adds a piece of borrowed bytes, or one filled with a byte. `what` is copied. */
void memory_image_add(struct memory_image *image, uint64_t address, const void *bytes,
		      uint64_t size, const char *what);
void memory_image_fill(struct memory_image *image, uint64_t address, uint64_t size, uint8_t pattern,
		       const char *what);
void memory_image_check_cpuid(struct memory_image *image, const struct image_cpuid_check *check);

/* Refuses, with ERR_INPUT and both names, pieces that overlap or wrap, an entry that lies in no
 * piece or above 4 GiB, a check without a message. */
int memory_image_settle(const struct memory_image *image, struct error *err);

/* Adds the LOAD segments of a kernel's ELF file (32 or 64 bit) at their physical addresses, and its
 * entry point. `file` is borrowed. Fails with ERR_INPUT. */
int memory_image_add_kernel(struct memory_image *image, const char *path, const unsigned char *file,
			    size_t size, struct error *err);

#endif
