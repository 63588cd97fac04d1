/* The eight hypercalls of Solo5's hvt ABI, independent of what runs the guest.
 *
 * Everything here is driven by the guest and trusts nothing of it: arguments are copied out of
 * guest memory once and checked through tender/guest_memory.h.
 */
#ifndef TENDER_HVT_HYPERCALL_H
#define TENDER_HVT_HYPERCALL_H

#include "tender/console.h"
#include "tender/devices.h"
#include "tender/guest_memory.h"
#include "tender/hvt/abi.h"
#include "tender/vm/vm.h"

/* Everything that hypercalls work on. Zero-initialise, then fill in memory, console and
 * devices. */
struct hvt {
	const struct guest_memory *memory;
	struct console *console;
	struct devices *devices;

	/* After HALT: */
	int32_t exit_status;
	unsigned char cookie[HVT_COOKIE_SIZE];
	bool has_cookie;

	uint64_t calls[HVT_HYPERCALLS]; /* by number */
};

enum hypercall_outcome {
	HYPERCALL_DONE,	 /* let the guest go on */
	HYPERCALL_HALT,	 /* the guest ends with exit_status */
	HYPERCALL_FAULT, /* the guest did what it may not; the error says what */
};

/* Serves one access to a port, VM_EXIT_PORT. */
enum hypercall_outcome hvt_hypercall(struct hvt *hvt, const struct vm_exit *access,
				     struct error *err);

/* "walltime", "puts", ...: as the report names them. */
const char *hypercall_name(enum hvt_hypercall number);

#endif
