/* Signing for iPXE: a signer whose key, certificate and chain have passed every rule that iPXE
 * applies, before anything is signed.
 */
#ifndef SIGN_SIGNER_H
#define SIGN_SIGNER_H

#include "base/error.h"
#include "base/file.h"
#include "base/findings.h"
#include "sign/keys/certificate.h"
#include "digest/digest.h"
#include "sign/judge/judge.h"
#include "sign/keys/passphrase.h"

#include <stddef.h>
#include <stdint.h>

/* What the caller wants to sign with. All pointers are borrowed; passphrase and key must live as
 * long as the signer, as a token may ask again. */
struct signer_request {
	const char *key;	 /* path or pkcs11: URI */
	const char *certificate; /* path; further certificates in it count as authorities */
	const char *const *authorities;
	size_t authority_count;
	struct passphrase *passphrase;
	enum digest_algorithm digest;
	enum ipxe_version ipxe; /* the oldest iPXE that has to accept */
	int64_t now;		/* when the signature has to be valid ... */
	int64_t margin;		/* ... and how many seconds longer */
};

struct signer;

/* Loads key and certificates and runs the pre-flight: the key belongs to the certificate, the
 * chain reaches a self-signed root, iPXE (the judge) accepts it with that root in TRUST=, and goes
 * on doing so for the margin. `findings`, which must live as long as
 * the signer, gets what is worth knowing. *judgement is zero at first
 * and to be released with judgement_free(); it tells the certificates, the rule and iPXE's code,
 * also of a refusal. Fails with ERR_REFUSED when the pre-flight fails, and as key_load() and
 * certificates_read() do. */
struct signer *signer_open(const struct signer_request *request, struct findings *findings,
			   struct judgement *judgement, struct error *err);
void signer_free(struct signer *signer);
DEFINE_CLEANUP(struct signer *, signer_free)
#define cleanup_signer cleanup_with(signer_freep)

/* From the signing certificate to the root; lives as long as the signer. */
const struct certificate_chain *signer_chain(const struct signer *signer);

/* Makes the detached signature of what has this digest (of the algorithm that was requested) and
 * has the judge decide about it. `name` is what messages call the content. The caller releases
 * *der with bytes_free(). With an RSA key, the same digest gives the same bytes. Fails with
 * ERR_REFUSED (token) or ERR_INTERNAL. */
int signer_sign(const struct signer *signer, const char *name, const struct digest *digest,
		struct bytes *der, struct error *err);

#endif
