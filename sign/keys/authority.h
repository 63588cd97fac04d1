/* A private certificate authority in a folder, and the code-signing certificate that it issues:
 * what iPXE accepts, with nothing that it does not need.
 */
#ifndef SIGN_KEYS_AUTHORITY_H
#define SIGN_KEYS_AUTHORITY_H

#include "base/error.h"
#include "base/findings.h"
#include "sign/keys/certificate.h"
#include "sign/keys/key.h"
#include "sign/keys/passphrase.h"

#include <stdbool.h>
#include <stdint.h>

/* The files of such a folder. */
#define AUTHORITY_CERTIFICATE "ca.crt"
#define AUTHORITY_KEY "ca.key"
#define SIGNER_CERTIFICATE "sign.crt"
#define SIGNER_KEY "sign.key"
#define AUTHORITY_README "README.txt"

enum {
	AUTHORITY_DAYS = 3650, /* default lifetimes */
	SIGNER_DAYS = 730,
	MOST_DAYS = 36500,
	AUTHORITY_NAME_LONGEST = 61, /* characters: " CA" is added, and X.520 allows 64 */
};

struct authority_request {
	const char *folder;
	const char *name;	      /* the signer's common name; the CA's is "NAME CA" */
	enum key_algorithm algorithm; /* of new keys */
	bool algorithm_given;	      /* else keys_renew() makes keys like the present one */
	unsigned int days;	      /* the signing certificate's lifetime from now; 0: default */
	unsigned int authority_days;  /* 0: default */
	bool encrypt;		      /* new private keys are encrypted */
	bool new_key;		      /* keys_renew(): with a new private key */
	struct passphrase *passphrase;
};

/* Makes the folder (mode 0700) with a CA, a signing certificate, their private keys (mode 0600)
 * and a text of what to embed where. Valid from a day before the time that when_written() tells.
 * Serial numbers are random, or, when SOURCE_DATE_EPOCH is set, a digest of what is certified.
 * Nothing that exists is replaced. Fails with ERR_USAGE (name, days), ERR_CANT_CREATE (there are
 * keys already), ERR_IO. *made gets the signing certificate and the CA's, in this order. */
int authority_init(const struct authority_request *request, struct findings *findings,
		   struct certificates *made, struct error *err);

/* Replaces the signing certificate by one that begins now, for the same key unless new_key is
 * set; the CA and what iPXE embeds stay as they are. Without given days it does not outlive the
 * CA (a warning says so). Fails as authority_init(), with ERR_USAGE if the given days are longer
 * than the CA lives, with ERR_REFUSED if the CA has expired, and as key_load(). */
int authority_renew(const struct authority_request *request, struct findings *findings,
		    struct certificates *made, struct error *err);

#endif
