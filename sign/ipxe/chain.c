#include "sign/ipxe/chain.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "sign/ipxe/codes.h"
#include "sign/ipxe/pubkey.h"
#include "sign/when.h"

#include <stdlib.h>
#include <string.h>

/* What a clock may be wrong by: iPXE's TIMESTAMP_ERROR_MARGIN, 12 hours for a clock that runs in
 * local time and 30 minutes for drift. */
enum { CLOCK_MARGIN = (12 * 60 + 30) * 60 };

/* iPXE has no such limit but its heap, which ends long before. */
enum { STORE_LIMIT = 512 };

/* ---- lists --------------------------------------------------------------- */

void chain_append(struct ipxe_chain *chain, struct ipxe_certificate *certificate)
{
	array_grow(chain->links, chain->count);
	chain->links[chain->count++] = certificate;
}

void chain_free(struct ipxe_chain *chain)
{
	free(chain->links);
	*chain = (struct ipxe_chain){ 0 };
}

static struct ipxe_certificate *find_subject(const struct ipxe_chain *candidates, struct der name)
{
	for (size_t i = 0; i < candidates->count; i++)
		if (der_equal(candidates->links[i]->subject, name))
			return candidates->links[i];
	return NULL;
}

/* ---- the store ----------------------------------------------------------- */

void store_free(struct ipxe_store *store)
{
	for (size_t i = 0; i < store->recent.count; i++)
		certificate_free(store->recent.links[i]);
	chain_free(&store->recent);
}

static void move_to_front(struct ipxe_chain *chain, size_t from)
{
	struct ipxe_certificate *certificate = chain->links[from];

	memmove(chain->links + 1, chain->links, from * sizeof(*chain->links));
	chain->links[0] = certificate;
}

static int mark_trusted(const struct ipxe_store *store, struct ipxe_certificate *certificate,
			struct refusal *refusal)
{
	struct error err = { 0 };
	struct digest digest;

	if (digest_bytes(DIGEST_SHA256, certificate->raw.data, certificate->raw.length, &digest,
			 &err) < 0)
		return refuse_unjudged(refusal, &err);
	for (size_t i = 0; i < store->pin_count; i++)
		if (!memcmp(store->pins[i].bytes, digest.bytes, digest.size))
			certificate->trusted = true;
	return 0;
}

struct ipxe_certificate *store_take(struct ipxe_store *store, struct der raw, const char *position,
				    struct refusal *refusal)
{
	struct ipxe_certificate *certificate;

	der_shrink(&raw, DER_ANY);
	for (size_t i = 0; i < store->recent.count; i++) {
		if (der_equal(store->recent.links[i]->raw, raw)) {
			move_to_front(&store->recent, i);
			return store->recent.links[0];
		}
	}
	if (store->recent.count == STORE_LIMIT) {
		refuse(refusal, IPXE_X509_NO_MEMORY, "too-many-certificates",
		       "there are more than %d certificates; iPXE's memory does not hold them",
		       STORE_LIMIT);
		refuse_mend(refusal, "include the signer's chain and nothing else");
		return NULL;
	}
	certificate = certificate_read(raw, store->policy->version, position, refusal);
	if (!certificate)
		return NULL;
	chain_append(&store->recent, certificate);
	move_to_front(&store->recent, store->recent.count - 1);
	return mark_trusted(store, certificate, refusal) < 0 ? NULL : certificate;
}

/* ---- building ------------------------------------------------------------ */

int chain_complete(struct ipxe_chain *chain, const struct ipxe_chain *candidates,
		   const struct ipxe_store *store, struct refusal *refusal)
{
	struct ipxe_certificate *last, *issuer;
	size_t steps = 0;

	if (!candidates)
		candidates = &store->recent;
	for (;;) {
		last = chain->links[chain->count - 1];
		issuer = find_subject(candidates, last->issuer);
		if (!issuer || issuer == last)
			return 0;
		if (steps++ > candidates->count) {
			refuse(refusal, IPXE_X509_NO_MEMORY, "certificate-loop",
			       "the certificates go round in a circle: %s leads back to itself "
			       "over its issuers; iPXE follows them until its memory is full",
			       last->name);
			refuse_mend(refusal, "include one certificate for each name, up to the "
					     "trusted root");
			return refuse_about(refusal, last->name);
		}
		chain_append(chain, issuer);
	}
}

/* ---- one certificate ----------------------------------------------------- */

static int check_time(const struct ipxe_certificate *certificate, int64_t now,
		      struct refusal *refusal)
{
	char when[WHEN_TEXT_SIZE], limit[WHEN_TEXT_SIZE];
	bool early = certificate->not_before > now + CLOCK_MARGIN;

	if (!early && certificate->not_after >= now - CLOCK_MARGIN)
		return 0;
	refuse(refusal, IPXE_X509_EXPIRED, early ? "not-yet-valid" : "expired",
	       "the certificate of %s is %s %s, and it is %s (iPXE allows its clock an error of "
	       "12 hours and 30 minutes)",
	       certificate->name, early ? "valid only from" : "expired since",
	       when_text(early ? certificate->not_before : certificate->not_after, limit),
	       when_text(now, when));
	if (early)
		refuse_mend(refusal, "set the clock of the machine that boots, or issue the "
				     "certificate with an earlier notBefore");
	else
		refuse_mend(refusal, "renew the certificate and sign again: a signature does not "
				     "outlive its certificates");
	return refuse_about(refusal, certificate->name);
}

static int refuse_issuer(struct refusal *refusal, uint32_t code, const char *rule,
			 const struct ipxe_certificate *certificate,
			 const struct ipxe_certificate *issuer, const char *finding)
{
	refuse(refusal, code, rule, "the certificate of %s was issued by %s, %s", certificate->name,
	       issuer->name, finding);
	refuse_mend(refusal, "issue the CA certificate with basicConstraints CA:TRUE and keyUsage "
			     "keyCertSign, both critical, then TRUST= it in a new iPXE");
	return refuse_about(refusal, issuer->name);
}

static int check_signature(const struct ipxe_certificate *certificate,
			   const struct ipxe_certificate *issuer, enum ipxe_version version,
			   struct refusal *refusal)
{
	const struct ipxe_algorithm *algorithm = certificate->signature_algorithm;
	struct error err = { 0 };
	struct pubkey_result result;
	struct digest digest;
	uint32_t code;

	if (issuer->key_algorithm->pubkey != algorithm->pubkey) {
		refuse(refusal, IPXE_X509_ALGORITHM_MISMATCH, "issuer-key-type",
		       "the certificate of %s is signed with %s, but the key of its issuer %s is "
		       "of the type %s",
		       certificate->name, algorithm->name, issuer->name,
		       issuer->key_algorithm->name);
		refuse_mend(refusal,
			    "include the certificate of the CA that issued it, not another "
			    "one of the same name");
		return refuse_about(refusal, certificate->name);
	}
	if (digest_bytes(algorithm->digest, certificate->tbs.data, certificate->tbs.length, &digest,
			 &err) < 0)
		return refuse_unjudged(refusal, &err);
	code = pubkey_verify(algorithm->pubkey, version, issuer->public_key, &digest,
			     certificate->signature, &result);
	if (!code)
		return 0;
	refuse(refusal, code, "certificate-signature",
	       "the certificate of %s was not signed by the key of the certificate that is taken "
	       "for its issuer, %s%s",
	       certificate->name, issuer->name,
	       result.finding == PUBKEY_OTHER_CONTENT ? ": the certificate was altered"
	       : result.finding == PUBKEY_BAD_KEY     ? ": the issuer's key cannot be used"
						      : "");
	refuse_mend(refusal, "include the certificate of the CA that issued it, not another one "
			     "of the same name");
	return refuse_about(refusal, certificate->name);
}

/* That the names match is how the chain was built. */
static int check_issuer(const struct ipxe_certificate *certificate,
			const struct ipxe_certificate *issuer, enum ipxe_version version,
			struct refusal *refusal)
{
	if (!issuer->ca)
		return refuse_issuer(refusal, IPXE_X509_NOT_CA, "not-a-ca", certificate, issuer,
				     "which has no basicConstraints with CA:TRUE");
	if (issuer->usage_present && !(issuer->usage & USAGE_KEY_CERT_SIGN))
		return refuse_issuer(refusal, IPXE_X509_KEY_USAGE, "ca-key-usage", certificate,
				     issuer, "whose keyUsage lacks keyCertSign");
	return check_signature(certificate, issuer, version, refusal);
}

static int check_path_length(const struct ipxe_certificate *certificate,
			     const struct ipxe_certificate *issuer, struct refusal *refusal)
{
	if (issuer->path_remaining)
		return 0;
	refuse(refusal, IPXE_X509_PATH_LENGTH, "path-length",
	       "the chain is longer than a pathlen of a CA in it allows: %s may not have %s below "
	       "it",
	       issuer->name, certificate->name);
	refuse_mend(refusal, "issue the CA certificate above with a larger pathlen or none, or "
			     "leave the intermediate CA out");
	return refuse_about(refusal, issuer->name);
}

static int refuse_ocsp(const struct ipxe_certificate *certificate, struct refusal *refusal)
{
	char uri[256];

	refuse(refusal, IPXE_TCP_RESET, "ocsp",
	       "the certificate of %s names an OCSP responder (%s); iPXE asks it at every boot "
	       "and refuses when it does not answer (the code is that of a refused connection, "
	       "another failure gives another)",
	       certificate->name,
	       text_printable((const char *)certificate->ocsp_uri.data,
			      certificate->ocsp_uri.length, uri, sizeof(uri)));
	refuse_mend(refusal, "issue the certificate without an OCSP URI in authorityInfoAccess");
	return refuse_about(refusal, certificate->name);
}

/* Validates a certificate on its own (issuer NULL: it must be pinned) or by its issuer, which is
 * valid already. What is valid stays so, for the chains of other signers too. */
static int validate_one(struct ipxe_certificate *certificate, const struct ipxe_certificate *issuer,
			const struct ipxe_policy *policy, struct refusal *refusal)
{
	if (certificate->valid)
		return 0;
	if (check_time(certificate, policy->time, refusal) < 0)
		return -1;
	if (certificate->trusted) {
		certificate->path_remaining = certificate->path_length + 1;
		certificate->valid_until = certificate->not_after;
		certificate->valid = true;
		return 0;
	}
	if (!issuer)
		return -1;
	if (check_issuer(certificate, issuer, policy->version, refusal) < 0 ||
	    check_path_length(certificate, issuer, refusal) < 0)
		return -1;
	if (certificate->ocsp_uri.length)
		return refuse_ocsp(certificate, refusal);
	certificate->path_remaining = issuer->path_remaining - 1;
	if (certificate->path_remaining > certificate->path_length + 1)
		certificate->path_remaining = certificate->path_length + 1;
	certificate->valid_until = certificate->not_after < issuer->valid_until
					   ? certificate->not_after
					   : issuer->valid_until;
	certificate->valid = true;
	return 0;
}

/* ---- the chain ----------------------------------------------------------- */

static const struct ipxe_certificate *find_pinned(const struct ipxe_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		if (chain->links[i]->trusted)
			return chain->links[i];
	return NULL;
}

/* Whether a certificate has that name as people read it, for a chain that found none. */
static bool has_namesake(const struct ipxe_store *store, struct der name, const char *text)
{
	for (size_t i = 0; i < store->recent.count; i++)
		if (!der_equal(store->recent.links[i]->subject, name) &&
		    !strcmp(store->recent.links[i]->name, text))
			return true;
	return false;
}

/* No certificate of the chain is pinned and valid: says what is missing. */
static int refuse_useless(const struct ipxe_chain *chain, const struct ipxe_store *store,
			  const char *what, struct refusal *refusal)
{
	const struct ipxe_certificate *last = chain->links[chain->count - 1];
	const struct ipxe_certificate *pinned = find_pinned(chain);
	cleanup_free char *issuer = certificate_name_text(last->issuer);

	if (pinned) {
		check_time(pinned, store->policy->time, refusal);
		refusal->code = IPXE_X509_USELESS;
		if (strcmp(refusal->rule, "expired") != 0) {
			refusal->rule = "root-not-yet-valid";
			return -1;
		}
		refusal->rule = "root-expired";
		return refuse_mend(refusal, "make a new CA (muenbuild keys init), build iPXE with "
					    "it in TRUST= under a new file name, and sign again");
	}
	if (has_namesake(store, last->issuer, issuer) && !der_equal(last->issuer, last->subject)) {
		refuse(refusal, IPXE_X509_USELESS, "name-encoding",
		       "%s: its chain ends at %s, issued by %s; there is a certificate of that "
		       "name, "
		       "but the name is encoded in another way (UTF8String, PrintableString), and "
		       "iPXE compares byte for byte",
		       what, last->name, issuer);
		refuse_mend(refusal,
			    "issue the certificate anew, so that its issuer is a copy of the "
			    "CA's subject");
	} else if (der_equal(last->issuer, last->subject)) {
		refuse(refusal, IPXE_X509_USELESS, "untrusted",
		       "%s: its chain ends at %s, which is none of the %zu trusted certificates "
		       "(iPXE compares the whole certificate, not its name or key)",
		       what, last->name, store->pin_count);
		refuse_mend(refusal, "sign with a certificate of a trusted CA, or build iPXE with "
				     "TRUST= this one; a CA that was issued anew is another one");
	} else {
		refuse(refusal, IPXE_X509_USELESS, "incomplete-chain",
		       "%s: its chain ends at %s, and there is no certificate of its issuer %s",
		       what, last->name, issuer);
		refuse_mend(refusal,
			    "include every certificate up to the trusted root (-certfile), "
			    "whose names must be encoded byte for byte as in the "
			    "certificates below");
	}
	return refuse_about(refusal, last->name);
}

int chain_validate(struct ipxe_chain *chain, const struct ipxe_store *store, const char *what,
		   struct refusal *refusal)
{
	const struct ipxe_policy *policy = store->policy;
	struct refusal ignored;
	size_t anchor = 0;

	if (!chain->count) {
		refuse(refusal, IPXE_X509_EMPTY_CHAIN, "not-signed-data",
		       "%s is an encrypted message, not a signature", what);
		return refuse_mend(refusal, "name the file that openssl cms -sign or muenbuild "
					    "sign wrote");
	}
	if (chain_complete(chain, NULL, store, refusal) < 0)
		return -1;
	while (anchor < chain->count &&
	       validate_one(chain->links[anchor], NULL, policy, &ignored) < 0)
		anchor++;
	if (anchor == chain->count)
		return refuse_useless(chain, store, what, refusal);
	for (size_t i = anchor; i-- > 0;) {
		if (validate_one(chain->links[i], chain->links[i + 1], policy, refusal) == 0)
			continue;
		/* iPXE then asks the responder before it gives up, and that is what it shows. */
		if (chain->links[i]->ocsp_uri.length && refusal->code)
			return refuse_ocsp(chain->links[i], refusal);
		return -1;
	}
	return 0;
}
