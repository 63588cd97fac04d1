/* The executor: carries a stream out from a place of its own, where nothing is written.
 *
 * The code between execute_begin and execute_end refers to nothing outside of it, so that a copy
 * runs anywhere: it has no data. What it knows is in a struct execution behind the copy.
 */
#ifndef IMAGE_LOADER_EXECUTE_H
#define IMAGE_LOADER_EXECUTE_H

#define EXECUTE_CODE_SIZE 0x1000 /* most of the code; the execution follows */
#define EXECUTE_CODE_SEGMENT 8
#define EXECUTE_DATA_SEGMENT 16

/* Offsets in struct execution. */
#define EXECUTION_STACK_END 0x5000
#define EXECUTION_POINTERS 0x5000
#define EXECUTION_HIGH 0x5038
#define EXECUTION_TABLE 0x503c

#ifndef __ASSEMBLER__

#include <stdint.h>

struct execution {
	/* Page tables of PAE: 4 GiB as they are, but for a window in the first 2 MiB. On page
	 * boundaries. */
	uint64_t directories[4][512];
	unsigned char stack[0x1000];
	uint64_t pointers[4]; /* on a boundary of 32 bytes */
	uint64_t segments[3]; /* GDT */
	uint32_t high;	      /* writes above 4 GiB: everything is written through the window */
	struct {
		uint16_t limit;
		uint16_t base[2];
	} table; /* for LGDT: the segments */
	uint16_t unused;
	const unsigned char *stream;
	uint32_t size;
};

#define EXECUTE_SIZE (EXECUTE_CODE_SIZE + sizeof(struct execution))

/* Copies the executor to `start` (EXECUTE_SIZE bytes), moves `size` bytes of stream from `from` to
 * `to`, and runs it. Does not come back. */
void execute(uint32_t start, const unsigned char *from, unsigned char *to, uint32_t size,
	     uint32_t entry, uint32_t high) __attribute__((noreturn));

#endif
#endif
