/* Decides about a signature as iPXE's `imgverify` would, and says why.
 *
 * This is not what OpenSSL's `cms -verify` decides: iPXE refuses signed attributes, a signer
 * named by key identifier, several forms of certificate, and so on, and it accepts some things
 * that OpenSSL refuses. The rules are those of iPXE's src/crypto (cms.c, x509.c, asn1.c, rsa.c,
 * ecdsa.c), its src/image (der.c, pem.c) and src/usr/imgtrust.c, in three versions.
 *
 * No OpenSSL type is seen here. Nothing reads the clock, the network or the environment.
 */
#ifndef SIGN_JUDGE_JUDGE_H
#define SIGN_JUDGE_JUDGE_H

#include "base/cleanup.h"
#include "base/error.h"
#include "base/findings.h"
#include "digest/digest.h"
#include "sign/ipxe/description.h"
#include "sign/ipxe/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was signed: a file (hashed in one pass, in constant memory), or bytes when `path` is
 * NULL. A digest that the caller has computed already saves the pass when the signature uses no
 * other one. */
struct judge_content {
	const char *path;
	const unsigned char *data;
	size_t size;
	const struct digest *known; /* NULL: none */
};

/* The decision. Zero-initialise; release with judgement_free(). */
struct judgement {
	/* What `verify` says: iPXE accepts, and the fields that iPXE does not read are as signing
	 * tools write them, so that no altered byte passes. */
	bool accepted;
	bool ipxe_accepts; /* what iPXE alone would say */
	uint32_t code;	   /* iPXE's error as a BIOS build shows it; 0 if iPXE accepts */
	const char *rule;  /* stable identifier of the rule that decided, "accepted" if none */
	char *reason;	   /* one sentence: object, what was found, what iPXE wants */
	char *mend;	   /* what to do about it; "" when accepted */
	char *certificate; /* subject of the certificate it is about; "" if about none */
	char *signer;	   /* subject of the (first) signer; "" if none was identified */
	size_t signers;	   /* how many signers the signature names */
	/* Those in the signature, in its order; certificates from CERT= that were used follow. */
	struct certificate_description *certificates;
	size_t certificate_count;
	/* When the last moment is at which this iPXE accepts, without its 12.5 h margin: the
	 * earliest notAfter on the chains to the pinned certificates. INT64_MAX if rejected. */
	int64_t valid_until;
	/* What is accepted but worth knowing: what other versions of iPXE would refuse, unused
	 * certificates, order-dependent chains, expiry within 30 days. */
	struct findings findings;
};

void judgement_free(struct judgement *judgement);
#define cleanup_judgement cleanup_with(judgement_free)

/* Judges a detached signature over `content`. `signature` may be DER or PEM. Returns 0 when it
 * was decided, accepted or not; -1 when it could not be: the content cannot be read
 * (ERR_NO_INPUT, or ERR_INPUT if it changes meanwhile), a root or an embedded certificate cannot
 * be parsed (ERR_INPUT), OpenSSL lacks a digest (ERR_MISSING). */
int judge_signature(const struct ipxe_policy *policy, const struct judge_content *content,
		    const struct ipxe_blob *signature, struct judgement *judgement,
		    struct error *err);

/* Judges a chain alone, as if a signature by the key of `signer` (its first certificate) had come
 * with the certificates of `bag` (each blob: PEM with one or more, or DER; the signer's is put in
 * too if it is missing there), for the check before signing. `digest` is the one that the
 * signature would use. Returns and errors as above; also ERR_INPUT for a blob that holds no
 * certificate. */
int judge_chain(const struct ipxe_policy *policy, const struct ipxe_blob *signer,
		const struct ipxe_blob *bag, size_t bag_count, enum digest_algorithm digest,
		struct judgement *judgement, struct error *err);

#endif
