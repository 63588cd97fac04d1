#include "sign/judge/judge.h"

#include "base/alloc.h"
#include "base/text.h"
#include "sign/judge/intact.h"
#include "sign/ipxe/image.h"
#include "sign/judge/findings.h"
#include "sign/judge/trial.h"

#include <stdlib.h>
#include <string.h>

/* ---- the policy's certificates ------------------------------------------- */

struct pins {
	struct digest *list;
	size_t count;
};

static void pins_free(struct pins *pins)
{
	free(pins->list);
}

struct pinning {
	struct pins *pins;
	size_t seen; /* certificates of this file */
};

static int pin(void *context, struct der certificate, struct error *err)
{
	struct pinning *pinning = context;
	struct pins *pins = pinning->pins;

	if (pinning->seen++)
		return 0;
	array_grow(pins->list, pins->count);
	return digest_bytes(DIGEST_SHA256, certificate.data, certificate.length,
			    &pins->list[pins->count++], err);
}

static int pins_make(struct pins *pins, const struct ipxe_policy *policy, struct findings *findings,
		     struct error *err)
{
	for (size_t i = 0; i < policy->root_count; i++) {
		struct pinning pinning = { pins, 0 };

		if (image_certificates(&policy->roots[i], pin, &pinning, err) < 0)
			return -1;
		if (pinning.seen > 1)
			findings_add(
				findings, FINDING_WARNING,
				"put each trusted certificate into a file of its own",
				"%s: it holds %zu certificates; TRUST= takes only the first one "
				"of a file",
				policy->roots[i].name, pinning.seen);
	}
	return 0;
}

/* ---- the judgement ------------------------------------------------------- */

void judgement_free(struct judgement *judgement)
{
	for (size_t i = 0; i < judgement->certificate_count; i++) {
		free(judgement->certificates[i].subject);
		free(judgement->certificates[i].issuer);
		free(judgement->certificates[i].serial);
		free(judgement->certificates[i].key);
	}
	free(judgement->certificates);
	free(judgement->reason);
	free(judgement->mend);
	free(judgement->certificate);
	free(judgement->signer);
	findings_free(&judgement->findings);
	*judgement = (struct judgement){ 0 };
}

static int add_certificate(struct judgement *judgement, const struct ipxe_certificate *certificate,
			   struct error *err)
{
	struct certificate_description *added;

	array_grow(judgement->certificates, judgement->certificate_count);
	added = &judgement->certificates[judgement->certificate_count++];
	*added = (struct certificate_description){ 0 };
	return certificate_describe(certificate, added, err);
}

static bool is_listed(const struct ipxe_chain *chain, const struct ipxe_certificate *certificate)
{
	for (size_t i = 0; i < chain->count; i++)
		if (chain->links[i] == certificate)
			return true;
	return false;
}

static int add_certificates(struct judgement *judgement, const struct trial *trial,
			    struct error *err)
{
	const struct ipxe_chain *own = &trial->message.certificates;
	const struct ipxe_chain *store = &trial->store.recent;

	for (size_t i = 0; i < own->count; i++)
		if (add_certificate(judgement, own->links[i], err) < 0)
			return -1;
	for (size_t i = 0; i < store->count; i++)
		if (store->links[i]->valid && !is_listed(own, store->links[i]) &&
		    add_certificate(judgement, store->links[i], err) < 0)
			return -1;
	return 0;
}

static void fill_refused(struct judgement *judgement, const struct refusal *refusal)
{
	judgement->code = refusal->code;
	judgement->rule = refusal->rule;
	judgement->reason = xstrdup(refusal->reason);
	judgement->mend = xstrdup(refusal->mend);
	judgement->certificate = xstrdup(refusal->certificate);
	judgement->valid_until = INT64_MAX;
}

static void fill_accepted(struct judgement *judgement, const struct trial *trial,
			  const struct trial_case *subject)
{
	const struct ipxe_message *message = &trial->message;

	judgement->accepted = true;
	judgement->rule = "accepted";
	judgement->mend = xstrdup("");
	judgement->certificate = xstrdup("");
	judgement->reason =
		subject->signature
			? xasprintf("%s: signed by %s, whose chain leads to a trusted certificate",
				    contents_name(subject->contents), judgement->signer)
			: xasprintf("%s: its chain leads to a trusted certificate",
				    judgement->signer);
	judgement->valid_until = INT64_MAX;
	for (size_t i = 0; i < message->signer_count; i++) {
		int64_t until = message->signers[i].chain.links[0]->valid_until;

		if (until < judgement->valid_until)
			judgement->valid_until = until;
	}
}

/* ---- other versions ------------------------------------------------------ */

struct judging {
	const struct ipxe_policy *policy;
	const struct pins *pins;
	const struct trial_case *subject;
	struct judgement *judgement;
};

static void add_version_finding(const struct judging *judging, enum ipxe_version version,
				const struct refusal *refusal)
{
	cleanup_free char *mend = xasprintf("boot with a newer iPXE, or %s", refusal->mend);

	findings_add(&judging->judgement->findings, FINDING_WARNING, mend,
		     "iPXE %s would refuse this with %08x: %s", ipxe_version_name(version),
		     refusal->code, refusal->reason);
}

/* The same rules once more, for the versions that the user did not ask about. */
static int add_version_findings(const struct judging *judging, struct error *err)
{
	for (int version = 0; version < IPXE_VERSIONS; version++) {
		cleanup_with(trial_free) struct trial trial = { 0 };
		struct refusal refusal = { 0 };
		enum trial_outcome outcome;

		if (version == (int)judging->policy->version)
			continue;
		if (trial_begin(&trial, judging->policy, (enum ipxe_version)version,
				judging->pins->list, judging->pins->count, NULL, err) < 0)
			return -1;
		outcome = trial_run(&trial, judging->subject, &refusal, err);
		if (outcome == TRIAL_FAILED)
			return -1;
		if (outcome == TRIAL_REFUSED)
			add_version_finding(judging, (enum ipxe_version)version, &refusal);
	}
	return 0;
}

/* ---- judging ------------------------------------------------------------- */

static int finish(const struct judging *judging, const struct trial *trial,
		  enum trial_outcome outcome, struct refusal *refusal, struct error *err)
{
	struct judgement *judgement = judging->judgement;
	const struct trial_case *subject = judging->subject;
	const struct ipxe_message *message = &trial->message;
	bool named = message->signer_count && message->signers[0].chain.count;

	judgement->signers = message->signer_count;
	judgement->signer = xstrdup(named ? message->signers[0].chain.links[0]->name : "");
	if (add_certificates(judgement, trial, err) < 0)
		return -1;
	judgement->ipxe_accepts = outcome == TRIAL_ACCEPTED;
	if (outcome == TRIAL_REFUSED ||
	    (subject->signature && intact_check(message, subject->signature, trial->der,
						subject->contents, refusal) < 0)) {
		fill_refused(judgement, refusal);
		return 0;
	}
	fill_accepted(judgement, trial, subject);
	judge_add_findings(trial, subject, judgement);
	return add_version_findings(judging, err);
}

static int judge(const struct ipxe_policy *policy, const struct trial_case *subject,
		 struct judgement *judgement, struct error *err)
{
	cleanup_with(pins_free) struct pins pins = { 0 };
	cleanup_with(trial_free) struct trial trial = { 0 };
	struct judging judging = { policy, &pins, subject, judgement };
	struct refusal refusal = { 0 };
	enum trial_outcome outcome;

	if (pins_make(&pins, policy, &judgement->findings, err) < 0 ||
	    trial_begin(&trial, policy, policy->version, pins.list, pins.count,
			&judgement->findings, err) < 0)
		return -1;
	outcome = trial_run(&trial, subject, &refusal, err);
	if (outcome == TRIAL_FAILED)
		return -1;
	return finish(&judging, &trial, outcome, &refusal, err);
}

int judge_signature(const struct ipxe_policy *policy, const struct judge_content *content,
		    const struct ipxe_blob *signature, struct judgement *judgement,
		    struct error *err)
{
	struct contents contents;
	struct trial_case subject = { .signature = signature, .contents = &contents };

	if (contents_begin(&contents, content, err) < 0)
		return -1;
	return judge(policy, &subject, judgement, err);
}

/* ---- a chain alone ------------------------------------------------------- */

/* Certificates in DER: the signer's first, each once. */
struct bag {
	struct der *list; /* points into `copies` */
	unsigned char **copies;
	size_t count;
	bool signer_only; /* take one and no more */
};

static void bag_free(struct bag *bag)
{
	for (size_t i = 0; i < bag->count; i++)
		free(bag->copies[i]);
	free(bag->copies);
	free(bag->list);
}

static int bag_add(void *context, struct der certificate, struct error *err)
{
	struct bag *bag = context;
	unsigned char *copy;

	(void)err;
	for (size_t i = 0; i < bag->count; i++)
		if (der_equal(bag->list[i], certificate))
			return 0;
	copy = xcalloc(1, certificate.length);
	memcpy(copy, certificate.data, certificate.length);
	array_grow(bag->list, bag->count);
	array_grow(bag->copies, bag->count);
	bag->list[bag->count] = (struct der){ copy, certificate.length };
	bag->copies[bag->count++] = copy;
	return bag->signer_only;
}

int judge_chain(const struct ipxe_policy *policy, const struct ipxe_blob *signer,
		const struct ipxe_blob *bag, size_t bag_count, enum digest_algorithm digest,
		struct judgement *judgement, struct error *err)
{
	cleanup_with(bag_free) struct bag all = { .signer_only = true };
	struct trial_case subject = { .bag_digest = digest, .bag_name = signer->name };

	if (image_certificates(signer, bag_add, &all, err) < 0)
		return -1;
	all.signer_only = false;
	for (size_t i = 0; i < bag_count; i++)
		if (image_certificates(&bag[i], bag_add, &all, err) < 0)
			return -1;
	subject.bag = all.list;
	subject.bag_count = all.count;
	return judge(policy, &subject, judgement, err);
}
