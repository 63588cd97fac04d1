/* The exit status of a unikernel, which Muen does not pass on: learned from what its bindings say
 * on the console. Freestanding. */
#ifndef IMAGE_STANDIN_EXIT_STATUS_H
#define IMAGE_STANDIN_EXIT_STATUS_H

#include <stddef.h>

#define EXIT_STATUS_ABORT 255
#define EXIT_STATUS_LINE 256 /* bytes of a line's end that are looked at */

/* Zero-initialise. */
struct exit_status {
	char line[EXIT_STATUS_LINE]; /* the last of the line that is being written */
	size_t length;
	int value; /* what the last line says, but for one that tells of the halt; 0: nothing */
};

/* Takes the next character of the console. */
void exit_status_read(struct exit_status *status, char character);

#endif
