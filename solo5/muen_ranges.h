/* Virtual addresses that a subject which runs a Solo5 unikernel cannot use itself: there
 * Muen puts what the unikernel's bindings and Muen's libraries look for.
 *
 * The constants are freestanding: the stand-in kernel includes this, too. */
#ifndef SOLO5_MUEN_RANGES_H
#define SOLO5_MUEN_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUEN_PAGE 4096ull /* bytes: the size and alignment of everything in a subject */

static inline uint64_t muen_page_up(uint64_t value)
{
	return (value + MUEN_PAGE - 1) & ~(MUEN_PAGE - 1);
}

/* First address that no subject can have: user half of the 48-bit canonical addresses. */
#define MUEN_ADDRESS_END (1ull << 47)

/* Where Solo5's bindings are told that the boot info page is. */
#define MUEN_BOOT_INFO 0x1000ull

/* Where muinit, which starts subjects that can be reset, is linked; and where it finds what it
 * fills their writable segments from. */
#define MUEN_MUINIT 0x100000ull
#define MUEN_MUINIT_SIZE 0x9000u /* bytes */
#define MUEN_RESET_SOURCES 0x700000000000ull

/* Constants in Solo5's bindings: the subject info, and the scheduling info behind it. */
#define MUEN_SINFO 0xe00000000ull
#define MUEN_SINFO_SIZE 0x8000u /* bytes */
#define MUEN_SCHEDULE_INFO 0xe00008000ull

/* The timed event page, of every subject. */
#define MUEN_TIMED_EVENT 0xe00010000ull

/* Where libmutime has the time info. */
#define MUEN_TIME_INFO 0xfffd00000ull

/* Where libmudebuglog has the debug log channel; how large that is, the policy says. */
#define MUEN_DEBUG_LOG 0xffff00000ull

/* Where libmucontrol has its pages; only a subject that can be reset has them. */
#define MUEN_STATUS_PAGE 0xfffff2000ull
#define MUEN_CONTROL_PAGE 0xfffff3000ull

struct muen_range {
	uint64_t start; /* multiple of MUEN_PAGE */
	uint64_t size;	/* bytes, multiple of MUEN_PAGE */
	const char *what;
	bool reset_only; /* taken only if the unikernel can be reset (links muinit) */
};

/* Sorted by address. Sources: Muen's libmucontrol, libmutime, libmudebuglog and muinit
 * component specifications; the constants in Solo5's muen bindings; Muen's expander for the
 * scheduling info and the timed event page. */
extern const struct muen_range muen_ranges[];
extern const size_t muen_range_count;

/* Whether it has a byte in [start, last]. */
bool muen_range_overlaps(const struct muen_range *range, uint64_t start, uint64_t last);

#endif
