/* The net ring of Solo5 0.11.0 and later: frames handed over in shared memory, served by a
 * thread of the tender while the guest runs on.
 *
 * It pays where the thread has a CPU of its own; elsewhere hypercalls are faster, and every
 * guest works with them.
 */
#ifndef TENDER_HVT_RING_H
#define TENDER_HVT_RING_H

#include "tender/hvt/abi.h"
#include "tender/hvt/hypercall.h"
#include "tender/vm/vm.h"

#include <pthread.h>
#include <semaphore.h>

struct ring_counters {
	uint64_t writes, reads; /* entries served */
	uint64_t refused;	/* entries that were malformed */
	uint64_t sleeps;	/* times that the thread ran out of work and waited for a kick */
};

struct ring {
	struct hvt_ring *shared; /* in guest memory: written by the guest at any time */
	const struct hvt *hvt;
	int kick_fd;	 /* eventfd behind the guest's doorbell */
	uint32_t head;	 /* entries consumed: ours, never read back from shared memory */
	uint32_t commit; /* completions produced */
	bool running;
	bool stopped;
	pthread_t thread;
	sem_t started;	      /* posted by the thread */
	pthread_mutex_t lock; /* held while entries are served */
	struct ring_counters counters;
};

/* Connects the guest's doorbell to the ring. Fails with ERR_MISSING where the machine cannot;
 * the guest must then be given no ring. */
int ring_new(struct ring *ring, struct vm *vm, struct error *err);

/* Serves everything that has been submitted, at most one ring full. Returns the number of
 * entries. The thread does this; tests and fuzzers may. */
uint32_t ring_serve(struct ring *ring);

/* Starts the thread. Fails with ERR_MISSING. */
int ring_start(struct ring *ring, struct hvt_ring *shared, const struct hvt *hvt,
	       struct error *err);

/* Serves what was submitted before the guest ended; the thread serves nothing any more. */
void ring_stop(struct ring *ring);

/* Whether this process may run on enough CPUs for the ring to pay. */
bool ring_pays(void);

#endif
