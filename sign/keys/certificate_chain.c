/* The chain from a certificate to its root: the second half of sign/keys/certificate.h. */
#include "base/alloc.h"
#include "sign/keys/certificate.h"
#include "sign/ossl.h"

#include <openssl/err.h>
#include <string.h>

bool certificate_chain_has(const struct certificate_chain *chain,
			   const struct certificate *certificate)
{
	for (size_t i = 0; i < chain->count; i++)
		if (!strcmp(chain->list[i]->fingerprint, certificate->fingerprint))
			return true;
	return false;
}

static void chain_add(struct certificate_chain *chain, const struct certificate *certificate)
{
	array_grow(chain->list, chain->count);
	chain->list[chain->count++] = certificate;
	chain->complete = certificate->self_signed;
}

static bool names_as_issuer(const struct certificate *subject, const struct certificate *issuer)
{
	return !X509_NAME_cmp(X509_get_issuer_name(subject->x509),
			      X509_get_subject_name(issuer->x509));
}

static bool has_signed(const struct certificate *issuer, const struct certificate *subject)
{
	EVP_PKEY *pkey = X509_get0_pubkey(issuer->x509);
	bool verified = pkey && X509_verify(subject->x509, pkey) == 1;

	ERR_clear_error();
	return verified;
}

static int fail_ambiguous(const struct certificate *subject, const struct certificate *first,
			  const struct certificate *second, struct error *err)
{
	err_fail(err, ERR_INPUT,
		 "%s (%s) could be issued by either of two certificates named %s: %s (SHA-256 "
		 "%.16s...) and %s (SHA-256 %.16s...); iPXE takes whichever sorts first",
		 subject->origin, subject->subject, first->subject, first->origin,
		 first->fingerprint, second->origin, second->fingerprint);
	return err_mend(err, "give only the one that leads to the certificate in iPXE's TRUST=");
}

/* The issuer of the chain's last certificate: *issuer is NULL if the pool has none. */
static int find_issuer(const struct certificate_chain *chain, const struct certificates *pool,
		       const struct certificate **issuer, struct error *err)
{
	const struct certificate *subject = chain->list[chain->count - 1];
	bool verified = false;

	*issuer = NULL;
	for (size_t i = 0; i < pool->count; i++) {
		const struct certificate *candidate = &pool->list[i];
		bool verifies;

		if (certificate_chain_has(chain, candidate) ||
		    !names_as_issuer(subject, candidate) ||
		    (*issuer && !strcmp((*issuer)->fingerprint, candidate->fingerprint)))
			continue;
		verifies = has_signed(candidate, subject);
		if (verified && verifies)
			return fail_ambiguous(subject, *issuer, candidate, err);
		if (!*issuer || (verifies && !verified))
			*issuer = candidate;
		verified = verified || verifies;
	}
	return 0;
}

int certificate_chain_build(const struct certificate *leaf, const struct certificates *pool,
			    struct certificate_chain *chain, struct error *err)
{
	const struct certificate *next = leaf;

	*chain = (struct certificate_chain){ 0 };
	/* Ends: a certificate is never taken twice. */
	while (next) {
		chain_add(chain, next);
		if (chain->complete)
			return 0;
		if (find_issuer(chain, pool, &next, err) < 0)
			return -1;
	}
	return 0;
}

void certificate_chain_free(struct certificate_chain *chain)
{
	free(chain->list);
	*chain = (struct certificate_chain){ 0 };
}
