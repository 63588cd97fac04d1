/* What iPXE's error codes mean: the digits behind "https://ipxe.org/" in its messages.
 *
 * A code is 32 bits: one unused, 7 for the POSIX errno, 11 for the source file, 5 for the cause
 * within file and errno, and a byte that belongs to the platform (BIOS, EFI, Linux). So the first
 * six digits carry the meaning, the last two where it ran. Layout and numbers: iPXE's
 * src/include/errno.h and src/include/ipxe/errfile.h.
 */
#ifndef SIGN_IPXE_CODES_H
#define SIGN_IPXE_CODES_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The errors that imgverify can end with, as a BIOS build shows them. Names follow iPXE's own. */
enum ipxe_error {
	IPXE_ASN1_EMPTY = 0x1c00e102,
	IPXE_ASN1_LENGTH_OF_LENGTH = 0x1c00e202,
	IPXE_ASN1_OVERRUN = 0x1c00e302,
	IPXE_ASN1_VALUE = 0x1c00e402, /* of a boolean or an integer: iPXE gave both the same */
	IPXE_ASN1_TIME = 0x1c00e502,
	IPXE_ASN1_ALGORITHM = 0x1c00e602,
	IPXE_ASN1_BIT_STRING = 0x1c00e702,
	IPXE_ASN1_NOT_ASN1 = 0x3c00e003,
	IPXE_ASN1_UNSUPPORTED_ALGORITHM = 0x3c00e103,
	IPXE_ASN1_INAPPROPRIATE_ALGORITHM = 0x3d00e101,
	IPXE_ASN1_WRONG_TYPE = 0x3e00e03b,

	IPXE_X509_NOT_CA = 0x0216e23c,
	IPXE_X509_KEY_USAGE = 0x0216e33c,
	IPXE_X509_EXPIRED = 0x0216e43c,
	IPXE_X509_PATH_LENGTH = 0x0216e53c,
	IPXE_X509_EMPTY_CHAIN = 0x0216e83c,
	IPXE_X509_USELESS = 0x0216eb3c,
	IPXE_X509_INVALID = 0x1c16e002,
	IPXE_X509_ALGORITHM_MISMATCH = 0x1c16e402,
	IPXE_X509_VERSION = 0x1c16e602,
	IPXE_X509_NO_MEMORY = 0x3116e006,
	IPXE_X509_UNSUPPORTED_EXTENSION = 0x3c16e203,

	IPXE_CMS_NOT_SIGNING = 0x022ae13c,
	IPXE_CMS_NOT_CODE_SIGNING = 0x022ae23c,
	IPXE_CMS_NO_SIGNATURES = 0x022ae53c,
	IPXE_CMS_NO_CERTIFICATE = 0x2d2ae03b,
	IPXE_CMS_TYPE = 0x3c2ae103,
	IPXE_CMS_NOT_A_SIGNATURE = 0x3d2ae001,

	IPXE_RSA_VERIFY = 0x0227e13c,
	IPXE_RSA_RANGE = 0x4627e001,
	IPXE_ECDSA_POINT_SIZE = 0x1c69e102,
	IPXE_ECDSA_KEY_SIZE = 0x1c69e202,
	IPXE_ECDSA_COMPRESSION = 0x1c69e302,
	IPXE_ECDSA_INFINITY = 0x1c69e402,
	IPXE_ECDSA_SIGNATURE = 0x1c69e502,
	IPXE_ECDSA_RANGE = 0x4669e001,
	IPXE_WEIERSTRASS_POINT = 0x1c66e002,

	IPXE_DER_NO_MEMORY = 0x31088006,
	IPXE_PEM_NO_MARKER = 0x2d09803b,
	IPXE_BASE64_INVALID = 0x1c102002,
	IPXE_TCP_RESET = 0x0f0a6039, /* what an unreachable OCSP responder gives */
};

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
