/* The algorithms that iPXE knows by object identifier, version by version: its table
 * ASN1_ALGORITHMS as the default config/crypto.h builds it.
 */
#ifndef SIGN_IPXE_ALGORITHM_H
#define SIGN_IPXE_ALGORITHM_H

#include "sign/der.h"
#include "digest/digest.h"
#include "sign/ipxe/version.h"

enum ipxe_pubkey {
	PUBKEY_NONE,
	PUBKEY_RSA,	/* PKCS#1 v1.5 */
	PUBKEY_RSA_PSS, /* salt as long as the digest, MGF1 with the same digest */
	PUBKEY_ECDSA,
};

enum ipxe_curve {
	CURVE_NONE,
	CURVE_P256,
	CURVE_P384,
	CURVE_X25519, /* for key exchange only */
};

/* One row: what an identifier stands for. Several can be set: sha256WithRSAEncryption is both
 * RSA and SHA-256. */
struct ipxe_algorithm {
	const char *name;
	enum ipxe_pubkey pubkey;
	bool has_digest;
	enum digest_algorithm digest;
	enum ipxe_curve curve;
	bool cipher;
	enum ipxe_version since;
	unsigned char oid_length;
	unsigned char oid[11];
};

/* Identify the algorithm of an AlgorithmIdentifier at the cursor, which must have a public key, a
 * digest, or both (a signature); parameters are not looked at. They return 0 or iPXE's error;
 * *algorithm may be set even then, for messages. */
uint32_t algorithm_pubkey(struct der cursor, enum ipxe_version version,
			  const struct ipxe_algorithm **algorithm);
uint32_t algorithm_digest(struct der cursor, enum ipxe_version version,
			  const struct ipxe_algorithm **algorithm);
uint32_t algorithm_signature(struct der cursor, enum ipxe_version version,
			     const struct ipxe_algorithm **algorithm);
uint32_t algorithm_cipher(struct der cursor, enum ipxe_version version,
			  const struct ipxe_algorithm **algorithm);

/* The curve that an AlgorithmIdentifier of an elliptic key names in its parameters. */
uint32_t algorithm_curve(struct der cursor, enum ipxe_version version, enum ipxe_curve *curve);

/* The parameters behind the identifier; empty if there are none. */
struct der algorithm_parameters(struct der cursor);

/* The name of an object identifier for messages: what OpenSSL calls it, else dotted numbers. */
const char *oid_text(struct der oid, char text[static 96]);

/* The same for the one that an AlgorithmIdentifier begins with: iPXE's name if it has one. */
const char *algorithm_text(struct der cursor, char text[static 96]);

#endif
