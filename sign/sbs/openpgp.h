/* Detached OpenPGP signatures by GnuPG, through gpgme.
 *
 * Keys live in GnuPG's home folder and are named by their whole fingerprint; secret keys stay with
 * its agent, which asks for a passphrase by itself. The network is not used.
 */
#ifndef SIGN_SBS_OPENPGP_H
#define SIGN_SBS_OPENPGP_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/findings.h"

#include <stddef.h>
#include <stdint.h>

enum { OPENPGP_FINGERPRINT_MAX = 64 }; /* hexadecimal digits: 40 for version 4 keys */

/* Where the keys are. `homedir` NULL: GnuPG's own choice ($GNUPGHOME, ~/.gnupg). */
struct openpgp_keys {
	const char *homedir;
	const char *fingerprint; /* as openpgp_fingerprint() writes it; NULL: any (verifying) */
};

/* Who signed. Strings are printable. */
struct openpgp_signer {
	char fingerprint[OPENPGP_FINGERPRINT_MAX + 1]; /* of the key that signed */
	char primary[OPENPGP_FINGERPRINT_MAX + 1];     /* of the key that it belongs to */
	char user_id[256];			       /* the first one; "" if unknown */
	char digest[16];			       /* "SHA512" */
};

/* Writes a fingerprint as GnuPG reports it (upper case, no blanks) into out. Fails with ERR_USAGE
 * if the text is not a whole fingerprint: short key ids can be forged. */
int openpgp_fingerprint(const char *text, char out[static OPENPGP_FINGERPRINT_MAX + 1],
			struct error *err);

/* Checks that there is such a key and that Muen's loader takes its signatures, as far as can be
 * told before there is one. Fails as openpgp_sign() does. */
int openpgp_check_key(const struct openpgp_keys *keys, struct error *err);

/* Appends the binary, detached signature of the bytes to `signature`, made with the key that
 * keys->fingerprint names: RSA of 4096 bits, SHA-512. Fails with ERR_NO_INPUT (no such home
 * folder or secret key), ERR_INPUT (a key or a digest that Muen's loader does not take),
 * ERR_REFUSED (passphrase, expired or revoked key), ERR_MISSING (no GnuPG). */
int openpgp_sign(const struct openpgp_keys *keys, const void *bytes, size_t size,
		 struct buffer *signature, struct openpgp_signer *signer, struct error *err);

/* Appends the public part of the key that keys->fingerprint names, without what others signed on
 * it, as binary OpenPGP packets: what a GRUB takes to verify files with. Fails as openpgp_sign().
 */
int openpgp_export(const struct openpgp_keys *keys, struct buffer *key, struct error *err);

/* Checks that `signature` is one good signature of the bytes by a key in the home folder, and by
 * the one that keys->fingerprint names (primary key or subkey), if it does. What is good and yet
 * worth knowing is added to `findings`. Fails with ERR_REFUSED and says why; with ERR_NO_INPUT or
 * ERR_MISSING. */
int openpgp_verify(const struct openpgp_keys *keys, const void *bytes, size_t size,
		   const void *signature, size_t signature_size, struct openpgp_signer *signer,
		   struct findings *findings, struct error *err);

#endif
