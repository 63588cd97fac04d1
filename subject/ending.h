/* How a subject ended, which only its console tells: Solo5's bindings hand no exit status to Muen.
 * What counts is the line in front of "Solo5: Halted"; an application may print anything before.
 *
 * Freestanding: the stand-in kernel is linked with ending.c, too.
 */
#ifndef SUBJECT_ENDING_H
#define SUBJECT_ENDING_H

#include <stdbool.h>
#include <stddef.h>

#define SUBJECT_ABORTED 255  /* the status of a subject that aborted */
#define SUBJECT_LINE_MAX 512 /* bytes of a line that are looked at: its end, which is Solo5's */

/* Zero-initialise. */
struct subject_ending {
	char line[SUBJECT_LINE_MAX + 1]; /* without its beginning if that is too long */
	size_t length;
	int status;  /* 0..255, by the last line that is not the halt's */
	bool halted; /* the last line told of the halt, and nothing came behind it */
};

/* Takes the next character of the console. True if it ended a line: until the next call, `line` is
 * that, NUL-terminated; a NUL that the subject printed is a blank there. */
bool subject_ending_read(struct subject_ending *ending, char character);

#endif
