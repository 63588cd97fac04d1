/* OpenSSL's engine for PKCS#11. For sign/keys/token.c only.
 *
 * Engines are deprecated since OpenSSL 3.0, but Debian 12 has no provider for PKCS#11: until it
 * does, the deprecated calls live behind this header and nowhere else.
 */
#ifndef SIGN_KEYS_ENGINE_H
#define SIGN_KEYS_ENGINE_H

#include <openssl/types.h>
#include <stdbool.h>

/* The engine "pkcs11", ready to use, with `module` (may be NULL) as its PKCS#11 module; NULL if
 * there is none here. */
void *engine_open(const char *module);

/* A private key; NULL with the reason in OpenSSL's error queue. */
EVP_PKEY *engine_key(void *engine, const char *uri, UI_METHOD *method, void *data);

void engine_close(void *engine);

#endif
