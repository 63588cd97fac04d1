/* Certificates read from files, what they say, and the chain from one to its root.
 *
 * What iPXE thinks of them is for sign/judge/judge.h to say.
 */
#ifndef SIGN_KEYS_CERTIFICATE_H
#define SIGN_KEYS_CERTIFICATE_H

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct x509_st;	    /* OpenSSL's X509 */
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/* All strings are printable: what a certificate says is not trusted with a terminal. */
struct certificate {
	char *origin;  /* "ca.pem", or "ca.pem (2)" for the second certificate of a file */
	char *subject; /* "CN=Example, O=Org" in the certificate's order; never empty */
	char *issuer;
	char *serial;	      /* hexadecimal, lower case */
	char *key;	      /* "RSA 3072", "EC P-256" */
	char *usage;	      /* "digitalSignature; codeSigning": keyUsage; extendedKeyUsage */
	char fingerprint[65]; /* SHA-256 of the DER, hexadecimal: what iPXE's TRUST= pins */
	int64_t not_before;   /* seconds since 1970 */
	int64_t not_after;
	bool authority;	  /* basicConstraints says CA:TRUE */
	bool self_signed; /* its own key verifies its signature, and it names itself as issuer */
	struct x509_st *x509;
};

struct certificates {
	struct certificate *list;
	size_t count;
};

/* Appends all certificates of a file: PEM with one or more (other PEM blocks are passed over), or
 * one in DER. Fails with ERR_NO_INPUT, or ERR_INPUT if there is none or one is damaged. */
int certificates_read(const char *path, struct certificates *certificates, struct error *err);

/* Appends one that was just made; takes ownership of `x509`. */
int certificates_add(struct certificates *certificates, struct x509_st *x509, const char *origin,
		     struct error *err);
void certificates_free(struct certificates *certificates);
#define cleanup_certificates cleanup_with(certificates_free)

/* The certificate's DER or PEM, appended to `buffer`. Fails with ERR_INTERNAL. */
int certificate_to_der(const struct certificate *certificate, struct buffer *buffer,
		       struct error *err);
int certificate_to_pem(const struct certificate *certificate, struct buffer *buffer,
		       struct error *err);

/* "RSA 3072", "EC P-256", "ED25519": owned by the caller. */
char *pkey_describe(const struct evp_pkey_st *pkey);

/* Certificates from a leaf up, borrowed. */
struct certificate_chain {
	const struct certificate **list;
	size_t count;
	bool complete; /* the last one is self-signed */
};

/* Follows the issuers from `leaf` through the certificates of `pool` as far as they go. Names are
 * compared as OpenSSL does, and a certificate whose key does not verify the signature is only
 * taken when no other has the name: the judge then says what iPXE makes of that. Fails with
 * ERR_INPUT when two different certificates could be the issuer. */
int certificate_chain_build(const struct certificate *leaf, const struct certificates *pool,
			    struct certificate_chain *chain, struct error *err);
bool certificate_chain_has(const struct certificate_chain *chain,
			   const struct certificate *certificate);
void certificate_chain_free(struct certificate_chain *chain);
#define cleanup_certificate_chain cleanup_with(certificate_chain_free)

#endif
