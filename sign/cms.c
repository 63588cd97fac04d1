#include "sign/cms.h"

#include "base/alloc.h"
#include "sign/ossl.h"

#include <openssl/cms.h>
#include <string.h>

DEFINE_CLEANUP(CMS_ContentInfo *, CMS_ContentInfo_free)
#define cleanup_cms cleanup_with(CMS_ContentInfo_freep)

enum { SIGNING_FLAGS = CMS_DETACHED | CMS_BINARY | CMS_NOATTR | CMS_NOSMIMECAP };

/* A SignedData with the certificates and a signer that has not signed yet.
 *
 * OpenSSL only wants a private key here to compare it with the certificate and to see its kind:
 * the public key serves as well, and the private one may stay in its token. */
static CMS_SignerInfo *add_signer(CMS_ContentInfo *cms, const struct certificate_chain *chain,
				  const struct digest *digest)
{
	X509 *leaf = chain->list[0]->x509;
	const EVP_MD *method = EVP_get_digestbyname(digest_name(digest->algorithm));
	CMS_SignerInfo *signer =
		CMS_add1_signer(cms, leaf, X509_get0_pubkey(leaf), method, SIGNING_FLAGS);

	for (size_t i = 1; signer && i < chain->count; i++)
		if (!CMS_add1_cert(cms, chain->list[i]->x509))
			return NULL;
	return signer;
}

/* Settles the versions in the structure. OpenSSL does it when it begins to read the content,
 * of which it gets none here: what is signed has been hashed already. */
static int settle_versions(CMS_ContentInfo *cms)
{
	cleanup_bio BIO *bio = CMS_dataInit(cms, NULL);

	return bio ? 0 : -1;
}

static int to_der(CMS_ContentInfo *cms, struct bytes *der)
{
	unsigned char *data = NULL;
	int length = i2d_CMS_ContentInfo(cms, &data);

	if (length <= 0)
		return -1;
	der->size = (size_t)length;
	der->data = xcalloc(1, der->size + 1);
	memcpy(der->data, data, der->size);
	OPENSSL_free(data);
	return 0;
}

int cms_assemble(const struct certificate_chain *chain, const struct digest *digest,
		 const struct bytes *signature, struct bytes *der, struct error *err)
{
	cleanup_cms CMS_ContentInfo *cms =
		CMS_sign(NULL, NULL, NULL, NULL, SIGNING_FLAGS | CMS_PARTIAL);
	CMS_SignerInfo *signer = cms ? add_signer(cms, chain, digest) : NULL;

	*der = (struct bytes){ 0 };
	if (!signer || settle_versions(cms) < 0 ||
	    !ASN1_OCTET_STRING_set(CMS_SignerInfo_get0_signature(signer), signature->data,
				   (int)signature->size) ||
	    to_der(cms, der) < 0)
		return ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot put the signature together");
	return 0;
}
