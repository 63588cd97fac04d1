/* One failure, told so that the reader can mend it.
 *
 * A function that can fail takes `struct error *err` last, returns 0 or a valid
 * pointer on success and -1 or NULL on failure; it has then filled `err`.
 * Callers add the object they worked on with err_within(). Rooms never print
 * and never exit: the command's main prints the error once, and its exit status
 * comes from the kind.
 *
 * An error owns no memory. Texts longer than the buffers are cut, marked "...".
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

/* What kind of failure it was. The values are the exit statuses (sysexits.h). */
enum error_kind {
	ERR_NONE = 0,
	ERR_USAGE = 64,	      /* the command line is not understood */
	ERR_INPUT = 65,	      /* an input's contents are not acceptable */
	ERR_NO_INPUT = 66,    /* an input is missing or cannot be read */
	ERR_MISSING = 69,     /* a program, device or library that is needed is not there */
	ERR_INTERNAL = 70,    /* a defect of this program */
	ERR_CANT_CREATE = 73, /* an output cannot be created */
	ERR_IO = 74,	      /* an output cannot be written completely */
	ERR_REFUSED = 77,     /* a signature or a permission says no */
};

struct error {
	enum error_kind kind;
	char message[1536]; /* object: what was found, what was expected */
	char mend[768];	    /* what to do about it; may be empty */
};

/* Sets the error. Always returns -1, so that `return err_fail(...)` reads well. */
int err_fail(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, followed by ": " and the system's text for `error_number`. */
int err_fail_errno(struct error *err, enum error_kind kind, int error_number, const char *format,
		   ...) __attribute__((format(printf, 4, 5)));

/* Says how to mend the failure that was just set. Always returns -1. */
int err_mend(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "<context>: " in front of the message. Always returns -1. */
int err_within(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
