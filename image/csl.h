/* Command streams (CSL): the form in which a boot loader takes a Muen system.
 *
 * A stream is the file magic and then commands: id, length and data, all little endian and in
 * multiples of 8 bytes. A loader carries them out one by one.
 *
 * csl_format.h has the numbers, csl_rules.h what a loader accepts; the loader (image/loader)
 * includes both, too.
 */
#ifndef IMAGE_CSL_H
#define IMAGE_CSL_H

#include "base/file.h"
#include "image/csl_rules.h"
#include "image/memory_image.h"

struct csl_summary {
	uint64_t commands; /* all of them */
	uint64_t writes;   /* WRITE: contents put into memory */
	uint64_t fills;	   /* FILL: memory set to one byte */
	uint64_t checks;   /* CHECK_CPUID: what the processor must have */
	uint64_t vendor;   /* ids that a loader may skip */
	uint64_t written;  /* bytes put into memory by both WRITE and FILL */
	uint64_t highest;  /* address behind the last byte written */
	uint32_t entry;	   /* physical address of the last SET_ENTRY_POINT */
	bool standin;	   /* has the stand-in kernel: not for production */
};

typedef int csl_visit(const struct csl_command *command, void *context, struct error *err);

/* Checks the open file `fd` of `size` bytes from its begin to its end; `path` is for messages.
 * Fails with ERR_INPUT, naming the command, its offset and the rule, if a loader would refuse
 * it (also: no entry point, or one where nothing is written; commands that overlap; an older
 * revision of the format); with ERR_NO_INPUT if it cannot be read. Contents are not read.
 * `visit`, if not NULL, sees every command as it is read; it fails the walk by returning -1. */
int csl_check(int fd, const char *path, uint64_t size, struct csl_summary *summary,
	      csl_visit *visit, void *context, struct error *err);

/* Writes the image as a stream, in the order of its pieces. Contents go straight from where they
 * lie to `sink`, which returns -1 on failure. The image must be settled. */
typedef int csl_sink(const void *bytes, size_t length, void *context, struct error *err);
int csl_write(const struct memory_image *image, csl_sink *sink, void *context, struct error *err);

#endif
