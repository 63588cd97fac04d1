#include "tests/unit/pki.h"

#include "base/alloc.h"

#include <string.h>

static void pki_add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;

	if (!value)
		return;
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	pki_require(extension && X509_add_ext(certificate, extension, -1));
	X509_EXTENSION_free(extension);
}

static void pki_set_validity(X509 *certificate, const struct pki_spec *spec)
{
	bool given = spec->from || spec->until;

	pki_require(ASN1_TIME_set(X509_getm_notBefore(certificate),
				  PKI_NOW + (given ? spec->from : -PKI_DAY)));
	pki_require(ASN1_TIME_set(X509_getm_notAfter(certificate),
				  PKI_NOW + (given ? spec->until : 365 * PKI_DAY)));
}

X509 *pki_issue(struct pki_spec spec)
{
	static long next_serial = 100;
	X509 *certificate = X509_new();
	X509_NAME *name;

	pki_require(certificate && X509_set_version(certificate, spec.version_1 ? 0 : 2));
	ASN1_INTEGER_set(X509_get_serialNumber(certificate),
			 spec.serial ? spec.serial : next_serial++);
	name = X509_get_subject_name(certificate);
	if (*spec.name)
		pki_require(X509_NAME_add_entry_by_txt(
			name, "CN", spec.name_type ? spec.name_type : MBSTRING_UTF8,
			(const unsigned char *)spec.name, -1, -1, 0));
	pki_require(X509_set_issuer_name(certificate,
					 spec.issuer ? X509_get_subject_name(spec.issuer) : name));
	pki_set_validity(certificate, &spec);
	pki_require(X509_set_pubkey(certificate, spec.key));
	if (!spec.version_1) {
		pki_add_extension(certificate, NID_basic_constraints, spec.constraints);
		pki_add_extension(certificate, NID_key_usage, spec.usage);
		pki_add_extension(certificate, NID_ext_key_usage, spec.purpose);
		pki_add_extension(certificate, NID_info_access, spec.access);
		pki_add_extension(certificate, NID_subject_key_identifier, "hash");
	}
	pki_require(X509_sign(certificate, spec.issuer ? spec.issuer_key : spec.key,
			      spec.md ? spec.md : EVP_sha256()));
	return certificate;
}

struct bytes pki_bytes_of_bio(BIO *bio)
{
	struct bytes bytes = { 0 };
	char *data;
	long length = BIO_get_mem_data(bio, &data);

	bytes.data = xcalloc(1, (size_t)length + 1);
	bytes.size = (size_t)length;
	if (bytes.size)
		memcpy(bytes.data, data, bytes.size);
	BIO_free(bio);
	return bytes;
}

struct bytes pki_der(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());

	pki_require(bio && i2d_X509_bio(bio, certificate));
	return pki_bytes_of_bio(bio);
}

struct bytes pki_pem(X509 *const *certificates, size_t count)
{
	BIO *bio = BIO_new(BIO_s_mem());

	for (size_t i = 0; i < count; i++)
		pki_require(PEM_write_bio_X509(bio, certificates[i]));
	return pki_bytes_of_bio(bio);
}

static void pki_set_padding(CMS_SignerInfo *info, const struct pki_signer *signer)
{
	EVP_PKEY_CTX *context = CMS_SignerInfo_get0_pkey_ctx(info);

	if (!signer->padding)
		return;
	pki_require(context && EVP_PKEY_CTX_set_rsa_padding(context, signer->padding) > 0 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(context, signer->salt_length) > 0);
}

CMS_ContentInfo *pki_cms(const struct pki_signer *signers, size_t count, X509 *const *others,
			 size_t other_count, const void *data, size_t size, unsigned int flags)
{
	BIO *in = BIO_new_mem_buf(size ? data : "", (int)size);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_PARTIAL);

	pki_require(in && cms);
	for (size_t i = 0; i < count; i++) {
		unsigned int own = flags | signers[i].flags |
				   (signers[i].attributes ? 0 : CMS_NOATTR) | CMS_KEY_PARAM;
		CMS_SignerInfo *info =
			CMS_add1_signer(cms, signers[i].certificate, signers[i].key,
					signers[i].md ? signers[i].md : EVP_sha256(), own);

		pki_require(info);
		pki_set_padding(info, &signers[i]);
	}
	for (size_t i = 0; i < other_count; i++)
		pki_require(CMS_add1_cert(cms, others[i]));
	pki_require(CMS_final(cms, in, NULL, flags));
	BIO_free(in);
	return cms;
}

struct bytes pki_sign(const struct pki_signer *signers, size_t count, X509 *const *others,
		      size_t other_count, const void *data, size_t size)
{
	CMS_ContentInfo *cms =
		pki_cms(signers, count, others, other_count, data, size, CMS_BINARY | CMS_DETACHED);
	BIO *bio = BIO_new(BIO_s_mem());

	pki_require(bio && i2d_CMS_bio(bio, cms));
	CMS_ContentInfo_free(cms);
	return pki_bytes_of_bio(bio);
}

struct bytes pki_bundle(X509 *certificate)
{
	PKCS7 *bundle = PKCS7_new();
	BIO *bio = BIO_new(BIO_s_mem());

	pki_require(bundle && bio && PKCS7_set_type(bundle, NID_pkcs7_signed) &&
		    PKCS7_content_new(bundle, NID_pkcs7_data) &&
		    PKCS7_add_certificate(bundle, certificate) && i2d_PKCS7_bio(bio, bundle));
	PKCS7_free(bundle);
	return pki_bytes_of_bio(bio);
}

struct bytes pki_to_pem(const struct bytes *der)
{
	BIO *in = BIO_new_mem_buf(der->data, (int)der->size), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = d2i_CMS_bio(in, NULL);

	pki_require(cms && out && PEM_write_bio_CMS(out, cms));
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return pki_bytes_of_bio(out);
}
