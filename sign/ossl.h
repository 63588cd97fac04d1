/* What the files of this room that speak OpenSSL share: ownership of its objects and its
 * error queue. For sign/ only.
 */
#ifndef SIGN_OSSL_H
#define SIGN_OSSL_H

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

DEFINE_CLEANUP(BIO *, BIO_free_all)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)
DEFINE_CLEANUP(X509 *, X509_free)

#define cleanup_bio cleanup_with(BIO_free_allp)
#define cleanup_pkey cleanup_with(EVP_PKEY_freep)
#define cleanup_pkey_ctx cleanup_with(EVP_PKEY_CTX_freep)
#define cleanup_x509 cleanup_with(X509_freep)

/* Sets the error, followed by the newest reason in OpenSSL's error queue if there is one, and
 * empties the queue. Always returns -1. */
int ossl_fail(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Overwrites and releases bytes that hold a secret. */
void bytes_wipe(struct bytes *bytes);
#define cleanup_secret cleanup_with(bytes_wipe)

#endif
