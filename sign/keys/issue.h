/* Making certificates. For sign/keys/authority.c only. */
#ifndef SIGN_KEYS_ISSUE_H
#define SIGN_KEYS_ISSUE_H

#include "base/error.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

struct issue {
	const X509_NAME *subject;
	EVP_PKEY *subject_key; /* the public half is enough */
	X509 *issuer;	       /* NULL: a root, which signs itself */
	EVP_PKEY *issuer_key;
	int64_t not_before, not_after; /* seconds since 1970 */
	bool fixed_serial; /* from a digest of all this, so that the same request gives the same */
};

/* A name with a common name only (UTF-8). NULL with ERR_INTERNAL. */
X509_NAME *common_name(const char *name, struct error *err);

/* A version 3 certificate, signed with SHA-256 (SHA-384 by EC keys larger than 256 bits): a root
 * has CA:TRUE with path length 0 and may sign certificates; the others are for signing code. Fails
 * with ERR_INTERNAL. */
X509 *certificate_issue(const struct issue *issue, struct error *err);

#endif
