/* How a Muen subject ended, which only its console tells (Solo5 hands no exit status to Muen):
 * the last lines in front of "Solo5: Halted", and what it said of a CPU exception.
 *
 * The text is the guest's; it can say what it likes about its own end, and nothing else.
 */
#ifndef TENDER_MUEN_END_H
#define TENDER_MUEN_END_H

#include "tender/guest.h"

#define MUEN_END_LINE 512 /* bytes of a line that are looked at: its end, which is Solo5's */

/* Zero-initialise. */
struct muen_end {
	char line[MUEN_END_LINE + 1]; /* the line that is being written, without its beginning if
				       * that is too long */
	size_t length;
	int status;	 /* by the last line, 0..255 */
	bool said_end;	 /* the last line was "Solo5: Halted"; status is that in front of it */
	bool trapped;	 /* some line told of an exception */
	bool page_fault; /* ... and another one of its address */
	struct guest_trap trap;
};

/* Looks at the next bytes of output. */
void muen_end_output(struct muen_end *end, const char *text, size_t length);

#endif
