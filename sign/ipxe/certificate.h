/* An X.509 certificate as iPXE reads it (its src/crypto/x509.c): only what it looks at, in its
 * order, with its errors.
 */
#ifndef SIGN_IPXE_CERTIFICATE_H
#define SIGN_IPXE_CERTIFICATE_H

#include "sign/der.h"
#include "sign/ipxe/algorithm.h"
#include "sign/ipxe/description.h"
#include "sign/ipxe/refusal.h"
#include "sign/ipxe/version.h"

/* Bits of keyUsage as they lie in the first byte of the BIT STRING. */
enum {
	USAGE_DIGITAL_SIGNATURE = 0x80,
	USAGE_KEY_CERT_SIGN = 0x04,
};

/* A path length that leaves a chain of any length; one less than the largest number, as the
 * number of certificates that remain is one more. */
#define PATH_LENGTH_UNLIMITED (UINT32_MAX - 1)

struct ipxe_certificate {
	unsigned char *bytes; /* owned; the cursors point into it */
	struct der raw;	      /* the whole */
	struct der tbs, serial, issuer, subject, public_key, signature;
	struct der tbs_algorithm_field, algorithm_field; /* the two that should be the same */
	const struct ipxe_algorithm *key_algorithm;
	const struct ipxe_algorithm *signature_algorithm;
	int64_t not_before, not_after; /* seconds since 1970 */
	bool ca;
	uint32_t path_length;
	bool usage_present;
	unsigned int usage;
	bool code_signing;
	struct der ocsp_uri; /* empty: none */
	char *name;	     /* the subject, printable, owned; never empty */

	/* What validation found out. */
	bool trusted; /* pinned */
	bool valid;
	uint32_t path_remaining;
	int64_t valid_until; /* the earliest notAfter on the way to the pinned one */
};

/* Reads a certificate from a copy of `raw`. `position` says which one it is in messages that
 * have no subject: "certificate 2 of f.sig". Returns NULL with the refusal filled. */
struct ipxe_certificate *certificate_read(struct der raw, enum ipxe_version version,
					  const char *position, struct refusal *refusal);

void certificate_free(struct ipxe_certificate *certificate);

/* ---- for people ---------------------------------------------------------- */

/* A distinguished name: "O=Example, CN=Root"; "an empty name" if there is nothing in it.
 * Printable, owned by the caller. */
char *certificate_name_text(struct der name);

/* "RSA 2048", "EC P-256", "RSASSA-PSS 2048", or the algorithm's name. Owned by the caller. */
char *certificate_key_text(struct der public_key);

/* The serial number (an INTEGER) in lower-case hexadecimal. Owned by the caller. */
char *certificate_serial_text(struct der serial);

/* What the judgement tells about a certificate. Fails as digest_bytes() does. */
int certificate_describe(const struct ipxe_certificate *certificate,
			 struct certificate_description *description, struct error *err);

#endif
