#include "sign/keys/issue.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "digest/digest.h"
#include "sign/ossl.h"

#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

DEFINE_CLEANUP(X509_EXTENSION *, X509_EXTENSION_free)
DEFINE_CLEANUP(X509_NAME *, X509_NAME_free)
DEFINE_CLEANUP(BIGNUM *, BN_free)

/* RFC 5280 allows 20; these are unique, and positive in 16 as in 20. */
enum { SERIAL_BYTES = 16 };

struct extension {
	int nid;
	const char *value; /* OpenSSL's x509v3_config(5) */
};

static const struct extension root_extensions[] = {
	{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
	{ NID_key_usage, "critical,keyCertSign,cRLSign" },
	{ NID_subject_key_identifier, "hash" },
	{ 0, NULL },
};

/* iPXE refuses critical extensions that it does not know; it knows these. */
static const struct extension signer_extensions[] = {
	{ NID_basic_constraints, "critical,CA:FALSE" },
	{ NID_key_usage, "critical,digitalSignature" },
	{ NID_ext_key_usage, "codeSigning" },
	{ NID_subject_key_identifier, "hash" },
	{ NID_authority_key_identifier, "keyid:always" },
	{ 0, NULL },
};

X509_NAME *common_name(const char *name, struct error *err)
{
	cleanup_with(X509_NAME_freep) X509_NAME *result = X509_NAME_new();

	if (!result || !X509_NAME_add_entry_by_NID(result, NID_commonName, MBSTRING_UTF8,
						   (const unsigned char *)name, -1, -1, 0)) {
		ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot make the name '%s'", name);
		return NULL;
	}
	return steal(result);
}

/* ---- serial numbers -------------------------------------------------------------------- */

static void add_public_key(struct buffer *buffer, EVP_PKEY *pkey)
{
	unsigned char *der = NULL;
	int length = i2d_PUBKEY(pkey, &der);

	if (length > 0)
		buffer_add(buffer, der, (size_t)length);
	OPENSSL_free(der);
}

static int derived_serial(const struct issue *issue, unsigned char *serial, struct error *err)
{
	cleanup_buffer struct buffer all = { 0 };
	unsigned char *name = NULL;
	int length = i2d_X509_NAME(issue->subject, &name);
	struct digest digest;

	if (length > 0)
		buffer_add(&all, name, (size_t)length);
	OPENSSL_free(name);
	add_public_key(&all, issue->issuer_key);
	add_public_key(&all, issue->subject_key);
	buffer_printf(&all, "%lld %lld", (long long)issue->not_before, (long long)issue->not_after);
	if (digest_bytes(DIGEST_SHA256, all.data, all.length, &digest, err) < 0)
		return -1;
	memcpy(serial, digest.bytes, SERIAL_BYTES);
	return 0;
}

static int set_serial(X509 *x509, const struct issue *issue, struct error *err)
{
	unsigned char serial[SERIAL_BYTES];
	cleanup_with(BN_freep) BIGNUM *number = NULL;

	if (issue->fixed_serial) {
		if (derived_serial(issue, serial, err) < 0)
			return -1;
	} else if (RAND_bytes(serial, sizeof(serial)) != 1) {
		return ossl_fail(err, ERR_INTERNAL, "OpenSSL has no random numbers");
	}
	/* Positive, not zero, and always of the same length. */
	serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
	number = BN_bin2bn(serial, sizeof(serial), NULL);
	if (!number || !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)))
		return ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot set a serial number");
	return 0;
}

/* ---- certificates ------------------------------------------------------------------------ */

static int add_extensions(X509 *x509, X509 *issuer, const struct extension *extensions,
			  struct error *err)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&context);
	for (; extensions->nid; extensions++) {
		cleanup_with(X509_EXTENSION_freep) X509_EXTENSION *extension =
			X509V3_EXT_conf_nid(NULL, &context, extensions->nid, extensions->value);

		if (!extension || !X509_add_ext(x509, extension, -1))
			return ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot add the extension %s",
					 OBJ_nid2ln(extensions->nid));
	}
	return 0;
}

static int fill(X509 *x509, const struct issue *issue, struct error *err)
{
	const X509_NAME *issuer_name =
		issue->issuer ? X509_get_subject_name(issue->issuer) : issue->subject;

	if (set_serial(x509, issue, err) < 0)
		return -1;
	if (!X509_set_version(x509, X509_VERSION_3) ||
	    !X509_set_subject_name(x509, issue->subject) ||
	    !X509_set_issuer_name(x509, issuer_name) ||
	    !ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)issue->not_before) ||
	    !ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)issue->not_after) ||
	    !X509_set_pubkey(x509, issue->subject_key))
		return ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot fill a certificate");
	return add_extensions(x509, issue->issuer ? issue->issuer : x509,
			      issue->issuer ? signer_extensions : root_extensions, err);
}

X509 *certificate_issue(const struct issue *issue, struct error *err)
{
	cleanup_x509 X509 *x509 = X509_new();
	bool large_curve = EVP_PKEY_is_a(issue->issuer_key, "EC") &&
			   EVP_PKEY_get_bits(issue->issuer_key) > 256;

	if (!x509) {
		ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot make a certificate");
		return NULL;
	}
	if (fill(x509, issue, err) < 0)
		return NULL;
	if (!X509_sign(x509, issue->issuer_key, large_curve ? EVP_sha384() : EVP_sha256())) {
		ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot sign a certificate");
		return NULL;
	}
	return steal(x509);
}
