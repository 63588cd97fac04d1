/* Libraries that few runs need, loaded by those that do: linked, every run would wait for them and
 * for all that they need in turn.
 */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include "base/error.h"

#include <stddef.h>

struct library_function {
	const char *name;
	void *pointer; /* to the function pointer that is set, of whatever type */
};

struct library {
	const char *file; /* its soname */
	const char *mend; /* what to do where it is missing or too old */
	const struct library_function *functions;
	size_t count;
};

/* Loads the library, which stays until the process ends, and sets all pointers. Fails with
 * ERR_MISSING: it is not there, or has no such function. */
int library_load(const struct library *library, struct error *err);

#endif
