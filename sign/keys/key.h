/* Private keys: from PEM files or from PKCS#11 tokens, and new ones. */
#ifndef SIGN_KEYS_KEY_H
#define SIGN_KEYS_KEY_H

#include "base/error.h"
#include "base/file.h"
#include "base/findings.h"
#include "digest/digest.h"
#include "sign/keys/passphrase.h"

#include <stdbool.h>

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct key;

/* Loads the private key that `name` means: a PEM file (PKCS#8 or traditional, encrypted or not),
 * or a `pkcs11:` URI (RFC 7512), for which `passphrase` gives the PIN. The passphrase is only
 * asked for when it is needed. `findings` gets a warning for a key file that others may read.
 * Fails with ERR_NO_INPUT (no such file or token object), ERR_INPUT (not a private key, damaged),
 * ERR_REFUSED (wrong passphrase or PIN), ERR_MISSING (nothing here speaks PKCS#11), and as
 * passphrase_get(). All arguments but `err` must live as long as the key: a token may ask for its
 * PIN whenever it signs. */
struct key *key_load(const char *name, struct passphrase *passphrase, struct findings *findings,
		     struct error *err);
void key_free(struct key *key);
DEFINE_CLEANUP(struct key *, key_free)
#define cleanup_key cleanup_with(key_freep)

/* The key for OpenSSL: borrowed, valid as long as `key`. */
struct evp_pkey_st *key_pkey(const struct key *key);

/* What can be told about a key file without its passphrase. */
struct key_facts {
	bool encrypted;
	char *kind; /* "RSA 3072", or "" if it is encrypted; owned */
};

/* Fails as key_load(). */
int key_examine(const char *path, struct key_facts *facts, struct error *err);

/* Signs a digest: PKCS#1 v1.5 with an RSA key, ECDSA (DER) with an EC key. The caller releases
 * *signature with bytes_free(). Fails with ERR_INTERNAL, or ERR_REFUSED when a token does not want
 * to. */
int key_sign(struct key *key, const struct digest *digest, struct bytes *signature,
	     struct error *err);

enum key_algorithm {
	KEY_RSA2048,
	KEY_RSA3072,
	KEY_RSA4096,
	KEY_P256,
	KEY_P384,
	KEY_ALGORITHMS,
};

/* "rsa3072", "p256"; key_algorithm_parse() fails with ERR_USAGE and lists them. */
const char *key_algorithm_name(enum key_algorithm algorithm);
int key_algorithm_parse(const char *name, enum key_algorithm *algorithm, struct error *err);

/* The algorithm that makes keys of the kind that key_facts and certificates tell ("RSA 3072");
 * KEY_RSA3072 for any that is not offered. */
enum key_algorithm key_algorithm_like(const char *kind);

/* A new key, to be released with EVP_PKEY_free(); NULL with ERR_INTERNAL. */
struct evp_pkey_st *key_generate(enum key_algorithm algorithm, struct error *err);

/* The key as PKCS#8 PEM, encrypted (PBES2, AES-256) unless passphrase is NULL. The caller wipes
 * *pem with bytes_wipe() of sign/ossl.h. */
int key_to_pem(struct evp_pkey_st *pkey, const char *passphrase, struct bytes *pem,
	       struct error *err);

#endif
