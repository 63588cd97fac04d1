/* The devices that a guest has, by the handle that its manifest gives them, and waiting for
 * those that have something. */
#ifndef TENDER_DEVICES_H
#define TENDER_DEVICES_H

#include "solo5/unikernel.h"
#include "tender/block.h"
#include "tender/net/net.h"
#include "tender/stop.h"

#include <poll.h>
#include <signal.h>

#define DEVICES_HANDLES (SOLO5_DEVICES_MAX + 1) /* with the manifest's reserved first entry */

/* Zero-initialise, fill in the devices, then call devices_prepare(). */
struct devices {
	struct net *nets[DEVICES_HANDLES];     /* by handle, NULL: none; borrowed */
	struct block *blocks[DEVICES_HANDLES]; /* the same */

	struct pollfd polls[1 + DEVICES_HANDLES]; /* the stop's wake_fd, then network devices */
	unsigned poll_handles[1 + DEVICES_HANDLES];
	size_t poll_count;
	const sigset_t *waiting; /* signals that are blocked while it is waited; NULL: none more */
};

/* To be called once all devices are there; `stop`, which may be NULL, ends waiting. */
void devices_prepare(struct devices *devices, const struct stop *stop);

struct net *devices_net(const struct devices *devices, uint64_t handle);
struct block *devices_block(const struct devices *devices, uint64_t handle);

/* Whether waits are to pass over a network device. */
void devices_ignore(struct devices *devices, unsigned handle, bool ignore);

/* Waits until a network device can be read, or something else is to be done; at most as long as
 * `timeout` says, which may be NULL. Bit n of *ready is handle n. Returns the number of devices
 * that can be read. */
int devices_wait(struct devices *devices, const struct timespec *timeout, uint64_t *ready);

#endif
