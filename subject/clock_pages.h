/* The two pages from which a unikernel on Muen learns the time. Freestanding: the stand-in
 * kernel includes this, too.
 *
 * Sources: Muen's muschedinfo and mutime; Solo5's muen bindings, which read the time only when
 * schedule_start moves, and need a rate above 1 GHz.
 */
#ifndef SUBJECT_CLOCK_PAGES_H
#define SUBJECT_CLOCK_PAGES_H

#include <stdint.h>

#define SCHEDULE_INFO_ADDRESS 0xe00008000ull /* constant in Solo5's bindings */
#define TIMED_EVENT_ADDRESS 0xe00010000ull
#define TIME_INFO_ADDRESS 0xfffd00000ull

/* Ticks of the current minor frame. Start must never go back, and must not be 0. */
struct schedule_info {
	uint64_t start;
	uint64_t end;
};

struct time_info {
	uint64_t base;	  /* us since 1970 at tick 0; 0: not published yet. Written last. */
	uint64_t rate;	  /* ticks per second, > 10^9 */
	int64_t timezone; /* us */
};

#define TIME_RATE_MIN 1000000001ull

#endif
