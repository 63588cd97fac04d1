/* What people are told about a certificate. */
#ifndef SIGN_IPXE_DESCRIPTION_H
#define SIGN_IPXE_DESCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

/* All strings are owned and printable. */
struct certificate_description {
	char *subject; /* "CN=Example, O=..."; never empty */
	char *issuer;
	char *serial;	      /* hexadecimal, lower case */
	char *key;	      /* "RSA 2048", "EC P-256" */
	char fingerprint[65]; /* SHA-256 of the DER, hexadecimal: what TRUST= pins */
	int64_t not_before;   /* seconds since 1970 */
	int64_t not_after;
	bool trusted; /* pinned by the policy's roots */
};

#endif
