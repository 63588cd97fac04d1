#include "sign/signer.h"

#include "base/alloc.h"
#include "sign/cms.h"
#include "sign/ipxe/codes.h"
#include "sign/keys/key.h"
#include "sign/ossl.h"
#include "sign/preflight.h"

#include <openssl/err.h>
#include <string.h>

struct signer {
	struct key *key;
	struct certificates pool; /* the signing certificate comes first */
	struct certificate_chain chain;
	struct buffer root; /* its last certificate, in DER */
	struct preflight preflight;
};

void signer_free(struct signer *signer)
{
	buffer_free(&signer->root);
	certificate_chain_free(&signer->chain);
	certificates_free(&signer->pool);
	if (signer->key)
		key_free(signer->key);
	free(signer);
}

const struct certificate_chain *signer_chain(const struct signer *signer)
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

static void note_unused(const struct signer *signer, struct findings *findings)
{
	for (size_t i = 0; i < signer->pool.count; i++) {
		const struct certificate *certificate = &signer->pool.list[i];

		if (!certificate_chain_has(&signer->chain, certificate))
			findings_add(findings, FINDING_NOTE, "",
				     "%s (%s) is not on the way from the signing certificate to "
				     "its root: left out of the signature",
				     certificate->origin, certificate->subject);
	}
}

/* ---- pre-flight ------------------------------------------------------------------------ */

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
		    public && EVP_PKEY_is_a(public, "EC") ? IPXE_ECDSA_SIGNATURE : IPXE_RSA_VERIFY,
		    leaf->subject,
		    xasprintf("the private key %s (%s) does not belong to the certificate %s (%s)",
			      name, kind, leaf->subject, leaf->key),
		    xasprintf("give the key that %s was made for, or that key's certificate",
			      leaf->origin));
	return preflight_refuse(&signer->preflight, judgement, err);
}

struct signer *signer_open(const struct signer_request *request, struct findings *findings,
			   struct judgement *judgement, struct error *err)
{
	cleanup_signer struct signer *signer = xcalloc(1, sizeof(*signer));

	signer->preflight = (struct preflight){ .chain = &signer->chain,
						.digest = request->digest,
						.ipxe = request->ipxe,
						.now = request->now,
						.margin = request->margin };
	if (load_certificates(signer, request, err) < 0)
		return NULL;
	signer->key = key_load(request->key, request->passphrase, findings, err);
	if (!signer->key ||
	    certificate_chain_build(&signer->pool.list[0], &signer->pool, &signer->chain, err) <
		    0 ||
	    certificate_to_der(signer->chain.list[signer->chain.count - 1], &signer->root, err) <
		    0 ||
	    check_key(signer, request->key, judgement, err) < 0 ||
	    preflight_chain(&signer->preflight, findings, judgement, err) < 0)
		return NULL;
	note_unused(signer, findings);
	return steal(signer);
}

/* ---- signing ------------------------------------------------------------------------------ */

/* Nothing leaves that iPXE would not accept, whatever key or token made it. */
static int check_own(const struct signer *signer, const char *name, const struct digest *digest,
		     const struct bytes *der, struct error *err)
{
	struct ipxe_blob root = { (const unsigned char *)signer->root.data, signer->root.length,
				  "the root" };
	struct ipxe_blob signature = { der->data, der->size, name };
	struct ipxe_policy policy = { .version = signer->preflight.ipxe,
				      .time = signer->preflight.now,
				      .roots = &root,
				      .root_count = 1 };
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
