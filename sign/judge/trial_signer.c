/* The rules for one signer: its certificate's purpose, and its signature. */
#include "sign/judge/trial.h"

#include "base/alloc.h"
#include "sign/ipxe/codes.h"
#include "sign/ipxe/pubkey.h"

#include <stdlib.h>
#include <string.h>

int signer_check_usage(const struct ipxe_signer *signer, struct refusal *refusal)
{
	const struct ipxe_certificate *certificate = signer->chain.links[0];

	if (!(certificate->usage & USAGE_DIGITAL_SIGNATURE)) {
		refuse(refusal, IPXE_CMS_NOT_SIGNING, "no-digital-signature",
		       "the certificate of %s %s; iPXE wants keyUsage with digitalSignature "
		       "(nonRepudiation is not enough)",
		       certificate->name,
		       certificate->usage_present ? "has a keyUsage without digitalSignature"
						  : "has no keyUsage");
		refuse_mend(refusal, "issue it with keyUsage = critical, digitalSignature");
		return refuse_about(refusal, certificate->name);
	}
	if (!certificate->code_signing) {
		refuse(refusal, IPXE_CMS_NOT_CODE_SIGNING, "no-code-signing",
		       "the certificate of %s does not have codeSigning in its extendedKeyUsage; "
		       "anyExtendedKeyUsage or none at all do not do",
		       certificate->name);
		refuse_mend(refusal, "issue it with extendedKeyUsage = codeSigning");
		return refuse_about(refusal, certificate->name);
	}
	return 0;
}

/* ---- a key that does not do ---------------------------------------------- */

static int refuse_key(struct refusal *refusal, uint32_t code,
		      const struct ipxe_certificate *certificate, enum ipxe_version version,
		      const char *method)
{
	cleanup_free char *key = certificate_key_text(certificate->public_key);

	if (code == IPXE_RSA_RANGE)
		refuse(refusal, code, "key-too-short",
		       "the key of %s (%s) is too short for a signature with that digest",
		       certificate->name, key);
	else if (code == IPXE_ASN1_UNSUPPORTED_ALGORITHM)
		refuse(refusal, code, "unsupported-curve",
		       "the key of %s (%s) is on a curve that iPXE %s does not know; it knows "
		       "P-256 and P-384, named and not by their parameters",
		       certificate->name, key, ipxe_version_name(version));
	else
		refuse(refusal, code, "signer-key",
		       "the key of %s (%s) cannot verify a signature made with %s",
		       certificate->name, key, method);
	refuse_mend(refusal, "sign with an RSA key of 2048 to 4096 bits, or one on P-256");
	return refuse_about(refusal, certificate->name);
}

int signer_check_key(const struct ipxe_certificate *certificate, enum ipxe_version version,
		     enum digest_algorithm digest, struct refusal *refusal)
{
	enum ipxe_pubkey method = certificate->key_algorithm->pubkey;
	uint32_t code;

	if (method == PUBKEY_RSA_PSS) {
		refuse(refusal, IPXE_RSA_VERIFY, "pss-key",
		       "the key of %s is of the type RSASSA-PSS; signatures by it are labelled "
		       "rsaEncryption, and iPXE then takes them for PKCS#1 v1.5",
		       certificate->name);
		refuse_mend(refusal, "use a plain RSA key (rsaEncryption)");
		return refuse_about(refusal, certificate->name);
	}
	if (method == PUBKEY_ECDSA && digest == DIGEST_SHA1) {
		refuse(refusal, IPXE_ASN1_UNSUPPORTED_ALGORITHM, "algorithm",
		       "the key of %s would sign with ECDSA and SHA-1; iPXE knows ECDSA with "
		       "SHA-2 only",
		       certificate->name);
		refuse_mend(refusal, "sign with sha256");
		return refuse_about(refusal, certificate->name);
	}
	code = pubkey_usable(method, version, certificate->public_key, digest);
	return code ? refuse_key(refusal, code, certificate, version,
				 certificate->key_algorithm->name)
		    : 0;
}

/* ---- a signature that does not verify ------------------------------------ */

/* All that is needed to say why. */
struct failure {
	const struct ipxe_signer *signer;
	const struct ipxe_certificate *certificate;
	const char *signature; /* the file's name */
	enum ipxe_version version;
	const struct contents *contents;
	uint32_t code;
	struct pubkey_result result;
	struct refusal *refusal;
};

static bool verifies_over(const struct failure *failure, const struct digest *digest)
{
	struct pubkey_result ignored;

	return pubkey_verify(failure->signer->algorithm->pubkey, failure->version,
			     failure->certificate->public_key, digest, failure->signer->value,
			     &ignored) == 0;
}

/* RFC 5652 section 5.4: the signature is over the attributes, their tag that of a SET. */
static int check_attributes(const struct failure *failure, bool *over_attributes, struct error *err)
{
	struct der attributes = failure->signer->attributes;
	cleanup_free unsigned char *set = xcalloc(1, attributes.length + 1);
	struct digest digest;

	memcpy(set, attributes.data, attributes.length);
	set[0] = DER_SET;
	if (digest_bytes(failure->signer->digest->digest, set, attributes.length, &digest, err) < 0)
		return -1;
	*over_attributes = verifies_over(failure, &digest);
	return 0;
}

static void refuse_attributes(const struct failure *failure)
{
	refuse(failure->refusal, failure->code, "signed-attributes",
	       "%s: the signature by %s is over attributes (a signing time and the like), not "
	       "over %s itself; iPXE skips them and wants it over the file",
	       failure->signature, failure->certificate->name, contents_name(failure->contents));
	refuse_mend(failure->refusal, "sign with -noattr");
}

static void refuse_text(const struct failure *failure)
{
	refuse(failure->refusal, failure->code, "text-mode",
	       "%s: the signature is over %s with its line ends changed to CR LF",
	       failure->signature, contents_name(failure->contents));
	refuse_mend(failure->refusal, "sign with -binary");
}

static void refuse_other_content(const struct failure *failure)
{
	const struct digest *found = &failure->result.signed_digest;
	const struct digest *have = &failure->contents->digests[failure->signer->digest->digest];
	char found_hex[DIGEST_HEX_SIZE], have_hex[DIGEST_HEX_SIZE];

	refuse(failure->refusal, failure->code, "wrong-content",
	       "%s: the signature by %s is sound but over other contents: it signs the %s %s, %s "
	       "has the %s %s",
	       failure->signature, failure->certificate->name, digest_name(found->algorithm),
	       digest_hex(found, found_hex), contents_name(failure->contents),
	       digest_name(have->algorithm), digest_hex(have, have_hex));
	refuse_mend(failure->refusal, "the file was changed after it was signed, or this is the "
				      "signature of another file: sign this one again");
}

static void refuse_padding(const struct failure *failure)
{
	bool salt = failure->result.finding == PUBKEY_OTHER_SALT;

	refuse(failure->refusal, failure->code, salt ? "pss-salt" : "pss-padding",
	       salt ? "%s: the RSASSA-PSS signature by %s has a salt of another length than its "
		      "digest"
		    : "%s: the signature by %s has RSASSA-PSS padding but is labelled %s",
	       failure->signature, failure->certificate->name, failure->signer->algorithm->name);
	refuse_mend(failure->refusal,
		    salt ? "sign with PKCS#1 v1.5 padding, or with -keyopt rsa_pss_saltlen:digest "
			   "for an iPXE of 2026"
			 : "use a plain RSA key and PKCS#1 v1.5 padding");
}

static void refuse_garbled(const struct failure *failure)
{
	bool length = failure->result.finding == PUBKEY_OTHER_LENGTH;

	refuse(failure->refusal, failure->code, length ? "signature-length" : "signature-value",
	       "%s: the signature %s %s; it is damaged, or made with another key%s",
	       failure->signature,
	       length ? "is not as long as the key of" : "does not verify with the key of",
	       failure->certificate->name,
	       failure->signer->algorithm->pubkey == PUBKEY_ECDSA ? ", or over another file" : "");
	refuse_mend(failure->refusal, "fetch it again, or sign the file again");
}

static int explain(const struct failure *failure, struct error *err)
{
	bool over_attributes = false;
	struct digest as_text;

	if (failure->signer->attributes.length &&
	    check_attributes(failure, &over_attributes, err) < 0)
		return -1;
	if (over_attributes) {
		refuse_attributes(failure);
		return 0;
	}
	switch (failure->result.finding) {
	case PUBKEY_BAD_KEY:
	case PUBKEY_OPENSSL_FAILED:
		refuse_key(failure->refusal, failure->code, failure->certificate, failure->version,
			   failure->signer->algorithm->name);
		return 0;
	case PUBKEY_OTHER_PADDING:
	case PUBKEY_OTHER_SALT:
		refuse_padding(failure);
		return 0;
	case PUBKEY_OTHER_LENGTH:
		refuse_garbled(failure);
		return 0;
	default:
		break;
	}
	if (contents_hash_as_text(failure->contents, failure->signer->digest->digest, &as_text,
				  err) < 0)
		return -1;
	if (verifies_over(failure, &as_text))
		refuse_text(failure);
	else if (failure->result.finding == PUBKEY_OTHER_CONTENT)
		refuse_other_content(failure);
	else
		refuse_garbled(failure);
	return 0;
}

enum trial_outcome signer_check_value(const struct ipxe_signer *signer,
				      const struct ipxe_message *message, enum ipxe_version version,
				      const struct contents *contents, struct refusal *refusal,
				      struct error *err)
{
	struct failure failure = {
		.signer = signer,
		.certificate = signer->chain.links[0],
		.signature = message->name,
		.version = version,
		.contents = contents,
		.refusal = refusal,
	};

	failure.code = pubkey_verify(
		signer->algorithm->pubkey, version, failure.certificate->public_key,
		&contents->digests[signer->digest->digest], signer->value, &failure.result);
	if (!failure.code)
		return TRIAL_ACCEPTED;
	if (explain(&failure, err) < 0)
		return TRIAL_FAILED;
	refuse_about(refusal, failure.certificate->name);
	return TRIAL_REFUSED;
}
