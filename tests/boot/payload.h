/* What mkcsl tells the payload: which memory must hold what. */
#ifndef TESTS_BOOT_PAYLOAD_H
#define TESTS_BOOT_PAYLOAD_H

#define PAYLOAD_ADDRESS 0x1800000	   /* of its code */
#define PAYLOAD_EXPECTED_ADDRESS 0x1a00000 /* of the table */
#define PAYLOAD_EXIT_PORT 0xf4		   /* QEMU's isa-debug-exit */
#define PAYLOAD_EXIT_GOOD 0x10		   /* QEMU's exit status is 33 then */

#define PAYLOAD_MAGIC 0x4c594150u
#define PAYLOAD_EXPECTED_MAX 64

#ifndef __ASSEMBLER__

#include <stdint.h>

struct payload_expected {
	uint64_t address, size;
	uint32_t first; /* the byte at the begin */
	uint32_t step;	/* by which each is larger than the one before it: 0 of a FILL */
};

struct payload_table {
	uint32_t magic, count;
	struct payload_expected expected[PAYLOAD_EXPECTED_MAX];
};

#endif
#endif
