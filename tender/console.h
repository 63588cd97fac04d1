/* The guest's console: what it prints goes to stdout, unchanged, and to whoever watches it.
 *
 * A console that cannot take the output (closed pipe, full disk) never ends the guest: what is
 * lost is counted and said once.
 */
#ifndef TENDER_CONSOLE_H
#define TENDER_CONSOLE_H

#include "tender/stop.h"
#include "tender/watch.h"

#include <stddef.h>
#include <stdint.h>

struct console {
	int fd;
	const struct stop *stop; /* ends a write that waits; may be NULL */
	struct watch *watch;	 /* gets a copy; may be NULL */
	uint64_t bytes;		 /* written */
	uint64_t lost;		 /* could not be written */
	uint64_t first_output;	 /* clock_monotonic() of the first byte, 0: none yet */
};

void console_write(struct console *console, const void *data, size_t length);

#endif
