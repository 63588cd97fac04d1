/* How a Muen subject ended: its exit status, and what it said of a CPU exception.
 *
 * The text is the guest's; it can say what it likes about its own end, and nothing else.
 */
#ifndef TENDER_MUEN_END_H
#define TENDER_MUEN_END_H

#include "subject/ending.h"
#include "tender/guest.h"

/* Zero-initialise. */
struct muen_end {
	struct subject_ending ending;
	bool trapped;	 /* some line told of an exception */
	bool page_fault; /* ... and another one of its address */
	struct guest_trap trap;
};

/* Looks at the next bytes of output. */
void muen_end_output(struct muen_end *end, const char *text, size_t length);

#endif
