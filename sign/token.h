/* Keys in PKCS#11 tokens (hardware modules, smart cards, SoftHSM). For sign/ only.
 *
 * OpenSSL reaches them through the provider "pkcs11" where it is installed, and else through the
 * engine of the same name, which Debian packages as libengine-pkcs11-openssl.
 */
#ifndef SIGN_TOKEN_H
#define SIGN_TOKEN_H

#include "base/error.h"

#include <openssl/types.h>
#include <openssl/pem.h>
#include <stdbool.h>

struct token;

/* Whether a key's name is a PKCS#11 URI (RFC 7512). */
bool token_is_uri(const char *name);

/* Finds the private key that `uri` names. Its query attribute module-path names the PKCS#11
 * module (default: what the provider or the engine is configured to use; PKCS11_MODULE_PATH);
 * pin-value is refused, as a command line is no place for a secret. `ask` with `ask_data` gives
 * the PIN; when it has set the error itself, it sets *ask_failed. Fails with ERR_USAGE (the URI),
 * ERR_MISSING (neither provider nor engine), ERR_NO_INPUT (no such object), ERR_REFUSED (PIN). */
struct token *token_open(const char *uri, pem_password_cb *ask, void *ask_data,
			 const bool *ask_failed, struct error *err);

/* The key, and the OpenSSL library context that it belongs to: both live as long as the token. */
EVP_PKEY *token_key(const struct token *token);
OSSL_LIB_CTX *token_library(const struct token *token);

void token_close(struct token *token);

#endif
