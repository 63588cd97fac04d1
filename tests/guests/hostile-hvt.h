/* What the hvt parts of the hostile guest share. */
#ifndef TESTS_GUESTS_HOSTILE_HVT_H
#define TESTS_GUESTS_HOSTILE_HVT_H

#include "tests/guests/hostile.h"
#include "tests/guests/lib/hvt.h"

#define GOOD_SIZE 4096 /* bytes of an honest buffer */

union hypercall {
	struct hvt_walltime walltime;
	struct hvt_puts puts;
	struct hvt_poll poll;
	struct hvt_block block;
	struct hvt_net net;
	struct hvt_halt halt;
};

enum place {
	GOOD,	    /* a buffer of our own */
	END_EXACT,  /* ends where memory ends: the only honest one of these */
	ACROSS_END, /* half of it is behind the end */
	AT_END,
	BEYOND, /* 1 GiB behind the end */
	TOP32,	/* the last eight bytes below 4 GiB */
	TOP64,	/* the last 16 bytes that an address can name */
	ZERO,
	PAGE_TABLES,
	BOOT_INFO,
	TEXT,
	RODATA, /* all zero */
	APIC,
	ONE_TIB,
	RING, /* the network ring, or 0 */
};

/* The address of such a place, for something of `length` bytes. */
uint64_t hostile_address(enum place place, uint64_t length);

extern uint8_t hostile_good_buffer[GOOD_SIZE];

/* The hypercall's structure, honest but for its data's address and length. */
union hypercall hostile_fill(unsigned number, uint64_t data, uint64_t length);

/* Makes the hypercall and prints its result. */
void hostile_call(unsigned number, union hypercall *call);

extern const struct hostile_part hostile_values;
extern const struct hostile_part hostile_ring;
extern const struct hostile_part hostile_paging;

#endif
