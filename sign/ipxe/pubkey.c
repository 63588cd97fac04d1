#include "sign/ipxe/pubkey.h"

#include "base/alloc.h"
#include "sign/ipxe/codes.h"
#include "sign/ossl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

DEFINE_CLEANUP(BIGNUM *, BN_free)
DEFINE_CLEANUP(ECDSA_SIG *, ECDSA_SIG_free)
DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free)
DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)

/* A key of OpenSSL's from its parts, NULL if OpenSSL does not like them. */
static EVP_PKEY *key_from_parameters(const char *type, OSSL_PARAM_BLD *builder)
{
	cleanup_with(OSSL_PARAM_freep) OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
	cleanup_pkey_ctx EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!parameters || !context || EVP_PKEY_fromdata_init(context) <= 0 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
		return NULL;
	return key;
}

/* ---- RSA ----------------------------------------------------------------- */

struct rsa_key {
	struct der modulus, exponent;
};

static uint32_t rsa_read_key(struct der public_key, struct rsa_key *key)
{
	struct der bits = { 0 };
	uint32_t code;

	der_enter(&public_key, DER_SEQUENCE);
	der_skip(&public_key, DER_SEQUENCE);
	der_bits(public_key, &bits, NULL);
	der_enter(&bits, DER_SEQUENCE);
	code = der_unsigned(bits, &key->modulus);
	if (code)
		return code;
	der_skip(&bits, DER_ANY);
	return der_unsigned(bits, &key->exponent);
}

static EVP_PKEY *rsa_open_key(const struct rsa_key *key)
{
	cleanup_with(OSSL_PARAM_BLD_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	cleanup_with(BN_freep) BIGNUM *modulus =
		BN_bin2bn(key->modulus.data, (int)key->modulus.length, NULL);
	cleanup_with(BN_freep) BIGNUM *exponent =
		BN_bin2bn(key->exponent.data, (int)key->exponent.length, NULL);

	if (!builder || !modulus || !exponent ||
	    !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) ||
	    !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
		return NULL;
	return key_from_parameters("RSA", builder);
}

/* DigestInfo up to the digest itself, RFC 8017 section 9.2 note 1. */
struct prefix {
	size_t length, digest_size;
	unsigned char bytes[19];
};

#define SHA2_PREFIX(total, last, size)                                                             \
	{                                                                                          \
		19, size,                                                                          \
		{                                                                                  \
			0x30, total, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,   \
				0x04, 0x02, last, 0x05, 0x00, 0x04, size                           \
		}                                                                                  \
	}

static const struct prefix prefixes[DIGEST_ALGORITHMS] = {
	[DIGEST_SHA1] = { 15,
			  20,
			  { 0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05,
			    0x00, 0x04, 0x14 } },
	[DIGEST_SHA224] = SHA2_PREFIX(0x2d, 4, 28),
	[DIGEST_SHA256] = SHA2_PREFIX(0x31, 1, 32),
	[DIGEST_SHA384] = SHA2_PREFIX(0x41, 2, 48),
	[DIGEST_SHA512] = SHA2_PREFIX(0x51, 3, 64),
};

/* Bytes around the DigestInfo: 00 01, at least eight ff, 00. */
enum { PKCS1_OVERHEAD = 11 };

static bool rsa_fits(const struct rsa_key *key, enum digest_algorithm digest)
{
	const struct prefix *prefix = &prefixes[digest];

	return prefix->length + prefix->digest_size + PKCS1_OVERHEAD <= key->modulus.length;
}

/* The digest that a deciphered signature holds, whatever it is of. */
static bool rsa_find_digest(const unsigned char *message, size_t length, struct digest *digest)
{
	size_t at = 2;

	if (length < PKCS1_OVERHEAD || message[0] != 0 || message[1] != 1)
		return false;
	while (at < length && message[at] == 0xff)
		at++;
	if (at < 2 + 8 || at == length || message[at] != 0)
		return false;
	at++;
	for (size_t i = 0; i < DIGEST_ALGORITHMS; i++) {
		const struct prefix *prefix = &prefixes[i];

		if (length - at != prefix->length + prefix->digest_size ||
		    memcmp(message + at, prefix->bytes, prefix->length) != 0)
			continue;
		digest->algorithm = (enum digest_algorithm)i;
		digest->size = prefix->digest_size;
		memcpy(digest->bytes, message + at + prefix->length, digest->size);
		return true;
	}
	return false;
}

/* Deciphers the signature into message[], as long as the modulus. */
static bool rsa_decipher(EVP_PKEY *key, struct der signature, unsigned char *message)
{
	cleanup_pkey_ctx EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t length = signature.length;

	return context && EVP_PKEY_encrypt_init(context) > 0 &&
	       EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) > 0 &&
	       EVP_PKEY_encrypt(context, message, &length, signature.data, signature.length) > 0 &&
	       length == signature.length;
}

static bool rsa_pss_verifies(EVP_PKEY *key, const struct digest *digest, struct der signature,
			     int salt_length)
{
	cleanup_pkey_ctx EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	const EVP_MD *method = EVP_get_digestbyname(digest_name(digest->algorithm));

	return context && method && EVP_PKEY_verify_init(context) > 0 &&
	       EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_signature_md(context, method) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, method) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_length) > 0 &&
	       EVP_PKEY_verify(context, signature.data, signature.length, digest->bytes,
			       digest->size) == 1;
}

static uint32_t rsa_verify_pss(EVP_PKEY *key, const struct digest *digest, struct der signature,
			       struct pubkey_result *result)
{
	if (rsa_pss_verifies(key, digest, signature, RSA_PSS_SALTLEN_DIGEST))
		return 0;
	result->finding = rsa_pss_verifies(key, digest, signature, RSA_PSS_SALTLEN_AUTO)
				  ? PUBKEY_OTHER_SALT
				  : PUBKEY_GARBLED;
	return IPXE_RSA_VERIFY;
}

static uint32_t rsa_verify_pkcs1(EVP_PKEY *key, const struct digest *digest, struct der signature,
				 struct pubkey_result *result)
{
	cleanup_free unsigned char *message = xcalloc(1, signature.length + 1);
	struct digest *found = &result->signed_digest;

	if (!rsa_decipher(key, signature, message)) {
		result->finding = PUBKEY_GARBLED;
		return IPXE_RSA_VERIFY;
	}
	if (rsa_find_digest(message, signature.length, found)) {
		if (found->algorithm == digest->algorithm &&
		    !memcmp(found->bytes, digest->bytes, digest->size))
			return 0;
		result->finding = PUBKEY_OTHER_CONTENT;
	} else if (rsa_pss_verifies(key, digest, signature, RSA_PSS_SALTLEN_AUTO)) {
		result->finding = PUBKEY_OTHER_PADDING;
	} else {
		result->finding = PUBKEY_GARBLED;
	}
	return IPXE_RSA_VERIFY;
}

static uint32_t rsa_verify(enum ipxe_pubkey method, struct der public_key,
			   const struct digest *digest, struct der signature,
			   struct pubkey_result *result)
{
	cleanup_pkey EVP_PKEY *key = NULL;
	struct rsa_key parts;
	uint32_t code = rsa_read_key(public_key, &parts);

	result->finding = PUBKEY_BAD_KEY;
	if (code)
		return code;
	if (signature.length != parts.modulus.length) {
		result->finding = PUBKEY_OTHER_LENGTH;
		return IPXE_RSA_RANGE;
	}
	if (method == PUBKEY_RSA && !rsa_fits(&parts, digest->algorithm))
		return IPXE_RSA_RANGE;
	key = rsa_open_key(&parts);
	if (!key) {
		result->finding = PUBKEY_OPENSSL_FAILED;
		return IPXE_RSA_VERIFY;
	}
	return method == PUBKEY_RSA ? rsa_verify_pkcs1(key, digest, signature, result)
				    : rsa_verify_pss(key, digest, signature, result);
}

/* ---- ECDSA --------------------------------------------------------------- */

enum { LARGEST_COORDINATE = 48 };

struct curve {
	const char *name; /* OpenSSL's */
	size_t key_size;
	unsigned char order[LARGEST_COORDINATE]; /* SEC 2 */
};

static const struct curve p256 = {
	"P-256",
	32,
	{ 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
	  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 },
};

static const struct curve p384 = {
	"P-384",
	48,
	{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2,
	  0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73 },
};

struct ec_key {
	const struct curve *curve;
	struct der point; /* uncompressed: 04, x, y */
};

static uint32_t ec_read_key(struct der public_key, enum ipxe_version version, struct ec_key *key)
{
	struct der algorithm, bits = { 0 };
	enum ipxe_curve curve;
	uint32_t code;

	der_enter(&public_key, DER_SEQUENCE);
	algorithm = public_key;
	der_skip(&public_key, DER_ANY);
	der_bits(public_key, &bits, NULL);
	code = algorithm_curve(algorithm, version, &curve);
	if (code)
		return code;
	if (curve == CURVE_X25519)
		return IPXE_ECDSA_POINT_SIZE;
	key->curve = curve == CURVE_P256 ? &p256 : &p384;
	key->point = bits;
	if (bits.length != 1 + 2 * key->curve->key_size)
		return IPXE_ECDSA_POINT_SIZE;
	if (bits.data[0] != 0x04)
		return IPXE_ECDSA_COMPRESSION;
	for (size_t i = 1; i < bits.length; i++)
		if (bits.data[i])
			return 0;
	return IPXE_ECDSA_INFINITY;
}

static EVP_PKEY *ec_open_key(const struct ec_key *key)
{
	cleanup_with(OSSL_PARAM_BLD_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	if (!builder ||
	    !OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, key->curve->name,
					     0) ||
	    !OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, key->point.data,
					      key->point.length))
		return NULL;
	return key_from_parameters("EC", builder);
}

/* One of the two numbers of a signature, which must lie between 0 and the order. */
static uint32_t ec_read_number(struct der cursor, const struct curve *curve, BIGNUM **number)
{
	unsigned char padded[LARGEST_COORDINATE] = { 0 };
	struct der magnitude;
	uint32_t code = der_unsigned(cursor, &magnitude);

	if (code)
		return code;
	if (magnitude.length > curve->key_size)
		return IPXE_ECDSA_KEY_SIZE;
	memcpy(padded + curve->key_size - magnitude.length, magnitude.data, magnitude.length);
	*number = BN_bin2bn(padded, (int)curve->key_size, NULL);
	if (!*number || BN_is_zero(*number) || memcmp(padded, curve->order, curve->key_size) >= 0)
		return IPXE_ECDSA_RANGE;
	return 0;
}

/* The same numbers in the strict DER that OpenSSL wants. */
static uint32_t ec_read_signature(struct der signature, const struct curve *curve,
				  unsigned char **strict, int *length)
{
	cleanup_with(ECDSA_SIG_freep) ECDSA_SIG *numbers = ECDSA_SIG_new();
	cleanup_with(BN_freep) BIGNUM *r = NULL;
	cleanup_with(BN_freep) BIGNUM *s = NULL;
	uint32_t code;

	der_enter(&signature, DER_SEQUENCE);
	code = ec_read_number(signature, curve, &r);
	if (code)
		return code;
	der_skip(&signature, DER_ANY);
	code = ec_read_number(signature, curve, &s);
	if (code)
		return code;
	if (!numbers || !ECDSA_SIG_set0(numbers, r, s))
		return IPXE_ECDSA_SIGNATURE;
	r = s = NULL; /* they are the signature's now */
	*length = i2d_ECDSA_SIG(numbers, strict);
	return *length > 0 ? 0 : IPXE_ECDSA_SIGNATURE;
}

static uint32_t ec_verify(enum ipxe_version version, struct der public_key,
			  const struct digest *digest, struct der signature,
			  struct pubkey_result *result)
{
	cleanup_pkey_ctx EVP_PKEY_CTX *context = NULL;
	cleanup_pkey EVP_PKEY *key = NULL;
	unsigned char *strict = NULL;
	struct ec_key parts;
	int length, verdict;
	uint32_t code = ec_read_key(public_key, version, &parts);

	result->finding = PUBKEY_BAD_KEY;
	if (code)
		return code;
	result->finding = PUBKEY_GARBLED;
	code = ec_read_signature(signature, parts.curve, &strict, &length);
	if (code)
		return code;
	key = ec_open_key(&parts);
	context = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	verdict = context && EVP_PKEY_verify_init(context) > 0
			  ? EVP_PKEY_verify(context, strict, (size_t)length, digest->bytes,
					    digest->size)
			  : 0;
	OPENSSL_free(strict);
	if (!key)
		result->finding = PUBKEY_BAD_KEY;
	return verdict == 1 ? 0 : key ? IPXE_ECDSA_SIGNATURE : IPXE_WEIERSTRASS_POINT;
}

/* ---- both ---------------------------------------------------------------- */

uint32_t pubkey_verify(enum ipxe_pubkey method, enum ipxe_version version, struct der public_key,
		       const struct digest *digest, struct der signature,
		       struct pubkey_result *result)
{
	uint32_t code;

	*result = (struct pubkey_result){ 0 };
	if (method == PUBKEY_ECDSA)
		code = ec_verify(version, public_key, digest, signature, result);
	else
		code = rsa_verify(method, public_key, digest, signature, result);
	ERR_clear_error(); /* the answer is in `code`; OpenSSL's queue is not for anyone */
	return code;
}

uint32_t pubkey_usable(enum ipxe_pubkey method, enum ipxe_version version, struct der public_key,
		       enum digest_algorithm digest)
{
	struct rsa_key rsa;
	struct ec_key ec;
	uint32_t code;

	if (method == PUBKEY_ECDSA)
		return ec_read_key(public_key, version, &ec);
	code = rsa_read_key(public_key, &rsa);
	if (!code && !rsa_fits(&rsa, digest))
		code = IPXE_RSA_RANGE;
	return code;
}
