/* The iPXE that is going to decide, and what it is given. */
#ifndef SIGN_IPXE_POLICY_H
#define SIGN_IPXE_POLICY_H

#include "sign/ipxe/version.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes that the caller owns, and what messages call them (a path, "--ca ca.pem"). */
struct ipxe_blob {
	const unsigned char *data;
	size_t size;
	const char *name;
};

/* The iPXE that is going to decide. */
struct ipxe_policy {
	enum ipxe_version version;
	int64_t time; /* when it decides: seconds since 1970-01-01 00:00 UTC */
	/* TRUST=: what is pinned is the SHA-256 of the *first* certificate of each blob (PEM or
	 * DER); a pinned certificate is not thereby available to complete a chain. With none,
	 * nothing is trusted. */
	const struct ipxe_blob *roots;
	size_t root_count;
	/* CERT=: certificates compiled in (every one of each blob, PEM or DER); they complete
	 * chains and are not trusted for it. May be none. */
	const struct ipxe_blob *embedded;
	size_t embedded_count;
};

#endif
