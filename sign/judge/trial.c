#include "sign/judge/trial.h"

#include "sign/ipxe/codes.h"
#include "sign/ipxe/image.h"

#include <stdio.h>

/* ---- beginning ----------------------------------------------------------- */

struct embedding {
	struct trial *trial;
	const char *name;
	struct findings *findings;
};

static int embed(void *context, struct der certificate, struct error *err)
{
	struct embedding *embedding = context;
	struct refusal refusal;
	char position[128];

	(void)err;
	snprintf(position, sizeof(position), "an unnamed subject (in %s)", embedding->name);
	if (!store_take(&embedding->trial->store, certificate, position, &refusal) &&
	    embedding->findings)
		findings_add(embedding->findings, FINDING_WARNING, refusal.mend,
			     "%s: iPXE leaves this one of CERT= out: %s", embedding->name,
			     refusal.reason);
	return 0;
}

int trial_begin(struct trial *trial, const struct ipxe_policy *policy, enum ipxe_version version,
		const struct digest *pins, size_t pin_count, struct findings *findings,
		struct error *err)
{
	*trial = (struct trial){ .policy = *policy };
	trial->policy.version = version;
	trial->store.policy = &trial->policy;
	trial->store.pins = pins;
	trial->store.pin_count = pin_count;
	for (size_t i = 0; i < policy->embedded_count; i++) {
		struct embedding embedding = { trial, policy->embedded[i].name, findings };

		if (image_certificates(&policy->embedded[i], embed, &embedding, err) < 0)
			return -1;
	}
	return 0;
}

void trial_free(struct trial *trial)
{
	message_free(&trial->message);
	store_free(&trial->store);
	buffer_free(&trial->decoded);
}

/* ---- running ------------------------------------------------------------- */

/* iPXE puts each signer in front of those before it, so that the last one is looked at first. */
static struct ipxe_signer *signer_in_turn(const struct ipxe_message *message, size_t turn)
{
	return &message->signers[message->signer_count - 1 - turn];
}

static int validate_chains(struct trial *trial, struct refusal *refusal)
{
	for (size_t i = 0; i < trial->message.signer_count; i++)
		if (chain_validate(&signer_in_turn(&trial->message, i)->chain, &trial->store,
				   trial->message.name, refusal) < 0)
			return -1;
	return 0;
}

static int hash_contents(struct trial *trial, struct contents *contents, struct error *err)
{
	bool wanted[DIGEST_ALGORITHMS] = { false };

	for (size_t i = 0; i < trial->message.signer_count; i++)
		wanted[trial->message.signers[i].digest->digest] = true;
	return contents_hash(contents, wanted, err);
}

static enum trial_outcome verify_signers(struct trial *trial, struct contents *contents,
					 struct refusal *refusal, struct error *err)
{
	const struct ipxe_message *message = &trial->message;

	for (size_t i = 0; i < message->signer_count; i++) {
		const struct ipxe_signer *signer = signer_in_turn(message, i);
		enum trial_outcome outcome;

		if (signer_check_usage(signer, refusal) < 0)
			return TRIAL_REFUSED;
		if (hash_contents(trial, contents, err) < 0)
			return TRIAL_FAILED;
		outcome = signer_check_value(signer, message, trial->policy.version, contents,
					     refusal, err);
		if (outcome != TRIAL_ACCEPTED)
			return outcome;
	}
	return TRIAL_ACCEPTED;
}

static int refuse_unsigned(const struct trial *trial, struct refusal *refusal)
{
	const struct ipxe_message *message = &trial->message;

	if (!message->signed_data) {
		refuse(refusal, IPXE_CMS_NOT_A_SIGNATURE, "not-signed-data",
		       "%s is an encrypted message, not a signature", message->name);
		return refuse_mend(refusal, "name the file that openssl cms -sign or muenbuild "
					    "sign wrote");
	}
	if (message->certificates.count) {
		refuse(refusal, IPXE_CMS_NO_SIGNATURES, "no-signer",
		       "%s has certificates but no signer: it signs nothing", message->name);
		return refuse_mend(refusal, "name the signature, not a bundle of certificates");
	}
	refuse(refusal, IPXE_CMS_NO_SIGNATURES, "no-certificates",
	       "%s has no certificates; iPXE then does not find its signers either, even if the "
	       "certificates are compiled in",
	       message->name);
	return refuse_mend(refusal, "sign without -nocerts and with the chain (-certfile)");
}

static enum trial_outcome run_signature(struct trial *trial, const struct trial_case *subject,
					struct refusal *refusal, struct error *err)
{
	const struct ipxe_blob *signature = subject->signature;

	if (image_open(signature, trial->policy.version, &trial->decoded, &trial->der, refusal) <
		    0 ||
	    message_read(&trial->message, trial->der, signature->name, &trial->store, refusal) <
		    0 ||
	    validate_chains(trial, refusal) < 0)
		return TRIAL_REFUSED;
	if (!trial->message.signed_data || !trial->message.signer_count) {
		refuse_unsigned(trial, refusal);
		return TRIAL_REFUSED;
	}
	return verify_signers(trial, subject->contents, refusal, err);
}

static enum trial_outcome run_bag(struct trial *trial, const struct trial_case *subject,
				  struct refusal *refusal)
{
	const struct ipxe_signer *signer;

	if (message_from_bag(&trial->message, subject->bag, subject->bag_count, subject->bag_name,
			     &trial->store, refusal) < 0 ||
	    validate_chains(trial, refusal) < 0)
		return TRIAL_REFUSED;
	signer = &trial->message.signers[0];
	if (signer_check_usage(signer, refusal) < 0 ||
	    signer_check_key(signer->chain.links[0], trial->policy.version, subject->bag_digest,
			     refusal) < 0)
		return TRIAL_REFUSED;
	return TRIAL_ACCEPTED;
}

enum trial_outcome trial_run(struct trial *trial, const struct trial_case *subject,
			     struct refusal *refusal, struct error *err)
{
	return subject->signature ? run_signature(trial, subject, refusal, err)
				  : run_bag(trial, subject, refusal);
}
