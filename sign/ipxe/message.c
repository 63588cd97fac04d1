#include "sign/ipxe/message.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "sign/ipxe/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* iPXE's limit is its memory. */
enum { SIGNER_LIMIT = 64 };

/* What a message is read with. */
struct reading {
	struct ipxe_message *message;
	struct ipxe_store *store;
	struct refusal *refusal;
};

/* ---- refusals ------------------------------------------------------------ */

static int refuse_field(const struct reading *reading, uint32_t code, const char *field)
{
	refuse(reading->refusal, code, "bad-signature-file", "%s: %s %s", reading->message->name,
	       field, der_problem(code));
	return refuse_mend(reading->refusal, "make the signature again");
}

static int refuse_algorithm(const struct reading *reading, uint32_t code, struct der field,
			    const char *what, const char *wanted)
{
	char text[96];

	if (code != IPXE_ASN1_UNSUPPORTED_ALGORITHM && code != IPXE_ASN1_INAPPROPRIATE_ALGORITHM)
		return refuse_field(reading, code, what);
	refuse(reading->refusal, code, "algorithm", "%s: its %s is %s, iPXE %s knows %s",
	       reading->message->name, what, algorithm_text(field, text),
	       ipxe_version_name(reading->store->policy->version), wanted);
	return refuse_mend(reading->refusal,
			   "sign with an RSA key (PKCS#1 v1.5) and -md sha256, which every iPXE "
			   "knows");
}

/* ---- certificates -------------------------------------------------------- */

static int take_certificate(const struct reading *reading, struct der raw)
{
	struct ipxe_message *message = reading->message;
	struct ipxe_certificate *certificate;
	char position[128];

	snprintf(position, sizeof(position), "an unnamed subject (certificate %zu of %s)",
		 message->certificates.count + 1, message->name);
	certificate = store_take(reading->store, raw, position, reading->refusal);
	if (!certificate)
		return -1;
	chain_append(&message->certificates, certificate);
	return 0;
}

static int read_certificates(const struct reading *reading, struct der cursor)
{
	der_enter(&cursor, DER_CONTEXT(0));
	for (; cursor.length; der_skip(&cursor, DER_ANY))
		if (take_certificate(reading, cursor) < 0)
			return -1;
	return 0;
}

/* ---- signers ------------------------------------------------------------- */

static int begin_chain(const struct reading *reading, struct ipxe_signer *signer,
		       struct ipxe_certificate *certificate)
{
	chain_append(&signer->chain, certificate);
	return chain_complete(&signer->chain, &reading->message->certificates, reading->store,
			      reading->refusal);
}

static int refuse_unknown_signer(const struct reading *reading, struct der issuer,
				 struct der serial)
{
	cleanup_free char *issuer_text = certificate_name_text(issuer);
	cleanup_free char *serial_text = certificate_serial_text(serial);

	refuse(reading->refusal, IPXE_CMS_NO_CERTIFICATE, "no-signer-certificate",
	       "%s: the signer is certificate %s issued by %s, and that is not among its %zu "
	       "certificates",
	       reading->message->name, serial_text, issuer_text,
	       reading->message->certificates.count);
	return refuse_mend(reading->refusal,
			   "sign without -nocerts, and with the certificate that belongs to the "
			   "key; iPXE looks for it in the signature only");
}

static int refuse_key_identifier(const struct reading *reading, uint32_t code)
{
	refuse(reading->refusal, code, "key-identifier",
	       "%s names its signer by subject key identifier, iPXE wants issuer and serial number",
	       reading->message->name);
	return refuse_mend(reading->refusal, "sign without -keyid");
}

static int read_identifier(const struct reading *reading, struct ipxe_signer *signer,
			   struct der cursor)
{
	const struct ipxe_chain *certificates = &reading->message->certificates;
	int tag = der_tag(cursor);
	struct der issuer, serial;
	uint32_t code;

	der_enter(&cursor, DER_SEQUENCE);
	issuer = cursor;
	code = der_shrink(&issuer, DER_SEQUENCE);
	if (code && tag == DER_CONTEXT_PRIMITIVE(0))
		return refuse_key_identifier(reading, code);
	if (code)
		return refuse_field(reading, code, "the issuer that names its signer");
	der_skip(&cursor, DER_ANY);
	serial = cursor;
	code = der_shrink(&serial, DER_INTEGER);
	if (code)
		return refuse_field(reading, code, "the serial number that names its signer");
	for (size_t i = 0; i < certificates->count; i++) {
		struct ipxe_certificate *certificate = certificates->links[i];

		if (der_equal(certificate->issuer, issuer) &&
		    der_equal(certificate->serial, serial))
			return begin_chain(reading, signer, certificate);
	}
	return reading->message->signed_data ? refuse_unknown_signer(reading, issuer, serial) : 0;
}

static int read_digest(const struct reading *reading, struct ipxe_signer *signer,
		       struct der *cursor)
{
	uint32_t code = algorithm_digest(*cursor, reading->store->policy->version, &signer->digest);

	if (code)
		return refuse_algorithm(reading, code, *cursor, "digest",
					"SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512");
	signer->digest_field = *cursor;
	der_shrink(&signer->digest_field, DER_ANY);
	der_skip(cursor, DER_ANY);
	if (der_tag(*cursor) == DER_CONTEXT(0)) {
		signer->attributes = *cursor;
		der_shrink(&signer->attributes, DER_ANY);
	}
	der_skip_optional(cursor, DER_CONTEXT(0));
	return 0;
}

static const char *known_methods(enum ipxe_version version)
{
	if (version < IPXE_2_0_0)
		return "RSA (PKCS#1 v1.5) only";
	return version < IPXE_MASTER ? "RSA (PKCS#1 v1.5) and ECDSA with SHA-2"
				     : "RSA (PKCS#1 v1.5 and PSS) and ECDSA with SHA-2";
}

static int read_participant(const struct reading *reading, struct ipxe_signer *signer,
			    struct der cursor)
{
	enum ipxe_version version = reading->store->policy->version;
	uint32_t code;

	signer->info = cursor;
	der_shrink(&signer->info, DER_ANY);
	der_enter(&cursor, DER_SEQUENCE);
	der_skip(&cursor, DER_INTEGER);
	if (read_identifier(reading, signer, cursor) < 0)
		return -1;
	der_skip(&cursor, DER_ANY);
	if (reading->message->signed_data && read_digest(reading, signer, &cursor) < 0)
		return -1;
	code = algorithm_pubkey(cursor, version, &signer->algorithm);
	if (code)
		return refuse_algorithm(reading, code, cursor, "signature algorithm",
					known_methods(version));
	signer->algorithm_field = cursor;
	der_shrink(&signer->algorithm_field, DER_ANY);
	der_skip(&cursor, DER_ANY);
	signer->value = cursor;
	code = der_enter(&signer->value, DER_OCTET_STRING);
	return code ? refuse_field(reading, code, "its signature value") : 0;
}

static struct ipxe_signer *add_signer(struct ipxe_message *message)
{
	struct ipxe_signer *signer;

	array_grow(message->signers, message->signer_count);
	signer = &message->signers[message->signer_count++];
	*signer = (struct ipxe_signer){ 0 };
	return signer;
}

static int read_participants(const struct reading *reading, struct der cursor)
{
	struct ipxe_message *message = reading->message;

	der_enter(&cursor, DER_SET);
	for (; cursor.length; der_skip(&cursor, DER_ANY)) {
		if (message->signer_count == SIGNER_LIMIT) {
			refuse(reading->refusal, IPXE_X509_NO_MEMORY, "too-many-signers",
			       "%s has more than %d signers", message->name, SIGNER_LIMIT);
			return refuse_mend(reading->refusal, "sign with one key");
		}
		if (read_participant(reading, add_signer(message), cursor) < 0)
			return -1;
	}
	return 0;
}

/* ---- messages ------------------------------------------------------------ */

/* Skips an object that iPXE does not look into; *field keeps it. */
static void pass(struct der *cursor, int tag, struct der *field)
{
	*field = *cursor;
	der_shrink(field, tag);
	der_skip(cursor, tag);
}

static int read_signed(const struct reading *reading, struct der cursor)
{
	struct ipxe_message *message = reading->message;

	message->signed_data = true;
	der_enter(&cursor, DER_SEQUENCE);
	pass(&cursor, DER_INTEGER, &message->version);
	pass(&cursor, DER_SET, &message->digests);
	pass(&cursor, DER_SEQUENCE, &message->encapsulated);
	if (read_certificates(reading, cursor) < 0)
		return -1;
	/* Without a certificates field this skips the signers: such a signature has none. */
	der_skip(&cursor, DER_ANY);
	der_skip_optional(&cursor, DER_CONTEXT(1));
	return read_participants(reading, cursor);
}

static int read_enveloped(const struct reading *reading, struct der cursor)
{
	const struct ipxe_algorithm *cipher;
	uint32_t code;

	der_enter(&cursor, DER_SEQUENCE);
	der_skip(&cursor, DER_INTEGER);
	der_skip_optional(&cursor, DER_CONTEXT_PRIMITIVE(0));
	if (read_participants(reading, cursor) < 0)
		return -1;
	der_skip(&cursor, DER_ANY);
	der_enter(&cursor, DER_SEQUENCE);
	der_skip(&cursor, DER_OID);
	code = algorithm_cipher(cursor, reading->store->policy->version, &cipher);
	return code ? refuse_algorithm(reading, code, cursor, "cipher", "AES in CBC and GCM mode")
		    : 0;
}

static bool has_content_type(struct der oid, unsigned char last)
{
	const unsigned char signed_data[] = {
		0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, last
	};

	return der_equal(oid, (struct der){ signed_data, sizeof(signed_data) });
}

static bool is_enveloped(struct der oid)
{
	static const unsigned char authenticated[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
						       0x01, 0x09, 0x10, 0x01, 0x17 };

	return has_content_type(oid, 3) ||
	       der_equal(oid, (struct der){ authenticated, sizeof(authenticated) });
}

static int refuse_type(const struct reading *reading, struct der whole)
{
	char text[96];
	struct der first = whole;
	bool named;

	der_enter(&first, DER_SEQUENCE);
	named = der_tag(first) == DER_OID;
	refuse(reading->refusal, IPXE_CMS_TYPE, "not-signed-data",
	       "%s is ASN.1, but not CMS signed data: %s%s", reading->message->name,
	       named				? "its content type is "
	       : der_tag(first) == DER_SEQUENCE ? "it looks like a certificate"
						: "it has no content type",
	       named ? oid_text(first, text) : "");
	return refuse_mend(reading->refusal, "name the signature, the file that openssl cms -sign "
					     "or muenbuild sign wrote");
}

int message_read(struct ipxe_message *message, struct der der, const char *name,
		 struct ipxe_store *store, struct refusal *refusal)
{
	struct reading reading = { message, store, refusal };
	struct der cursor = der, type;

	message->name = name;
	der_enter(&cursor, DER_SEQUENCE);
	type = cursor;
	der_enter(&type, DER_OID);
	der_skip(&cursor, DER_ANY);
	der_enter(&cursor, DER_CONTEXT(0));
	if (has_content_type(type, 2))
		return read_signed(&reading, cursor);
	if (store->policy->version >= IPXE_2_0_0 && is_enveloped(type))
		return read_enveloped(&reading, cursor);
	return refuse_type(&reading, der);
}

void message_free(struct ipxe_message *message)
{
	for (size_t i = 0; i < message->signer_count; i++)
		chain_free(&message->signers[i].chain);
	free(message->signers);
	chain_free(&message->certificates);
	*message = (struct ipxe_message){ 0 };
}

/* ---- a bag of certificates ----------------------------------------------- */

/* X.690 section 11.6: as octet strings, a shorter one that is a prefix first. */
static int compare_encodings(const void *left, const void *right)
{
	const struct der *a = left, *b = right;
	size_t shorter = a->length < b->length ? a->length : b->length;
	int order = shorter ? memcmp(a->data, b->data, shorter) : 0;

	return order ? order : (a->length > b->length) - (a->length < b->length);
}

int message_from_bag(struct ipxe_message *message, const struct der *bag, size_t count,
		     const char *name, struct ipxe_store *store, struct refusal *refusal)
{
	struct reading reading = { message, store, refusal };
	cleanup_free struct der *sorted = xcalloc(count, sizeof(*sorted));
	struct ipxe_certificate *signer = NULL; /* it is one of the bag */

	message->name = name;
	message->signed_data = true;
	memcpy(sorted, bag, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_encodings);
	for (size_t i = 0; i < count; i++) {
		if (take_certificate(&reading, sorted[i]) < 0)
			return -1;
		if (sorted[i].data == bag[0].data)
			signer = message->certificates.links[i];
	}
	return begin_chain(&reading, add_signer(message), signer);
}
