#include "tender/muen/idle.h"

#include <string.h>

/* One repetition may be chance: "while (!clock()) ;". */
#define REPEATS_MIN 2

/* The guest's own deadline is not known. A wait that took so long already may take an eighth
 * longer: it ends that late at most. */
#define SHARE 8

/* The shortest sleep that is worth a system call, and the longest, ns. The latter is how late a
 * long wait ends; frames end every sleep at once. */
#define SLEEP_MIN 10000ull
#define SLEEP_MAX 1000000ull

/* A pass of the loop costs few microseconds where exits are cheap, and 40 to 400 where the guest is
 * interpreted (kvm_pvm; according to the number of handles that its loop goes through). Sleeping
 * 60 times as long as that keeps an idle guest at 2 to 3 % of a CPU there as well. */
#define SLEEPS_PER_PASS 60
#define SLEEP_MAX_SLOW 50000000ull

/* A moving average over about eight passes. */
static void account(struct muen_idle *idle, uint64_t spent)
{
	idle->cost = idle->cost ? idle->cost - idle->cost / 8 + spent / 8 : spent;
}

static bool repeats(const struct muen_look *look, const struct muen_look *last)
{
	return look->rip == last->rip && look->rsp == last->rsp && look->callers == last->callers &&
	       !memcmp(look->preserved, last->preserved, sizeof(look->preserved));
}

void muen_idle_look(struct muen_idle *idle, const struct muen_look *look, bool progress)
{
	if (!progress && repeats(look, &idle->last)) {
		idle->repeats++;
		account(idle, look->time - idle->last.time - idle->slept);
	} else {
		idle->since = look->time;
		idle->repeats = 0;
	}
	idle->last = *look;
	idle->slept = 0;
}

void muen_idle_forget(struct muen_idle *idle)
{
	idle->repeats = idle->slept = 0;
	idle->last = (struct muen_look){ 0 };
}

bool muen_idle_waits(const struct muen_idle *idle)
{
	return idle->repeats >= REPEATS_MIN && idle->last.in_yield != YIELD_NO;
}

bool muen_idle_wait_begins(const struct muen_idle *idle)
{
	return muen_idle_waits(idle) && idle->repeats == REPEATS_MIN;
}

bool muen_idle_has_read(const struct muen_idle *idle)
{
	return idle->last.in_yield == YIELD_YES || muen_idle_waits(idle);
}

uint64_t muen_idle_sleep(const struct muen_idle *idle)
{
	uint64_t share = (idle->last.time - idle->since) / SHARE;
	uint64_t most = idle->cost * SLEEPS_PER_PASS;

	if (!muen_idle_waits(idle))
		return 0;
	most = most < SLEEP_MAX ? SLEEP_MAX : most > SLEEP_MAX_SLOW ? SLEEP_MAX_SLOW : most;
	share = share < SLEEP_MIN ? SLEEP_MIN : share;
	return share < most ? share : most;
}

void muen_idle_slept(struct muen_idle *idle, uint64_t nanoseconds)
{
	idle->slept += nanoseconds;
}
