#include "sign/ipxe/algorithm.h"

#include "sign/ipxe/codes.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>

#define PKCS1 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01
#define NIST_HASH 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02
#define NIST_AES 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01
#define ECDSA_SHA2 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03

#define RSA_WITH(name_, digest_, last)                                                             \
	{                                                                                          \
		.name = name_, .pubkey = PUBKEY_RSA, .has_digest = true, .digest = digest_,        \
		.oid_length = 9,                                                                   \
		.oid = { PKCS1,                                                                    \
			 last }                                                                    \
	}
#define HASH(name_, digest_, last)                                                                 \
	{                                                                                          \
		.name = name_, .has_digest = true, .digest = digest_, .oid_length = 9,             \
		.oid = { NIST_HASH,                                                                \
			 last }                                                                    \
	}
#define ECDSA_WITH(name_, digest_, last)                                                           \
	{                                                                                          \
		.name = name_, .pubkey = PUBKEY_ECDSA, .has_digest = true, .digest = digest_,      \
		.since = IPXE_2_0_0, .oid_length = 8,                                              \
		.oid = { ECDSA_SHA2,                                                               \
			 last }                                                                    \
	}
#define CIPHER(name_, since_, last)                                                                \
	{                                                                                          \
		.name = name_, .cipher = true, .since = since_, .oid_length = 9,                   \
		.oid = { NIST_AES,                                                                 \
			 last }                                                                    \
	}

/* Off by default and so not here: MD4, MD5, SHA-512/224, SHA-512/256. */
static const struct ipxe_algorithm table[] = {
	{ .name = "rsaEncryption", .pubkey = PUBKEY_RSA, .oid_length = 9, .oid = { PKCS1, 1 } },
	RSA_WITH("sha1WithRSAEncryption", DIGEST_SHA1, 5),
	{ .name = "rsassaPss",
	  .pubkey = PUBKEY_RSA_PSS,
	  .since = IPXE_MASTER,
	  .oid_length = 9,
	  .oid = { PKCS1, 10 } },
	RSA_WITH("sha256WithRSAEncryption", DIGEST_SHA256, 11),
	RSA_WITH("sha384WithRSAEncryption", DIGEST_SHA384, 12),
	RSA_WITH("sha512WithRSAEncryption", DIGEST_SHA512, 13),
	RSA_WITH("sha224WithRSAEncryption", DIGEST_SHA224, 14),
	{ .name = "sha1",
	  .has_digest = true,
	  .digest = DIGEST_SHA1,
	  .oid_length = 5,
	  .oid = { 0x2b, 0x0e, 0x03, 0x02, 0x1a } },
	HASH("sha256", DIGEST_SHA256, 1),
	HASH("sha384", DIGEST_SHA384, 2),
	HASH("sha512", DIGEST_SHA512, 3),
	HASH("sha224", DIGEST_SHA224, 4),
	{ .name = "ecPublicKey",
	  .pubkey = PUBKEY_ECDSA,
	  .since = IPXE_2_0_0,
	  .oid_length = 7,
	  .oid = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 } },
	ECDSA_WITH("ecdsa-with-SHA224", DIGEST_SHA224, 1),
	ECDSA_WITH("ecdsa-with-SHA256", DIGEST_SHA256, 2),
	ECDSA_WITH("ecdsa-with-SHA384", DIGEST_SHA384, 3),
	ECDSA_WITH("ecdsa-with-SHA512", DIGEST_SHA512, 4),
	{ .name = "prime256v1",
	  .curve = CURVE_P256,
	  .since = IPXE_2_0_0,
	  .oid_length = 8,
	  .oid = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 } },
	{ .name = "secp384r1",
	  .curve = CURVE_P384,
	  .since = IPXE_2_0_0,
	  .oid_length = 5,
	  .oid = { 0x2b, 0x81, 0x04, 0x00, 0x22 } },
	{ .name = "X25519",
	  .curve = CURVE_X25519,
	  .since = IPXE_2_0_0,
	  .oid_length = 3,
	  .oid = { 0x2b, 0x65, 0x6e } },
	CIPHER("aes128-cbc", IPXE_2_0_0, 2),
	CIPHER("aes192-cbc", IPXE_2_0_0, 22),
	CIPHER("aes256-cbc", IPXE_2_0_0, 42),
	CIPHER("aes128-gcm", IPXE_2_0_0, 6),
	CIPHER("aes192-gcm", IPXE_2_0_0, 26),
	CIPHER("aes256-gcm", IPXE_2_0_0, 46),
};

#define ROWS (sizeof(table) / sizeof(table[0]))

static const struct ipxe_algorithm *find(struct der oid, enum ipxe_version version)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct der known = { table[i].oid, table[i].oid_length };

		if (table[i].since <= version && der_equal(known, oid))
			return &table[i];
	}
	return NULL;
}

static uint32_t identify(struct der cursor, enum ipxe_version version,
			 const struct ipxe_algorithm **algorithm)
{
	*algorithm = NULL;
	der_enter(&cursor, DER_SEQUENCE);
	if (der_enter(&cursor, DER_OID))
		return IPXE_ASN1_ALGORITHM;
	*algorithm = find(cursor, version);
	return *algorithm ? 0 : IPXE_ASN1_UNSUPPORTED_ALGORITHM;
}

uint32_t algorithm_pubkey(struct der cursor, enum ipxe_version version,
			  const struct ipxe_algorithm **algorithm)
{
	uint32_t code = identify(cursor, version, algorithm);

	if (!code && (*algorithm)->pubkey == PUBKEY_NONE)
		code = IPXE_ASN1_INAPPROPRIATE_ALGORITHM;
	return code;
}

uint32_t algorithm_digest(struct der cursor, enum ipxe_version version,
			  const struct ipxe_algorithm **algorithm)
{
	uint32_t code = identify(cursor, version, algorithm);

	if (!code && !(*algorithm)->has_digest)
		code = IPXE_ASN1_INAPPROPRIATE_ALGORITHM;
	return code;
}

uint32_t algorithm_signature(struct der cursor, enum ipxe_version version,
			     const struct ipxe_algorithm **algorithm)
{
	uint32_t code = algorithm_pubkey(cursor, version, algorithm);

	return code ? code : algorithm_digest(cursor, version, algorithm);
}

uint32_t algorithm_cipher(struct der cursor, enum ipxe_version version,
			  const struct ipxe_algorithm **algorithm)
{
	uint32_t code = identify(cursor, version, algorithm);

	if (!code && !(*algorithm)->cipher)
		code = IPXE_ASN1_INAPPROPRIATE_ALGORITHM;
	return code;
}

struct der algorithm_parameters(struct der cursor)
{
	der_enter(&cursor, DER_SEQUENCE);
	der_skip(&cursor, DER_ANY);
	return cursor;
}

uint32_t algorithm_curve(struct der cursor, enum ipxe_version version, enum ipxe_curve *curve)
{
	const struct ipxe_algorithm *algorithm;
	uint32_t code = algorithm_pubkey(cursor, version, &algorithm);
	struct der parameters;

	if (code)
		return code;
	if (algorithm->pubkey != PUBKEY_ECDSA || algorithm->has_digest)
		return IPXE_ASN1_INAPPROPRIATE_ALGORITHM;
	parameters = algorithm_parameters(cursor);
	der_enter(&parameters, DER_OID);
	algorithm = find(parameters, version);
	if (!algorithm)
		return IPXE_ASN1_UNSUPPORTED_ALGORITHM;
	if (algorithm->curve == CURVE_NONE)
		return IPXE_ASN1_INAPPROPRIATE_ALGORITHM;
	*curve = algorithm->curve;
	return 0;
}

const char *oid_text(struct der oid, char text[static 96])
{
	ASN1_OBJECT *object;
	const unsigned char *start;

	der_shrink(&oid, DER_OID);
	start = oid.data;
	object = oid.length ? d2i_ASN1_OBJECT(NULL, &start, (long)oid.length) : NULL;
	if (!object || OBJ_obj2txt(text, 96, object, 0) <= 0)
		snprintf(text, 96, "an unnamed one");
	ASN1_OBJECT_free(object);
	ERR_clear_error(); /* a malformed identifier is not an error of ours */
	return text;
}

const char *algorithm_text(struct der cursor, char text[static 96])
{
	const struct ipxe_algorithm *algorithm;

	if (!identify(cursor, IPXE_MASTER, &algorithm))
		return algorithm->name;
	der_enter(&cursor, DER_SEQUENCE);
	return oid_text(cursor, text);
}
