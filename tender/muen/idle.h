/* Is the guest waiting, and has it read what was sent to it? Two things that a Muen subject tells
 * nobody: it polls its channels, and a channel's reader leaves no trace.
 *
 * All that is seen of it are its reads of the scheduling info: one per pass of solo5_yield()'s
 * loop, made after every channel was found empty; but also one for every look at the clock, and
 * one for every line of the console. What tells them apart is the state of the CPU at the read:
 *
 * - The guest waits while its reads repeat: the same place in the code, called by the same
 *   callers, with the same values in the registers that survive calls, and nothing printed or sent
 *   in between. A computation that looks at the clock has moved something by then.
 * - Where the unikernel has symbols, solo5_yield() must be among the callers, too; and then a
 * single read proves that everything sent before has been read. In a stripped unikernel only a wait
 *   is taken for that.
 *
 * Pure bookkeeping: no clock, no system calls. Times are clock_monotonic().
 */
#ifndef TENDER_MUEN_IDLE_H
#define TENDER_MUEN_IDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUEN_IDLE_PRESERVED 6 /* RBX, RBP, R12 to R15: the ABI's callee-saved registers */

/* A read of the scheduling info. */
struct muen_look {
	uint64_t time; /* of the exit */
	uint64_t rip, rsp;
	uint64_t callers; /* a hash of the return addresses on the stack */
	uint64_t preserved[MUEN_IDLE_PRESERVED];
	enum { YIELD_UNKNOWN, YIELD_NO, YIELD_YES } in_yield; /* called by solo5_yield()? */
};

struct muen_idle {
	struct muen_look last;
	uint64_t since;	  /* from when on it has done nothing but look at the clock */
	uint64_t repeats; /* reads that were like the one before */
	uint64_t slept;	  /* ns, since the last look */
	uint64_t cost;	  /* ns that one pass of the loop takes, about */
};

/* Takes a look; `progress`: something was printed or sent since the last one. */
void muen_idle_look(struct muen_idle *idle, const struct muen_look *look, bool progress);

/* The last look is no longer of use: something else was seen of the guest. */
void muen_idle_forget(struct muen_idle *idle);

/* After muen_idle_look(): is the guest waiting? */
bool muen_idle_waits(const struct muen_idle *idle);

/* ... and was it not, a look ago? */
bool muen_idle_wait_begins(const struct muen_idle *idle);

/* Has it read everything that was sent before? */
bool muen_idle_has_read(const struct muen_idle *idle);

/* How long to let it sleep now, ns; 0: not at all. */
uint64_t muen_idle_sleep(const struct muen_idle *idle);
/* It slept for so long. */
void muen_idle_slept(struct muen_idle *idle, uint64_t nanoseconds);

#endif
