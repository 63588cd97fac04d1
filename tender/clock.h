/* Time in nanoseconds. */
#ifndef TENDER_CLOCK_H
#define TENDER_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000ull

static inline uint64_t clock_nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

/* Since some fixed moment; never goes back. */
static inline uint64_t clock_monotonic(void)
{
	return clock_nanoseconds(CLOCK_MONOTONIC);
}

#endif
