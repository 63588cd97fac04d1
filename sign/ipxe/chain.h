/* Building and validating certificate chains as iPXE does (its src/crypto/x509.c, certstore.c
 * and src/net/validator.c).
 */
#ifndef SIGN_IPXE_CHAIN_H
#define SIGN_IPXE_CHAIN_H

#include "sign/der.h"
#include "sign/ipxe/certificate.h"
#include "sign/ipxe/policy.h"
#include "sign/ipxe/refusal.h"

/* An ordered list of certificates that someone else owns. Zero-initialise. */
struct ipxe_chain {
	struct ipxe_certificate **links;
	size_t count;
};

void chain_append(struct ipxe_chain *chain, struct ipxe_certificate *certificate);
void chain_free(struct ipxe_chain *chain);

/* Every certificate that this iPXE has seen: those compiled in and those of the signature. Owns
 * them. The most recently seen one comes first, and the order matters: the first one of a name
 * is taken. Zero-initialise but for the policy. */
struct ipxe_store {
	const struct ipxe_policy *policy;
	/* The SHA-256 of the certificates that TRUST= pins. */
	const struct digest *pins;
	size_t pin_count;
	struct ipxe_chain recent;
};

void store_free(struct ipxe_store *store);

/* Finds a certificate or reads it. `position` as for certificate_read(). Returns NULL with the
 * refusal filled. */
struct ipxe_certificate *store_take(struct ipxe_store *store, struct der raw, const char *position,
				    struct refusal *refusal);

/* Appends issuers from `candidates`, the first one of each name, until there is none or it issued
 * itself. `candidates` NULL: the store. Fails for names that go round in a circle. */
int chain_complete(struct ipxe_chain *chain, const struct ipxe_chain *candidates,
		   const struct ipxe_store *store, struct refusal *refusal);

/* Completes the chain from the store and validates it, from the first pinned certificate up to
 * the signer's at its start. `what` names the signature in messages. */
int chain_validate(struct ipxe_chain *chain, const struct ipxe_store *store, const char *what,
		   struct refusal *refusal);

#endif
