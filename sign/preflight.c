#include "sign/preflight.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "sign/ipxe/codes.h"
#include "sign/when.h"

#include <string.h>

/* How far behind the clock of a machine may be that boots: what iPXE forgives, 12.5 hours
 * (X509_ERROR_MARGIN_HOURS, TIMESTAMP_ERROR_MARGIN in src/include/ipxe/x509.h), is less than
 * clocks in the wrong time zone can be off. */
enum { CLOCK_LAG = SECONDS_PER_DAY };

/* Well past what iPXE forgives, to learn what it says about an expired certificate. */
enum { BEYOND_FORGIVEN = 13 * 3600 };

/* The chain's certificates in DER, for the judge. */
struct encoded {
	struct buffer *buffers;
	struct ipxe_blob *blobs;
	size_t count;
};

static void encoded_free(struct encoded *encoded)
{
	for (size_t i = 0; i < encoded->count; i++)
		buffer_free(&encoded->buffers[i]);
	free(encoded->buffers);
	free(encoded->blobs);
}

static int encode(const struct certificate_chain *chain, struct encoded *encoded, struct error *err)
{
	encoded->count = chain->count;
	encoded->buffers = xcalloc(chain->count, sizeof(*encoded->buffers));
	encoded->blobs = xcalloc(chain->count, sizeof(*encoded->blobs));
	for (size_t i = 0; i < chain->count; i++) {
		struct buffer *der = &encoded->buffers[i];

		if (certificate_to_der(chain->list[i], der, err) < 0)
			return -1;
		encoded->blobs[i] = (struct ipxe_blob){ .data = (const unsigned char *)der->data,
							.size = der->length,
							.name = chain->list[i]->origin };
	}
	return 0;
}

int preflight_judge(const struct preflight *preflight, int64_t when, struct judgement *judgement,
		    struct error *err)
{
	cleanup_with(encoded_free) struct encoded encoded = { 0 };
	struct ipxe_policy policy = { .version = preflight->ipxe, .time = when };

	if (encode(preflight->chain, &encoded, err) < 0)
		return -1;
	policy.roots = &encoded.blobs[encoded.count - 1];
	policy.root_count = preflight->chain->complete ? 1 : 0;
	return judge_chain(&policy, &encoded.blobs[0], encoded.blobs, encoded.count,
			   preflight->digest, judgement, err);
}

/* ---- refusing ---------------------------------------------------------------------------- */

/* The file that the certificate came from which the judgement is about. */
static const char *origin_of(const struct certificate_chain *chain, const char *subject)
{
	for (size_t i = 0; i < chain->count; i++)
		if (!strcmp(chain->list[i]->subject, subject))
			return chain->list[i]->origin;
	return chain->list[0]->origin;
}

int preflight_refuse(const struct preflight *preflight, const struct judgement *judgement,
		     struct error *err)
{
	struct ipxe_code code = { .value = judgement->code, .digits = 8 };
	const char *origin = origin_of(preflight->chain, judgement->certificate);
	const char *reason = judgement->reason;
	size_t length = strlen(origin);
	struct ipxe_meaning meaning;

	/* Reasons begin with the file where they know it. */
	if (!strncmp(reason, origin, length) && !strncmp(reason + length, ": ", 2))
		reason += length + 2;
	ipxe_explain(code, &meaning);
	err_fail(err, ERR_REFUSED,
		 "%s: iPXE %s would refuse what is signed with this: %s [rule %s; iPXE would say: "
		 "%s (https://ipxe.org/%08x)]",
		 origin, ipxe_version_name(preflight->ipxe), reason, judgement->rule, meaning.error,
		 judgement->code);
	return err_mend(err, "%s", judgement->mend);
}

/* A chain without its root: whatever else is wrong is said first, as iPXE would. */
static int refuse_incomplete(const struct preflight *preflight, struct judgement *judgement,
			     struct error *err)
{
	const struct certificate_chain *chain = preflight->chain;
	const struct certificate *last = chain->list[chain->count - 1];

	if (judgement->code == IPXE_X509_USELESS) {
		free(judgement->mend);
		judgement->mend = xasprintf("add --ca with the certificate of %s; %s (%s) is as "
					    "far as the given ones reach",
					    last->issuer, last->subject, last->origin);
	}
	return preflight_refuse(preflight, judgement, err);
}

/* The certificate whose end is the signature's. */
static const struct certificate *first_to_end(const struct certificate_chain *chain)
{
	const struct certificate *first = chain->list[0];

	for (size_t i = 1; i < chain->count; i++)
		if (chain->list[i]->not_after < first->not_after)
			first = chain->list[i];
	return first;
}

/* Puts what is known here in place of what the judge says about the day when it is too late. */
static void explain_end(const struct preflight *preflight, int64_t end, struct judgement *judgement)
{
	const struct certificate *first = first_to_end(preflight->chain);
	bool ended = end < preflight->now;
	char until[WHEN_TEXT_SIZE];

	free(judgement->reason);
	free(judgement->mend);
	when_text(end, until);
	if (ended)
		judgement->reason = xasprintf("the certificate of %s (%s) ended %s", first->subject,
					      first->origin, until);
	else
		judgement->reason = xasprintf(
			"the certificate of %s (%s) ends %s: whole days left %lld, asked for %lld",
			first->subject, first->origin, until,
			(long long)when_days(preflight->now, end),
			(long long)(preflight->margin / SECONDS_PER_DAY));
	judgement->mend =
		xasprintf("%s%s",
			  first->authority ? "a new CA is needed ('muenbuild keys init'), and an "
					     "iPXE built with it in TRUST="
					   : "renew the certificate ('muenbuild keys renew')",
			  ended ? "" : ", or ask for less with --margin DAYS");
}

/* Will iPXE go on accepting for the margin? If not, what will it say then? */
static int check_margin(const struct preflight *preflight, struct judgement *judgement,
			struct error *err)
{
	int64_t end = judgement->valid_until;

	if (end >= preflight->now && end - preflight->now >= preflight->margin)
		return 0;
	judgement_free(judgement);
	if (preflight_judge(preflight, end + BEYOND_FORGIVEN, judgement, err) < 0)
		return -1;
	explain_end(preflight, end, judgement);
	return preflight_refuse(preflight, judgement, err);
}

/* ---- all rules ------------------------------------------------------------------------------ */

static void note_fresh(const struct preflight *preflight, struct findings *findings)
{
	char text[WHEN_TEXT_SIZE];

	for (size_t i = 0; i < preflight->chain->count; i++) {
		const struct certificate *certificate = preflight->chain->list[i];

		if (certificate->not_before <= preflight->now - CLOCK_LAG)
			continue;
		findings_add(findings, FINDING_NOTE,
			     "date new certificates back by a day, as 'muenbuild keys' does",
			     "%s (%s) is valid from %s on: a machine whose clock is a day behind "
			     "refuses it",
			     certificate->origin, certificate->subject,
			     when_text(certificate->not_before, text));
	}
}

int preflight_chain(const struct preflight *preflight, struct findings *findings,
		    struct judgement *judgement, struct error *err)
{
	if (preflight_judge(preflight, preflight->now, judgement, err) < 0)
		return -1;
	if (!preflight->chain->complete)
		return refuse_incomplete(preflight, judgement, err);
	if (!judgement->accepted)
		return preflight_refuse(preflight, judgement, err);
	if (check_margin(preflight, judgement, err) < 0)
		return -1;
	for (size_t i = 0; i < judgement->findings.count; i++) {
		const struct finding *finding = &judgement->findings.list[i];

		findings_add(findings, finding->severity, finding->mend, "%s", finding->text);
	}
	note_fresh(preflight, findings);
	return 0;
}
