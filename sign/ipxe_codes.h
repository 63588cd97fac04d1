/* What iPXE's error codes mean: the digits behind "https://ipxe.org/" in its messages.
 *
 * A code is 32 bits: 7 bits POSIX errno, 11 bits file, 5 bits cause within file and errno, and one
 * byte that belongs to the platform (BIOS, EFI, Linux). So the first six digits carry the
 * meaning (the lowest bit of the sixth included), the last two where it ran. Layout and numbers:
 * iPXE's src/include/errno.h and ipxe/errfile.h.
 */
#ifndef SIGN_IPXE_CODES_H
#define SIGN_IPXE_CODES_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* A code that was read. `digits` is how many were given: 6 or 8. */
struct ipxe_code {
	uint32_t value; /* the last byte is 0 when six digits were given */
	int digits;
};

/* What is known about a code. Strings are static; none is NULL, those unknown are "". */
struct ipxe_meaning {
	const char *error;    /* what iPXE prints: "Permission denied" */
	const char *file;     /* the source file: "crypto/x509.c" */
	const char *what;     /* iPXE's own term for the cause: "Not a code-signing certificate" */
	const char *why;      /* how one gets there */
	const char *mend;     /* what to do */
	const char *versions; /* how versions differ, "" if they do not */
	const char *platform; /* "BIOS", "UEFI", "Linux" from the last byte, "" if not told */
};

/* Reads "0227e10d", "0227e1", "0x0227e13c", "https://ipxe.org/0227e13c". Fails with ERR_USAGE. */
int ipxe_code_parse(const char *text, struct ipxe_code *code, struct error *err);

/* Explains a code as far as it is known: also for a code that is not in the table, the errno and,
 * if known, the file. Returns whether the cause is known. */
bool ipxe_explain(struct ipxe_code code, struct ipxe_meaning *meaning);

#endif
