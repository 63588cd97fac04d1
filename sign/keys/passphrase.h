/* Where the passphrase of a key, or the PIN of a token, comes from.
 *
 * Never from the command line, which every user of the machine can read. It is read when it is
 * first needed, once, and wiped by passphrase_free().
 */
#ifndef SIGN_KEYS_PASSPHRASE_H
#define SIGN_KEYS_PASSPHRASE_H

#include "base/cleanup.h"
#include "base/error.h"
#include "base/findings.h"

#include <stdbool.h>
#include <stddef.h>

enum passphrase_source {
	PASSPHRASE_TERMINAL, /* asked for on /dev/tty without echo */
	PASSPHRASE_FILE,     /* the first line of a file */
	PASSPHRASE_FD,	     /* the bytes of an open descriptor up to a newline or its end */
	PASSPHRASE_ENV,	     /* an environment variable */
};

enum {
	PASSPHRASE_LONGEST = 1023, /* bytes; what OpenSSL's PEM functions take */
	PASSPHRASE_LEAST = 4,	   /* bytes; what OpenSSL's PEM functions encrypt with */
};

/* Zero-initialised, this is the terminal. Set source and name or fd; the rest is private. */
struct passphrase {
	enum passphrase_source source;
	const char *name; /* path or variable; borrowed */
	int fd;
	char *text;
	size_t length;
};

/* The passphrase, NUL-terminated and owned by `passphrase`, or NULL. `what` is what it opens,
 * for the prompt ("key sign.key"). With `confirm` it is for something new: the terminal asks
 * twice, and fewer than PASSPHRASE_LEAST bytes are refused. `findings` gets a warning for a file
 * that others can read. Fails with ERR_USAGE (no terminal, no such variable, an empty or too
 * long one), ERR_NO_INPUT (file or descriptor cannot be read), ERR_REFUSED (interrupted). */
const char *passphrase_get(struct passphrase *passphrase, const char *what, bool confirm,
			   struct findings *findings, struct error *err);

/* Wipes and releases the text. */
void passphrase_free(struct passphrase *passphrase);

#define cleanup_passphrase cleanup_with(passphrase_free)

/* Warns if others than the owner may read or replace a file that holds a secret. */
void warn_if_exposed(const char *path, const char *what, struct findings *findings);

#endif
