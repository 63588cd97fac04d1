/* The eight hypercalls of Solo5's hvt ABI, independent of what runs the guest.
 *
 * Everything here is driven by the guest and trusts nothing of it: arguments are copied out of
 * guest memory once and checked through tender/guest_memory.h.
 */
#ifndef TENDER_HYPERCALL_H
#define TENDER_HYPERCALL_H

#include "tender/block.h"
#include "tender/console.h"
#include "tender/guest_memory.h"
#include "tender/hvt_abi.h"
#include "tender/net.h"
#include "tender/vm.h"

#include <poll.h>

/* Everything that hypercalls work on. Zero-initialise, fill in memory, console and devices,
 * then call hvt_prepare(). */
struct hvt {
	const struct guest_memory *memory;
	struct console *console;
	const struct stop *stop;	       /* ends waiting */
	struct net *nets[HVT_HANDLES_MAX];     /* by handle, NULL: none */
	struct block *blocks[HVT_HANDLES_MAX]; /* the same */

	/* After HALT: */
	int32_t exit_status;
	unsigned char cookie[HVT_COOKIE_SIZE];
	bool has_cookie;

	uint64_t calls[HVT_HYPERCALLS]; /* by number */

	struct pollfd polls[1 + HVT_HANDLES_MAX]; /* the stop's wake_fd, then network devices */
	struct net *polled[1 + HVT_HANDLES_MAX];
	unsigned poll_handles[1 + HVT_HANDLES_MAX];
	size_t poll_count;
};

enum hypercall_outcome {
	HYPERCALL_DONE,	 /* let the guest go on */
	HYPERCALL_HALT,	 /* the guest ends with exit_status */
	HYPERCALL_FAULT, /* the guest did what it may not; the error says what */
};

/* To be called once all devices are there. */
void hvt_prepare(struct hvt *hvt);

/* Serves one access to a port, VM_EXIT_PORT. */
enum hypercall_outcome hvt_hypercall(struct hvt *hvt, const struct vm_exit *access,
				     struct error *err);

/* "walltime", "puts", ...: as the report names them. */
const char *hypercall_name(enum hvt_hypercall number);

#endif
