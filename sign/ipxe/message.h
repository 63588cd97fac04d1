/* A CMS message as iPXE reads it (its src/crypto/cms.c): fields that it skips are skipped. */
#ifndef SIGN_IPXE_MESSAGE_H
#define SIGN_IPXE_MESSAGE_H

#include "sign/der.h"
#include "sign/ipxe/algorithm.h"
#include "sign/ipxe/chain.h"
#include "sign/ipxe/refusal.h"

/* One SignerInfo (or, in an encrypted message, one recipient). */
struct ipxe_signer {
	struct der info;       /* the whole object */
	struct der attributes; /* its signedAttrs, header included; empty: none */
	struct der digest_field, algorithm_field;
	const struct ipxe_algorithm *digest;
	const struct ipxe_algorithm *algorithm;
	struct der value;	 /* the signature */
	struct ipxe_chain chain; /* begins with the signer's certificate */
};

struct ipxe_message {
	const char *name; /* the file */
	bool signed_data; /* false: an encrypted message, from iPXE 2.0.0 on */
	struct der version, digests, encapsulated; /* what iPXE skips, headers included */
	struct ipxe_chain certificates;		   /* in the order in which they lie there */
	struct ipxe_signer *signers;
	size_t signer_count;
};

/* Reads a message; its certificates go into the store. The message points into `der`. */
int message_read(struct ipxe_message *message, struct der der, const char *name,
		 struct ipxe_store *store, struct refusal *refusal);

void message_free(struct ipxe_message *message);

/* Makes a message as if the certificates of `bag` had come in a signature by the first one of
 * them, in the order that DER gives a SET. Its one signer has no signature value. */
int message_from_bag(struct ipxe_message *message, const struct der *bag, size_t count,
		     const char *name, struct ipxe_store *store, struct refusal *refusal);

#endif
