/* One run of iPXE's imgverify (its src/usr/imgtrust.c), for one version. */
#ifndef SIGN_JUDGE_TRIAL_H
#define SIGN_JUDGE_TRIAL_H

#include "base/buffer.h"
#include "sign/judge/contents.h"
#include "sign/ipxe/chain.h"
#include "sign/ipxe/message.h"
#include "sign/judge/judge.h"
#include "sign/ipxe/refusal.h"

enum trial_outcome {
	TRIAL_FAILED = -1, /* it could not be decided: the error is set */
	TRIAL_ACCEPTED = 0,
	TRIAL_REFUSED = 1, /* the refusal is set */
};

/* What is judged: a signature over contents, or a bag of certificates for a signature to be. */
struct trial_case {
	const struct ipxe_blob *signature; /* NULL: a bag */
	struct contents *contents;
	const struct der *bag; /* the signer's first */
	size_t bag_count;
	enum digest_algorithm bag_digest;
	const char *bag_name;
};

struct trial {
	struct ipxe_policy policy; /* with the version of this run */
	struct ipxe_store store;
	struct buffer decoded; /* of a PEM file */
	struct der der;	       /* the message */
	struct ipxe_message message;
};

/* Begins a run: `pins` are the digests of the trusted certificates and outlive the trial. The
 * certificates of CERT= are read; those that iPXE cannot read are left out, as it does, and told
 * in `findings` if that is not NULL. Fails with ERR_INPUT. */
int trial_begin(struct trial *trial, const struct ipxe_policy *policy, enum ipxe_version version,
		const struct digest *pins, size_t pin_count, struct findings *findings,
		struct error *err);

enum trial_outcome trial_run(struct trial *trial, const struct trial_case *subject,
			     struct refusal *refusal, struct error *err);

void trial_free(struct trial *trial);

/* ---- one signer (trial_signer.c) ----------------------------------------- */

/* That the signer's certificate may sign code; without looking at a signature. */
int signer_check_usage(const struct ipxe_signer *signer, struct refusal *refusal);

/* That the signature is one over the contents, whose digest is known. */
enum trial_outcome signer_check_value(const struct ipxe_signer *signer,
				      const struct ipxe_message *message, enum ipxe_version version,
				      const struct contents *contents, struct refusal *refusal,
				      struct error *err);

/* That signatures by that certificate's key can be verified at all. */
int signer_check_key(const struct ipxe_certificate *certificate, enum ipxe_version version,
		     enum digest_algorithm digest, struct refusal *refusal);

#endif
