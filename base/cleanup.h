/* Scope-bound ownership: a variable marked with one of these is released when
 * it goes out of scope, so that no function needs a ladder of gotos.
 *
 * To hand the value on, use steal(): it returns the pointer and leaves NULL.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_freep(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclosep(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

#define cleanup_with(function) __attribute__((cleanup(function)))
#define cleanup_free cleanup_with(cleanup_freep)
#define cleanup_close cleanup_with(cleanup_closep)
#define cleanup_fclose cleanup_with(cleanup_fclosep)

/* Defines the cleanup function `NAME_freep` for a type that has `NAME_free`. */
#define DEFINE_CLEANUP(type, free_function)                                                        \
	static inline void free_function##p(type *pointer)                                         \
	{                                                                                          \
		if (*pointer)                                                                      \
			free_function(*pointer);                                                   \
	}

#define steal(variable)                                                                            \
	({                                                                                         \
		__typeof__(variable) stolen_ = (variable);                                         \
		(variable) = NULL;                                                                 \
		stolen_;                                                                           \
	})

#endif
