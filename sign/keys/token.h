/* Keys in PKCS#11 tokens (hardware modules, smart cards, SoftHSM). For sign/ only.
 *
 * OpenSSL reaches them through the provider "pkcs11" where it is installed, and else through the
 * engine of the same name, which Debian packages as libengine-pkcs11-openssl.
 */
#ifndef SIGN_KEYS_TOKEN_H
#define SIGN_KEYS_TOKEN_H

#include "base/cleanup.h"
#include "base/error.h"

#include <openssl/types.h>
#include <openssl/pem.h>
#include <stdbool.h>

/* What a PKCS#11 URI (RFC 7512) says, taken apart. Release with token_uri_free(). */
struct token_uri {
	char *object;	/* the URI without what follows, for OpenSSL */
	char *module;	/* module-path: the PKCS#11 module; NULL: as configured (PKCS11_MODULE_PATH)
			 */
	char *pin_file; /* pin-source: a file with the PIN; NULL: none */
};

bool token_is_uri(const char *name);

/* Fails with ERR_USAGE: damaged, a pin-source that is not a file, or a pin-value, as a command
 * line is no place for a secret. */
int token_uri_parse(const char *text, struct token_uri *uri, struct error *err);
void token_uri_free(struct token_uri *uri);
#define cleanup_token_uri cleanup_with(token_uri_free)

struct token;

/* Finds the private key. `ask` with `ask_data` gives the PIN; when it has set the error itself, it
 * sets *ask_failed. Fails with ERR_MISSING (neither provider nor engine, or no such module),
 * ERR_NO_INPUT (no such object), ERR_REFUSED (PIN). */
struct token *token_open(const struct token_uri *uri, pem_password_cb *ask, void *ask_data,
			 const bool *ask_failed, struct error *err);

/* The key, and the OpenSSL library context that it belongs to: both live as long as the token. */
EVP_PKEY *token_key(const struct token *token);
OSSL_LIB_CTX *token_library(const struct token *token);

void token_close(struct token *token);

#endif
