/* Public-key verification as iPXE does it (its src/crypto/rsa.c and ecdsa.c); the arithmetic is
 * OpenSSL's.
 */
#ifndef SIGN_IPXE_PUBKEY_H
#define SIGN_IPXE_PUBKEY_H

#include "sign/der.h"
#include "digest/digest.h"
#include "sign/ipxe/algorithm.h"

/* What a signature that does not verify was found to be. */
enum pubkey_finding {
	PUBKEY_NOT_EXAMINED,
	PUBKEY_BAD_KEY,	       /* the key itself cannot be used */
	PUBKEY_OTHER_LENGTH,   /* not as long as the key */
	PUBKEY_OTHER_CONTENT,  /* made with this key, over another digest: see `signed_digest` */
	PUBKEY_OTHER_PADDING,  /* made with this key, but with RSASSA-PSS padding */
	PUBKEY_OTHER_SALT,     /* RSASSA-PSS by this key over this digest, other salt length */
	PUBKEY_GARBLED,	       /* not made with this key, or damaged */
	PUBKEY_OPENSSL_FAILED, /* OpenSSL would not do the arithmetic */
};

struct pubkey_result {
	enum pubkey_finding finding;
	struct digest signed_digest; /* PUBKEY_OTHER_CONTENT */
};

/* Checks `signature` over `digest` with the key of a subjectPublicKeyInfo. `method` is what the
 * signature's algorithm says, which need not be the key's. Returns 0 or iPXE's error. */
uint32_t pubkey_verify(enum ipxe_pubkey method, enum ipxe_version version, struct der public_key,
		       const struct digest *digest, struct der signature,
		       struct pubkey_result *result);

/* Whether such a key can verify signatures over such digests at all; 0 or iPXE's error. */
uint32_t pubkey_usable(enum ipxe_pubkey method, enum ipxe_version version, struct der public_key,
		       enum digest_algorithm digest);

#endif
