#include "sign/keys/certificate.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "digest/digest.h"
#include "sign/ipxe/certificate.h"
#include "sign/ossl.h"

#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

/* Room for some thousand certificates: the largest bundles have 150. */
enum { CERTIFICATE_FILE_LIMIT = 16 * 1024 * 1024 };

DEFINE_CLEANUP(BASIC_CONSTRAINTS *, BASIC_CONSTRAINTS_free)

/* ---- what a certificate says ------------------------------------------------------- */

/* Names and numbers read as the judge's messages write them. */
static char *name_text(const X509_NAME *name)
{
	unsigned char *der = NULL;
	int length = i2d_X509_NAME(name, &der);
	char *text = certificate_name_text(
		(struct der){ .data = der, .length = length > 0 ? (size_t)length : 0 });

	OPENSSL_free(der);
	return text;
}

static char *serial_text(const X509 *x509)
{
	unsigned char *der = NULL;
	int length = i2d_ASN1_INTEGER(X509_get0_serialNumber(x509), &der);
	char *text = certificate_serial_text(
		(struct der){ .data = der, .length = length > 0 ? (size_t)length : 0 });

	OPENSSL_free(der);
	return text;
}

char *pkey_describe(const EVP_PKEY *pkey)
{
	char group[64];
	int nid;

	if (!pkey)
		return xstrdup("unknown");
	if (EVP_PKEY_is_a(pkey, "RSA"))
		return xasprintf("RSA %d", EVP_PKEY_get_bits(pkey));
	if (EVP_PKEY_is_a(pkey, "EC") &&
	    EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL)) {
		nid = OBJ_txt2nid(group);
		return xasprintf("EC %s", EC_curve_nid2nist(nid) ? EC_curve_nid2nist(nid) : group);
	}
	return xstrdup(EVP_PKEY_get0_type_name(pkey) ? EVP_PKEY_get0_type_name(pkey) : "unknown");
}

struct usage_name {
	uint32_t flag;
	const char *name; /* as RFC 5280 spells it */
};

static const struct usage_name key_usages[] = {
	{ KU_DIGITAL_SIGNATURE, "digitalSignature" },
	{ KU_NON_REPUDIATION, "nonRepudiation" },
	{ KU_KEY_ENCIPHERMENT, "keyEncipherment" },
	{ KU_DATA_ENCIPHERMENT, "dataEncipherment" },
	{ KU_KEY_AGREEMENT, "keyAgreement" },
	{ KU_KEY_CERT_SIGN, "keyCertSign" },
	{ KU_CRL_SIGN, "cRLSign" },
	{ KU_ENCIPHER_ONLY, "encipherOnly" },
	{ KU_DECIPHER_ONLY, "decipherOnly" },
	{ 0, NULL },
};

static const struct usage_name extended_usages[] = {
	{ XKU_SSL_SERVER, "serverAuth" },      { XKU_SSL_CLIENT, "clientAuth" },
	{ XKU_CODE_SIGN, "codeSigning" },      { XKU_SMIME, "emailProtection" },
	{ XKU_TIMESTAMP, "timeStamping" },     { XKU_OCSP_SIGN, "OCSPSigning" },
	{ XKU_ANYEKU, "anyExtendedKeyUsage" }, { 0, NULL },
};

static void add_usages(struct buffer *text, uint32_t flags, const struct usage_name *names)
{
	const char *separator = text->length ? "; " : "";

	if (flags == UINT32_MAX)
		return; /* the extension is not there */
	for (; names->name; names++) {
		if (!(flags & names->flag))
			continue;
		buffer_printf(text, "%s%s", separator, names->name);
		separator = ", ";
	}
}

static char *usage_text(X509 *x509)
{
	struct buffer text = { 0 };

	buffer_add_text(&text, "");
	add_usages(&text, X509_get_key_usage(x509), key_usages);
	add_usages(&text, X509_get_extended_key_usage(x509), extended_usages);
	return text.data;
}

static int time_value(const ASN1_TIME *when, int64_t *value)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(when, &tm))
		return -1;
	*value = (int64_t)timegm(&tm);
	return 0;
}

static bool is_self_signed(X509 *x509)
{
	EVP_PKEY *pkey = X509_get0_pubkey(x509);

	return !X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) && pkey &&
	       X509_verify(x509, pkey) == 1;
}

static int describe(struct certificate *certificate, struct error *err)
{
	X509 *x509 = certificate->x509;
	cleanup_buffer struct buffer der = { 0 };
	cleanup_with(BASIC_CONSTRAINTS_freep) BASIC_CONSTRAINTS *basic =
		X509_get_ext_d2i(x509, NID_basic_constraints, NULL, NULL);

	certificate->subject = name_text(X509_get_subject_name(x509));
	certificate->issuer = name_text(X509_get_issuer_name(x509));
	certificate->serial = serial_text(x509);
	certificate->key = pkey_describe(X509_get0_pubkey(x509));
	certificate->usage = usage_text(x509);
	certificate->authority = basic && basic->ca;
	certificate->self_signed = is_self_signed(x509);
	ERR_clear_error();
	if (time_value(X509_get0_notBefore(x509), &certificate->not_before) < 0 ||
	    time_value(X509_get0_notAfter(x509), &certificate->not_after) < 0)
		return err_fail(err, ERR_INPUT, "%s: has a validity period that is not a time",
				certificate->origin);
	if (certificate_to_der(certificate, &der, err) < 0)
		return -1;
	return digest_sha256_hex(der.data, der.length, certificate->fingerprint, err);
}

/* ---- reading ------------------------------------------------------------------------- */

int certificates_add(struct certificates *certificates, X509 *x509, const char *origin,
		     struct error *err)
{
	struct certificate *certificate;
	char printable[4096];

	array_grow(certificates->list, certificates->count);
	certificate = &certificates->list[certificates->count++];
	text_printable(origin, strlen(origin), printable, sizeof(printable));
	*certificate = (struct certificate){ .x509 = x509, .origin = xstrdup(printable) };
	return describe(certificate, err);
}

/* One PEM block; *done at the end of the blocks. */
static int read_block(BIO *bio, const char *path, size_t *number, struct certificates *certificates,
		      bool *done, struct error *err)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	const unsigned char *cursor;
	cleanup_free char *origin = NULL;
	X509 *x509 = NULL;
	long length;
	bool wanted;

	if (!PEM_read_bio(bio, &name, &header, &data, &length)) {
		*done = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
		if (*done) {
			ERR_clear_error();
			return 0;
		}
		return ossl_fail(err, ERR_INPUT, "%s: a PEM block is damaged or cut off", path);
	}
	wanted = !strcmp(name, PEM_STRING_X509) || !strcmp(name, PEM_STRING_X509_OLD);
	cursor = data;
	if (wanted)
		x509 = d2i_X509(NULL, &cursor, length);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(data, length > 0 ? (size_t)length : 0);
	if (!wanted)
		return 0;
	++*number;
	origin = *number == 1 ? xstrdup(path) : xasprintf("%s (%zu)", path, *number);
	if (!x509)
		return ossl_fail(err, ERR_INPUT, "%s: is a damaged certificate", origin);
	return certificates_add(certificates, x509, origin, err);
}

static int read_pem(const char *path, const struct bytes *bytes, struct certificates *certificates,
		    struct error *err)
{
	cleanup_bio BIO *bio = BIO_new_mem_buf(bytes->data, (int)bytes->size);
	size_t number = 0;
	bool done = false;

	if (!bio)
		return ossl_fail(err, ERR_INTERNAL, "%s: cannot be read from memory", path);
	while (!done)
		if (read_block(bio, path, &number, certificates, &done, err) < 0)
			return -1;
	if (number)
		return 0;
	err_fail(err, ERR_INPUT, "%s: holds PEM blocks, but no certificate", path);
	return err_mend(err, "name the file that begins with BEGIN CERTIFICATE");
}

int certificates_read(const char *path, struct certificates *certificates, struct error *err)
{
	/* A private key may lie beside the certificate. */
	cleanup_secret struct bytes bytes = { 0 };
	const unsigned char *cursor;
	X509 *x509;

	if (file_read(path, CERTIFICATE_FILE_LIMIT, 0, &bytes, err) < 0)
		return -1;
	if (memmem(bytes.data, bytes.size, "-----BEGIN ", 11))
		return read_pem(path, &bytes, certificates, err);
	cursor = bytes.data;
	x509 = d2i_X509(NULL, &cursor, (long)bytes.size);
	if (x509 && cursor == bytes.data + bytes.size)
		return certificates_add(certificates, x509, path, err);
	X509_free(x509);
	ERR_clear_error();
	err_fail(err, ERR_INPUT, "%s: is not a certificate, neither PEM nor DER", path);
	return err_mend(err,
			"name a certificate in PEM or DER form; out of a PKCS #12 file: openssl "
			"pkcs12 -in FILE -nokeys -out FILE.pem");
}

void certificates_free(struct certificates *certificates)
{
	for (size_t i = 0; i < certificates->count; i++) {
		struct certificate *certificate = &certificates->list[i];

		free(certificate->origin);
		free(certificate->subject);
		free(certificate->issuer);
		free(certificate->serial);
		free(certificate->key);
		free(certificate->usage);
		X509_free(certificate->x509);
	}
	free(certificates->list);
	*certificates = (struct certificates){ 0 };
}

/* ---- writing ----------------------------------------------------------------------------- */

int certificate_to_der(const struct certificate *certificate, struct buffer *buffer,
		       struct error *err)
{
	unsigned char *der = NULL;
	int length = i2d_X509(certificate->x509, &der);

	if (length <= 0)
		return ossl_fail(err, ERR_INTERNAL, "%s: cannot be written as DER",
				 certificate->origin);
	buffer_add(buffer, der, (size_t)length);
	OPENSSL_free(der);
	return 0;
}

int certificate_to_pem(const struct certificate *certificate, struct buffer *buffer,
		       struct error *err)
{
	cleanup_bio BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long length;

	if (!bio || !PEM_write_bio_X509(bio, certificate->x509))
		return ossl_fail(err, ERR_INTERNAL, "%s: cannot be written as PEM",
				 certificate->origin);
	length = BIO_get_mem_data(bio, &data);
	buffer_add(buffer, data, (size_t)length);
	return 0;
}
