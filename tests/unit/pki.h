/* Certificates and signatures made for a test, with OpenSSL. Functions end the test program with
 * a message when OpenSSL fails: that is not what is tested. */
#ifndef TESTS_UNIT_PKI_H
#define TESTS_UNIT_PKI_H

#include "base/file.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/cms.h> /* behind pem.h: declares PEM functions only then */
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>

enum { PKI_NOW = 1796083200, PKI_DAY = 86400 }; /* 2026-12-01 00:00:00 UTC */

#define PKI_CA "critical,CA:TRUE"
#define PKI_SIGN_CERTIFICATES "critical,keyCertSign,cRLSign"
#define PKI_SIGN_DATA "critical,digitalSignature"

#define pki_require(condition)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: OpenSSL failed: %s\n", __FILE__, __LINE__,         \
				#condition);                                                       \
			ERR_print_errors_fp(stderr);                                               \
			exit(EXIT_FAILURE);                                                        \
		}                                                                                  \
	} while (0)

/* A certificate to make; what is NULL or 0 is left out or as usual. */
struct pki_spec {
	const char *name; /* commonName; "" for an empty subject */
	EVP_PKEY *key;
	X509 *issuer; /* NULL: self-signed */
	EVP_PKEY *issuer_key;
	long from, until; /* seconds from PKI_NOW; both 0: a day back, a year on */
	const EVP_MD *md; /* NULL: SHA-256 */
	long serial;	  /* 0: the next one */
	const char *constraints, *usage, *purpose, *access;
	int name_type;	/* of the commonName, 0: MBSTRING_UTF8 */
	bool version_1; /* X.509 v1, no extensions */
};

/* One who signs. */
struct pki_signer {
	X509 *certificate;
	EVP_PKEY *key;
	const EVP_MD *md;   /* NULL: SHA-256 */
	unsigned int flags; /* besides CMS_NOATTR */
	bool attributes;    /* with signed attributes */
	int padding;	    /* 0: PKCS#1 v1.5, else RSA_PKCS1_PSS_PADDING */
	int salt_length;    /* RSA_PSS_SALTLEN_... */
};

/* What these return is owned by the caller. */
X509 *pki_issue(struct pki_spec spec);
struct bytes pki_der(X509 *certificate);
struct bytes pki_pem(X509 *const *certificates, size_t count);

/* What was written to a memory BIO, which is released. */
struct bytes pki_bytes_of_bio(BIO *bio);

/* A message with `others` among its certificates; flags are those of CMS_sign(). */
CMS_ContentInfo *pki_cms(const struct pki_signer *signers, size_t count, X509 *const *others,
			 size_t other_count, const void *data, size_t size, unsigned int flags);

/* A detached, binary signature in DER. */
struct bytes pki_sign(const struct pki_signer *signers, size_t count, X509 *const *others,
		      size_t other_count, const void *data, size_t size);

/* Certificates and no signer: what `openssl crl2pkcs7` makes. */
struct bytes pki_bundle(X509 *certificate);

/* A signature in PEM. */
struct bytes pki_to_pem(const struct bytes *der);

#endif
