/* Walks through a command stream (CSL), the form in which a loader takes a Muen system.
 *
 * A stream is the file magic and then commands: id, length and data, all little endian and in
 * multiples of 8 bytes. A loader carries them out one by one and refuses what it does not know,
 * when the machine is half loaded already; so a stream is checked before it is signed.
 */
#ifndef SIGN_CSL_H
#define SIGN_CSL_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct csl_summary {
	uint64_t commands; /* all of them */
	uint64_t writes;   /* WRITE: contents put into memory */
	uint64_t fills;	   /* FILL: memory set to one byte */
	uint64_t checks;   /* CHECK_CPUID: what the processor must have */
	uint64_t vendor;   /* ids that a loader may skip */
	uint64_t written;  /* bytes put into memory by both WRITE and FILL */
	uint32_t entry;	   /* physical address of the last SET_ENTRY_POINT */
};

/* Checks the open file `fd` of `size` bytes from its begin to its end; `path` is for messages.
 * Fails with ERR_INPUT, naming the command, its offset and the rule, if a loader would refuse
 * it (also: no entry point, an older revision of the format); with ERR_NO_INPUT if it cannot be
 * read. Constant memory. */
int csl_check(int fd, const char *path, uint64_t size, struct csl_summary *summary,
	      struct error *err);

#endif
