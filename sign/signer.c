#include "sign/signer.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "sign/cms.h"
#include "sign/ipxe_codes.h"
#include "sign/key.h"
#include "sign/ossl.h"
#include "sign/when.h"

#include <openssl/err.h>
#include <string.h>

/* iPXE's codes (BIOS) for a signature by another key: crypto/rsa.c, crypto/ecdsa.c. */
enum {
	CODE_RSA_SIGNATURE = 0x0227e13c,
	CODE_ECDSA_SIGNATURE = 0x1c69e502,
};

/* How far behind the clock of a machine may be that boots: what iPXE forgives, 12.5 hours
 * (X509_ERROR_MARGIN_HOURS, TIMESTAMP_ERROR_MARGIN in src/include/ipxe/x509.h), is less than
 * clocks in the wrong time zone can be off. */
enum { CLOCK_LAG = SECONDS_PER_DAY };

/* Well past iPXE's margin, to learn what it says about an expired certificate. */
enum { BEYOND_MARGIN = 13 * 3600 };

struct signer {
	struct key *key;
	struct certificates pool; /* the signing certificate comes first */
	struct chain chain;
	struct buffer *encoded; /* the chain's certificates in DER, as many as it has */
	enum digest_algorithm digest;
	enum ipxe_version ipxe;
	int64_t now;
};

void signer_free(struct signer *signer)
{
	for (size_t i = 0; signer->encoded && i < signer->chain.count; i++)
		buffer_free(&signer->encoded[i]);
	free(signer->encoded);
	chain_free(&signer->chain);
	certificates_free(&signer->pool);
	if (signer->key)
		key_free(signer->key);
	free(signer);
}

const struct chain *signer_chain(const struct signer *signer)
{
	return &signer->chain;
}

/* ---- loading ------------------------------------------------------------------------ */

static int load_certificates(struct signer *signer, const struct signer_request *request,
			     struct error *err)
{
	if (certificates_read(request->certificate, &signer->pool, err) < 0)
		return -1;
	for (size_t i = 0; i < request->authority_count; i++)
		if (certificates_read(request->authorities[i], &signer->pool, err) < 0)
			return -1;
	return 0;
}

static int encode_chain(struct signer *signer, struct error *err)
{
	const struct chain *chain = &signer->chain;

	signer->encoded = xcalloc(chain->count, sizeof(*signer->encoded));
	for (size_t i = 0; i < chain->count; i++)
		if (certificate_to_der(chain->list[i], &signer->encoded[i], err) < 0)
			return -1;
	return 0;
}

static void note_unused(const struct signer *signer, struct findings *findings)
{
	for (size_t i = 0; i < signer->pool.count; i++) {
		const struct certificate *certificate = &signer->pool.list[i];

		if (!chain_has(&signer->chain, certificate))
			findings_add(findings, FINDING_NOTE, "",
				     "%s (%s) is not on the way from the signing certificate to "
				     "its root: left out of the signature",
				     certificate->origin, certificate->subject);
	}
}

/* ---- pre-flight ------------------------------------------------------------------------ */

static struct judge_blob blob_of(const struct signer *signer, size_t index)
{
	const struct buffer *der = &signer->encoded[index];

	return (struct judge_blob){ (const unsigned char *)der->data, der->length,
				    signer->chain.list[index]->origin };
}

/* The iPXE that is going to decide: it trusts the chain's root, and nothing if there is none. */
static struct judge_policy policy_of(const struct signer *signer, int64_t when,
				     const struct judge_blob *root)
{
	return (struct judge_policy){
		.version = signer->ipxe,
		.time = when,
		.roots = root,
		.root_count = signer->chain.complete ? 1 : 0,
	};
}

static int judge_at(const struct signer *signer, int64_t when, struct judgement *judgement,
		    struct error *err)
{
	size_t count = signer->chain.count;
	cleanup_free struct judge_blob *bag = xcalloc(count, sizeof(*bag));
	struct judge_policy policy = policy_of(signer, when, &bag[count - 1]);

	for (size_t i = 0; i < count; i++)
		bag[i] = blob_of(signer, i);
	return judge_chain(&policy, &bag[0], bag, count, signer->digest, judgement, err);
}

/* The file that a certificate came from, for messages. */
static const char *origin_of(const struct signer *signer, const char *subject)
{
	for (size_t i = 0; i < signer->chain.count; i++)
		if (!strcmp(signer->chain.list[i]->subject, subject))
			return signer->chain.list[i]->origin;
	return signer->chain.list[0]->origin;
}

/* Turns a judgement that says no into the error. `since` tells from when on, "" for now. */
static int refuse(const struct signer *signer, const struct judgement *judgement, const char *since,
		  const char *mend, struct error *err)
{
	struct ipxe_code code = { .value = judgement->code, .digits = 8 };
	struct ipxe_meaning meaning;

	ipxe_explain(code, &meaning);
	err_fail(
		err, ERR_REFUSED,
		"%s: iPXE %s would refuse what is signed with this%s: %s [rule %s; iPXE would say: "
		"%s (https://ipxe.org/%08x)]",
		origin_of(signer, judgement->certificate), ipxe_version_name(signer->ipxe), since,
		judgement->reason, judgement->rule, meaning.error, judgement->code);
	return err_mend(err, "%s", mend);
}

static void set_refusal(struct judgement *judgement, const char *rule, uint32_t code,
			const char *subject, char *reason, char *mend)
{
	*judgement = (struct judgement){
		.code = code,
		.rule = rule,
		.reason = reason,
		.mend = mend,
		.certificate = xstrdup(subject),
		.signer = xstrdup(subject),
		.valid_until = INT64_MAX,
	};
}

static int check_key(const struct signer *signer, const char *name, struct judgement *judgement,
		     struct error *err)
{
	const struct certificate *leaf = signer->chain.list[0];
	EVP_PKEY *public = X509_get0_pubkey(leaf->x509), *private = key_pkey(signer->key);
	cleanup_free char *kind = NULL;
	bool same = public && EVP_PKEY_eq(public, private) == 1;

	ERR_clear_error();
	if (same)
		return 0;
	kind = pkey_describe(private);
	set_refusal(judgement, "key-matches-certificate",
		    public && EVP_PKEY_is_a(public, "EC") ? CODE_ECDSA_SIGNATURE
							  : CODE_RSA_SIGNATURE,
		    leaf->subject,
		    xasprintf("the private key %s (%s) does not belong to the certificate %s (%s)",
			      name, kind, leaf->subject, leaf->key),
		    xasprintf("give the key that %s was made for, or that key's certificate",
			      leaf->origin));
	return refuse(signer, judgement, "", judgement->mend, err);
}

/* A chain without its root: whatever else is wrong is said first, as iPXE would. */
static int refuse_incomplete(const struct signer *signer, const struct judgement *judgement,
			     struct error *err)
{
	const struct certificate *last = signer->chain.list[signer->chain.count - 1];
	cleanup_free char *mend =
		xasprintf("add --ca with the certificate of %s; %s (%s) is as far as the given "
			  "ones reach",
			  last->issuer, last->subject, last->origin);

	return refuse(signer, judgement, "", mend, err);
}

/* Will iPXE go on accepting for the margin? */
static int check_margin(const struct signer *signer, int64_t margin, struct judgement *judgement,
			struct error *err)
{
	char until[WHEN_TEXT_SIZE];
	cleanup_free char *since = NULL, *mend = NULL;
	int64_t end = judgement->valid_until;

	if (end >= signer->now && end - signer->now >= margin)
		return 0;
	judgement_free(judgement);
	if (judge_at(signer, end + BEYOND_MARGIN, judgement, err) < 0)
		return -1;
	when_text(end, until);
	since = end < signer->now
			? xasprintf(" since %s", until)
			: xasprintf(
				  " after %s, which is less than the margin of %lld days from now",
				  until, (long long)(margin / SECONDS_PER_DAY));
	mend = xasprintf("renew the certificate ('muenbuild keys renew')%s",
			 end < signer->now ? "" : ", or ask for less with --margin DAYS");
	return refuse(signer, judgement, since, mend, err);
}

static void note_fresh(const struct signer *signer, struct findings *findings)
{
	char text[WHEN_TEXT_SIZE];

	for (size_t i = 0; i < signer->chain.count; i++) {
		const struct certificate *certificate = signer->chain.list[i];

		if (certificate->not_before <= signer->now - CLOCK_LAG)
			continue;
		findings_add(findings, FINDING_NOTE,
			     "date new certificates back by a day, as 'muenbuild keys' does",
			     "%s (%s) is valid from %s on: a machine whose clock is a day behind "
			     "refuses it",
			     certificate->origin, certificate->subject,
			     when_text(certificate->not_before, text));
	}
}

static int preflight(const struct signer *signer, const struct signer_request *request,
		     struct findings *findings, struct judgement *judgement, struct error *err)
{
	if (check_key(signer, request->key, judgement, err) < 0 ||
	    judge_at(signer, signer->now, judgement, err) < 0)
		return -1;
	if (!signer->chain.complete)
		return refuse_incomplete(signer, judgement, err);
	if (!judgement->accepted)
		return refuse(signer, judgement, "", judgement->mend, err);
	for (size_t i = 0; i < judgement->findings.count; i++) {
		const struct finding *finding = &judgement->findings.list[i];

		findings_add(findings, finding->severity, finding->mend, "%s", finding->text);
	}
	note_fresh(signer, findings);
	note_unused(signer, findings);
	return check_margin(signer, request->margin, judgement, err);
}

struct signer *signer_open(const struct signer_request *request, struct findings *findings,
			   struct judgement *judgement, struct error *err)
{
	cleanup_signer struct signer *signer = xcalloc(1, sizeof(*signer));

	signer->digest = request->digest;
	signer->ipxe = request->ipxe;
	signer->now = request->now;
	if (load_certificates(signer, request, err) < 0)
		return NULL;
	signer->key = key_load(request->key, request->passphrase, findings, err);
	if (!signer->key ||
	    chain_build(&signer->pool.list[0], &signer->pool, &signer->chain, err) < 0 ||
	    encode_chain(signer, err) < 0 ||
	    preflight(signer, request, findings, judgement, err) < 0)
		return NULL;
	return steal(signer);
}

/* ---- signing ------------------------------------------------------------------------------ */

/* Nothing leaves that iPXE would not accept, whatever key or token made it. */
static int check_own(const struct signer *signer, const char *name, const struct digest *digest,
		     const struct bytes *der, struct error *err)
{
	struct judge_blob root = blob_of(signer, signer->chain.count - 1);
	struct judge_blob signature = { der->data, der->size, name };
	struct judge_policy policy = policy_of(signer, signer->now, &root);
	struct judge_content content = { .known = digest };
	cleanup_judgement struct judgement judgement = { 0 };

	if (judge_signature(&policy, &content, &signature, &judgement, err) < 0)
		return -1;
	if (judgement.accepted)
		return 0;
	err_fail(err, ERR_INTERNAL, "the signature just made would be refused: %s [rule %s]",
		 judgement.reason, judgement.rule);
	return err_mend(err, "if the key is in a token, check that it signs with PKCS#1 v1.5 or "
			     "ECDSA; nothing was written");
}

int signer_sign(const struct signer *signer, const char *name, const struct digest *digest,
		struct bytes *der, struct error *err)
{
	cleanup_bytes struct bytes signature = { 0 };

	*der = (struct bytes){ 0 };
	if (key_sign(signer->key, digest, &signature, err) < 0 ||
	    cms_assemble(&signer->chain, digest, &signature, der, err) < 0 ||
	    check_own(signer, name, digest, der, err) < 0) {
		bytes_free(der);
		return err_within(err, "%s", name);
	}
	return 0;
}
