/* The time as a Muen subject reads it: ticks in the scheduling info, and the time info page.
 *
 * A tick is nothing but a number with a rate (see subject/clock_pages.h), so the rate is one that
 * suits: a microsecond has 2^16 ticks exactly, which loses nothing in the guest's conversion to
 * nanoseconds and leaves the lower 16 bits of every moment zero (muen_mac.h needs them so). Real
 * minor frames are a thousand times coarser. Tick 0 is the host's start.
 */
#ifndef TENDER_MUEN_CLOCK_H
#define TENDER_MUEN_CLOCK_H

#include "subject/clock_pages.h"
#include "tender/clock.h"

#define MUEN_TICKS_PER_US 65536ull
#define MUEN_TICK_RATE (MUEN_TICKS_PER_US * 1000000)
#define MUEN_FRAME_US 1000ull /* a minor frame, as schedule_info.end pretends */

_Static_assert(MUEN_TICK_RATE >= TIME_RATE_MIN, "Solo5 needs a rate above 1 GHz");

/* `now` is clock_monotonic(). */
static inline uint64_t muen_ticks(uint64_t now)
{
	return (now / 1000 + 1) * MUEN_TICKS_PER_US;
}

/* What time_info.base is at this moment. */
static inline uint64_t muen_time_base(void)
{
	return clock_nanoseconds(CLOCK_REALTIME) / 1000 - clock_monotonic() / 1000 - 1;
}

#endif
