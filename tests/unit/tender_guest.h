/* A guest without a machine, for what drives hypercalls: memory, one network device whose other
 * end is a socket, one block device in a file of memory, a console that is a pipe. */
#ifndef TESTS_UNIT_TENDER_GUEST_H
#define TESTS_UNIT_TENDER_GUEST_H

#include "tender/hvt/hypercall.h"
#include "tender/hvt/ring.h"

#define FAKE_MEMORY 0x40000ull /* bytes: [0, 0x10000) is read-only, then writable */
#define FAKE_WRITABLE 0x10000ull
#define FAKE_BLOCKS 0x4000u
#define FAKE_NET 1 /* handles */
#define FAKE_BLOCK 2

struct fake_guest {
	unsigned char *host; /* FAKE_MEMORY bytes, exactly as long as that for ASan's sake */
	struct guest_memory memory;
	struct stop stop;
	struct console console;
	struct net net;
	struct block block;
	struct devices devices;
	struct hvt hvt;
	int console_end; /* what the guest printed can be read here */
	int net_end;	 /* the network's end of the device */
};

/* Ends the process if the host cannot. */
void fake_guest_new(struct fake_guest *guest);
void fake_guest_free(struct fake_guest *guest);

/* Makes a hypercall whose struct is at `address`. */
enum hypercall_outcome fake_guest_call(struct fake_guest *guest, unsigned number, uint32_t address,
				       struct error *err);

#endif
