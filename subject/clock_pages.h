/* The two pages from which a unikernel on Muen learns the time: they lie at MUEN_SCHEDULE_INFO and
 * where the subject info says. Freestanding: the stand-in kernel includes this, too.
 *
 * Sources: Muen's muschedinfo and mutime; Solo5's muen bindings, which read the time only when
 * schedule_start moves, and need a rate above 1 GHz.
 */
#ifndef SUBJECT_CLOCK_PAGES_H
#define SUBJECT_CLOCK_PAGES_H

#include <stdint.h>

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
