#include "sign/judge/intact.h"

#include "base/error.h"
#include "sign/ipxe/image.h"

#include <string.h>

struct check {
	const struct ipxe_message *message;
	const struct contents *contents;
	struct refusal *refusal;
};

static int altered(const struct check *check, const char *field, const char *finding)
{
	refuse(check->refusal, 0, "altered",
	       "%s: %s %s; iPXE does not look at it and would accept the signature, but it is not "
	       "as any tool writes it: it was altered or damaged",
	       check->message->name, field, finding);
	return refuse_mend(check->refusal, "fetch the signature again, or sign the file again");
}

/* ---- pieces -------------------------------------------------------------- */

static bool is_version(struct der field, int32_t wanted)
{
	int32_t version;

	return field.length == 3 && !der_integer(field, &version) && version == wanted;
}

static bool is_null(struct der parameters)
{
	return parameters.length == 2 && parameters.data[0] == DER_NULL && parameters.data[1] == 0;
}

static bool has_plain_parameters(struct der field)
{
	struct der parameters = algorithm_parameters(field);

	return !parameters.length || is_null(parameters);
}

static bool is_id_data(struct der encapsulated)
{
	static const unsigned char id_data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7,
						 0x0d, 0x01, 0x07, 0x01 };

	der_enter(&encapsulated, DER_SEQUENCE);
	der_enter(&encapsulated, DER_OID);
	return der_equal(encapsulated, (struct der){ id_data, sizeof(id_data) });
}

/* ---- the message --------------------------------------------------------- */

/* RFC 5652 section 5.1: 3 for other contents than plain data, 1 for plain data; other reasons for
 * another version (attribute certificates, key identifiers) are refused by iPXE. */
static int check_version(const struct check *check)
{
	const struct ipxe_message *message = check->message;

	if (is_version(message->version, is_id_data(message->encapsulated) ? 1 : 3))
		return 0;
	return altered(check, "the version of its SignedData", "is not what its contents ask for");
}

static bool is_used_digest(const struct ipxe_message *message, struct der field)
{
	struct der oid = field, used;

	der_enter(&oid, DER_SEQUENCE);
	der_shrink(&oid, DER_OID);
	for (size_t i = 0; i < message->signer_count; i++) {
		used = message->signers[i].digest_field;
		der_enter(&used, DER_SEQUENCE);
		der_shrink(&used, DER_OID);
		if (der_equal(oid, used))
			return true;
	}
	return false;
}

static int check_digests(const struct check *check)
{
	struct der digests = check->message->digests;

	der_enter(&digests, DER_SET);
	for (; digests.length; der_skip(&digests, DER_ANY)) {
		if (!is_used_digest(check->message, digests) || !has_plain_parameters(digests))
			return altered(check, "its list of digest algorithms",
				       "names one that no signer uses");
	}
	return 0;
}

/* Contents that are carried along must be the file. iPXE hashes the file, whatever they are. */
static int check_encapsulated(const struct check *check)
{
	struct der inside = check->message->encapsulated;
	enum digest_algorithm algorithm = check->message->signers[0].digest->digest;
	const struct digest *expected = &check->contents->digests[algorithm];
	struct error err = { 0 };
	struct digest digest;

	der_enter(&inside, DER_SEQUENCE);
	if (der_skip(&inside, DER_OID))
		return altered(check, "the type of its contents", "is not an object identifier");
	if (!inside.length)
		return 0;
	if (der_enter(&inside, DER_CONTEXT(0)) || der_enter(&inside, DER_OCTET_STRING))
		return altered(check, "what it carries along as contents",
			       "is not an octet string");
	if (digest_bytes(algorithm, inside.data, inside.length, &digest, &err) < 0)
		return refuse_unjudged(check->refusal, &err);
	if (memcmp(digest.bytes, expected->bytes, digest.size) != 0)
		return altered(check, "what it carries along as contents", "is not the file");
	return 0;
}

static int check_certificates(const struct check *check)
{
	const struct ipxe_chain *certificates = &check->message->certificates;

	for (size_t i = 0; i < certificates->count; i++) {
		const struct ipxe_certificate *certificate = certificates->links[i];

		/* RFC 5280 section 4.1.1.2. */
		if (der_equal(certificate->tbs_algorithm_field, certificate->algorithm_field))
			continue;
		altered(check, "the signature algorithm of a certificate",
			"is not the one inside its signed part");
		return refuse_about(check->refusal, certificate->name);
	}
	return 0;
}

/* ---- signers ------------------------------------------------------------- */

static bool is_mgf1(struct der field)
{
	static const unsigned char mgf1[] = {
		0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08
	};

	der_enter(&field, DER_SEQUENCE);
	der_enter(&field, DER_OID);
	return der_equal(field, (struct der){ mgf1, sizeof(mgf1) });
}

static bool names_digest(struct der field, const struct ipxe_algorithm *digest)
{
	const struct ipxe_algorithm *algorithm;

	return !algorithm_digest(field, IPXE_MASTER, &algorithm) && algorithm == digest &&
	       has_plain_parameters(field);
}

/* RFC 4055 section 3.1, as far as iPXE accepts: [0] the digest, [1] MGF1 with the same, [2] the
 * salt length, which is the digest's; SHA-1's are the defaults and left out. */
static bool has_pss_parameters(const struct ipxe_signer *signer, size_t digest_size)
{
	struct der parameters = algorithm_parameters(signer->algorithm_field), field;
	int32_t salt;

	if (signer->digest->digest == DIGEST_SHA1)
		return parameters.length == 2 && der_tag(parameters) == DER_SEQUENCE;
	der_enter(&parameters, DER_SEQUENCE);
	field = parameters;
	if (der_enter(&field, DER_CONTEXT(0)) || !names_digest(field, signer->digest))
		return false;
	der_skip(&parameters, DER_ANY);
	field = parameters;
	if (der_enter(&field, DER_CONTEXT(1)) || !is_mgf1(field) ||
	    !names_digest(algorithm_parameters(field), signer->digest))
		return false;
	der_skip(&parameters, DER_ANY);
	field = parameters;
	if (der_enter(&field, DER_CONTEXT(2)) || der_integer(field, &salt) ||
	    salt != (int32_t)digest_size)
		return false;
	der_skip(&parameters, DER_ANY);
	return parameters.length == 0;
}

static bool has_fitting_algorithm(const struct check *check, const struct ipxe_signer *signer)
{
	const struct ipxe_algorithm *algorithm = signer->algorithm;

	if (algorithm->has_digest && algorithm->digest != signer->digest->digest)
		return false;
	if (algorithm->pubkey == PUBKEY_ECDSA)
		return !algorithm_parameters(signer->algorithm_field).length;
	if (algorithm->pubkey == PUBKEY_RSA)
		return has_plain_parameters(signer->algorithm_field);
	return has_pss_parameters(signer, check->contents->digests[signer->digest->digest].size);
}

/* What lies in a SignerInfo before and behind what iPXE reads. */
static int check_signer(const struct check *check, const struct ipxe_signer *signer)
{
	struct der cursor = signer->info, version;

	der_enter(&cursor, DER_SEQUENCE);
	version = cursor;
	der_shrink(&version, DER_INTEGER);
	if (!is_version(version, 1))
		return altered(check, "the version of its SignerInfo", "is not 1");
	if (signer->digest->pubkey != PUBKEY_NONE || !has_plain_parameters(signer->digest_field))
		return altered(check, "the digest algorithm of its SignerInfo",
			       "has parameters or is a signature algorithm");
	if (signer->attributes.length)
		return altered(check, "its SignerInfo",
			       "has signed attributes that it does not sign");
	if (!has_fitting_algorithm(check, signer))
		return altered(check, "the signature algorithm of its SignerInfo",
			       "does not fit its digest, or has other parameters");
	for (int i = 0; i < 5; i++) /* version, sid, digest, algorithm, signature */
		der_skip(&cursor, DER_ANY);
	if (cursor.length && der_tag(cursor) != DER_CONTEXT(1))
		return altered(check, "its SignerInfo", "has something behind the signature");
	return 0;
}

/* Whether nothing lies behind the last object at every level. */
static bool ends_cleanly(struct der der)
{
	struct der behind;

	der_enter(&der, DER_SEQUENCE);
	der_skip(&der, DER_OID);
	if (der_enter(&der, DER_CONTEXT(0)))
		return false;
	behind = der;
	if (der_skip(&behind, DER_SEQUENCE) || behind.length)
		return false;
	der_enter(&der, DER_SEQUENCE);
	for (int i = 0; i < 4; i++) /* version, digests, contents, certificates */
		der_skip(&der, DER_ANY);
	der_skip_optional(&der, DER_CONTEXT(1));
	return !der_skip(&der, DER_SET) && der.length == 0;
}

int intact_check(const struct ipxe_message *message, const struct ipxe_blob *file, struct der der,
		 const struct contents *contents, struct refusal *refusal)
{
	struct check check = { message, contents, refusal };
	const char *defect = image_is_pem(file) ? image_pem_defect(file, der) : NULL;

	if (defect)
		return altered(&check, "the PEM file", defect);
	if (!ends_cleanly(der))
		return altered(&check, "its SignedData", "has something behind its signers");
	if (check_version(&check) < 0 || check_digests(&check) < 0 ||
	    check_encapsulated(&check) < 0 || check_certificates(&check) < 0)
		return -1;
	for (size_t i = 0; i < message->signer_count; i++)
		if (check_signer(&check, &message->signers[i]) < 0)
			return -1;
	return 0;
}
