#include "sign/judge/findings.h"

#include "base/alloc.h"
#include "sign/when.h"

#include <stdlib.h>
#include <string.h>

enum { EXPIRY_NOTICE = 30 * SECONDS_PER_DAY };

/* ---- certificates -------------------------------------------------------- */

static bool has_twin(const struct ipxe_chain *certificates, size_t which)
{
	const struct ipxe_certificate *certificate = certificates->links[which];

	for (size_t i = 0; i < which; i++)
		if (certificates->links[i] != certificate &&
		    der_equal(certificates->links[i]->subject, certificate->subject))
			return true;
	return false;
}

static void add_certificate_findings(const struct trial *trial, struct findings *findings)
{
	const struct ipxe_chain *certificates = &trial->message.certificates;

	for (size_t i = 0; i < certificates->count; i++) {
		const struct ipxe_certificate *certificate = certificates->links[i];

		if (has_twin(certificates, i))
			findings_add(
				findings, FINDING_WARNING,
				"include exactly one certificate for each name",
				"%s: there are several certificates of %s; iPXE takes the first "
				"one, and which one that is depends on their encoding",
				trial->message.name, certificate->name);
		else if (!certificate->valid)
			findings_add(findings, FINDING_NOTE,
				     "leave it out: it only makes the signature larger",
				     "%s: the certificate of %s is on no signer's chain",
				     trial->message.name, certificate->name);
	}
}

static bool is_in_message(const struct ipxe_message *message,
			  const struct ipxe_certificate *certificate)
{
	for (size_t i = 0; i < message->certificates.count; i++)
		if (message->certificates.links[i] == certificate)
			return true;
	return false;
}

static void add_completion_findings(const struct trial *trial, struct findings *findings)
{
	const struct ipxe_chain *store = &trial->store.recent;

	for (size_t i = 0; i < store->count; i++)
		if (store->links[i]->valid && !is_in_message(&trial->message, store->links[i]))
			findings_add(
				findings, FINDING_NOTE,
				"include the whole chain, so that any iPXE that trusts the "
				"root accepts it",
				"%s: the chain is complete only with %s, which CERT= compiles in",
				trial->message.name, store->links[i]->name);
}

/* ---- strength ------------------------------------------------------------ */

static void add_key_finding(const struct ipxe_certificate *certificate, struct findings *findings)
{
	cleanup_free char *key = certificate_key_text(certificate->public_key);

	if (certificate->key_algorithm->pubkey == PUBKEY_RSA &&
	    strtoul(key + strcspn(key, "0123456789"), NULL, 10) < 2048)
		findings_add(findings, FINDING_WARNING, "use RSA with 2048 to 4096 bits",
			     "the key of %s is %s, which is no longer thought safe",
			     certificate->name, key);
	if (!certificate->trusted && certificate->signature_algorithm->digest == DIGEST_SHA1)
		findings_add(findings, FINDING_WARNING, "have it issued with SHA-256",
			     "the certificate of %s is signed with SHA-1, which is no longer "
			     "thought safe",
			     certificate->name);
}

static void add_strength_findings(const struct trial *trial, const struct trial_case *subject,
				  struct findings *findings)
{
	const struct ipxe_chain *store = &trial->store.recent;

	for (size_t i = 0; i < store->count; i++)
		if (store->links[i]->valid)
			add_key_finding(store->links[i], findings);
	for (size_t i = 0; subject->signature && i < trial->message.signer_count; i++)
		if (trial->message.signers[i].digest->digest == DIGEST_SHA1)
			findings_add(findings, FINDING_WARNING, "sign with SHA-256",
				     "%s: the signature is over a SHA-1 digest, which is no longer "
				     "thought safe",
				     trial->message.name);
}

/* ---- time ---------------------------------------------------------------- */

static void add_time_findings(const struct trial *trial, int64_t valid_until,
			      struct findings *findings)
{
	int64_t now = trial->policy.time;
	char limit[WHEN_TEXT_SIZE];

	if (valid_until < now)
		findings_add(findings, FINDING_WARNING, "renew the certificate and sign again",
			     "%s: a certificate expired on %s; iPXE accepts it only because it "
			     "allows its clock an error of 12 hours and 30 minutes",
			     trial->message.name, when_text(valid_until, limit));
	else if (valid_until - now < EXPIRY_NOTICE)
		findings_add(findings, FINDING_WARNING, "renew the certificate and sign again",
			     "%s: a certificate expires on %s, and with it the signature",
			     trial->message.name, when_text(valid_until, limit));
	for (size_t i = 0; i < trial->store.recent.count; i++) {
		const struct ipxe_certificate *certificate = trial->store.recent.links[i];

		if (certificate->valid && certificate->not_before > now)
			findings_add(findings, FINDING_WARNING,
				     "issue it with a notBefore one day back",
				     "the certificate of %s is valid only from %s; iPXE accepts it "
				     "only because it allows its clock an error of 12 hours and 30 "
				     "minutes",
				     certificate->name, when_text(certificate->not_before, limit));
	}
}

/* ---- the message --------------------------------------------------------- */

static bool has_contents(const struct ipxe_message *message)
{
	struct der inside = message->encapsulated;

	der_enter(&inside, DER_SEQUENCE);
	der_skip(&inside, DER_OID);
	return inside.length > 0;
}

static bool has_revocation_lists(struct der der)
{
	der_enter(&der, DER_SEQUENCE);
	der_skip(&der, DER_OID);
	der_enter(&der, DER_CONTEXT(0));
	der_enter(&der, DER_SEQUENCE);
	for (int i = 0; i < 4; i++) /* version, digests, contents, certificates */
		der_skip(&der, DER_ANY);
	return der_tag(der) == DER_CONTEXT(1);
}

static void add_message_findings(const struct trial *trial, const struct trial_case *subject,
				 struct findings *findings)
{
	if (!subject->signature)
		return;
	if (has_contents(&trial->message))
		findings_add(findings, FINDING_NOTE, "sign without -nodetach",
			     "%s: it carries the contents along, which iPXE ignores",
			     trial->message.name);
	if (has_revocation_lists(trial->der))
		findings_add(findings, FINDING_WARNING,
			     "do not rely on revocation: issue short-lived certificates",
			     "%s: it carries revocation lists, which iPXE ignores",
			     trial->message.name);
}

void judge_add_findings(const struct trial *trial, const struct trial_case *subject,
			struct judgement *judgement)
{
	add_time_findings(trial, judgement->valid_until, &judgement->findings);
	add_certificate_findings(trial, &judgement->findings);
	add_completion_findings(trial, &judgement->findings);
	add_strength_findings(trial, subject, &judgement->findings);
	add_message_findings(trial, subject, &judgement->findings);
}
