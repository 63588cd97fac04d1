/* Programs of others that do a part of the work: started from a list of words, never through a
 * shell, in an environment that is the same everywhere.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct child {
	const char *const *words; /* its arguments, NULL at the end; words[0] is looked for in PATH
				     unless it has a '/' */
	const char *package;	  /* the Debian package that has it */
	const int *descriptors;	  /* what it inherits beside the standard streams; all else is
				     closed. As files: /proc/self/fd/N */
	size_t descriptor_count;
	uint64_t time; /* its SOURCE_DATE_EPOCH, seconds since 1970 */
};

/* Runs it to its end. It reads nothing from stdin; what it prints is only seen in the error
 * message. Its environment is PATH, LC_ALL=C, TZ=UTC, SOURCE_DATE_EPOCH and a HOME without
 * configuration files. It ends with the thread that calls this, however that ends. Fails with
 * ERR_MISSING: the program is not there, or it failed. */
int child_run(const struct child *child, struct error *err);

#endif
