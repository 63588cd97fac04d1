#include "sign/ipxe/certificate.h"

#include "base/alloc.h"
#include "sign/ipxe/codes.h"

#include <stdlib.h>
#include <string.h>

/* What a certificate is read with. */
struct reading {
	struct ipxe_certificate *certificate;
	enum ipxe_version version;
	struct refusal *refusal;
};

/* ---- refusals ------------------------------------------------------------ */

static int refuse_field(const struct reading *reading, uint32_t code, const char *field)
{
	const char *name = reading->certificate->name;

	refuse(reading->refusal, code, "bad-certificate", "the certificate of %s: its %s %s", name,
	       field, der_problem(code));
	refuse_mend(reading->refusal, "put a well-formed DER certificate into the signature");
	return refuse_about(reading->refusal, name);
}

static int refuse_algorithm(const struct reading *reading, uint32_t code, struct der field,
			    const char *what, const char *wanted)
{
	const char *name = reading->certificate->name;
	char text[96];

	if (code != IPXE_ASN1_UNSUPPORTED_ALGORITHM && code != IPXE_ASN1_INAPPROPRIATE_ALGORITHM)
		return refuse_field(reading, code, what);
	refuse(reading->refusal, code, "certificate-algorithm",
	       "the certificate of %s: its %s is %s, iPXE %s knows %s", name, what,
	       algorithm_text(field, text), ipxe_version_name(reading->version), wanted);
	refuse_mend(reading->refusal, "have it issued with RSA (PKCS#1 v1.5) and SHA-256, which "
				      "every iPXE knows");
	return refuse_about(reading->refusal, name);
}

/* ---- extensions ---------------------------------------------------------- */

static uint32_t read_basic_constraints(struct ipxe_certificate *certificate, struct der value)
{
	uint32_t code;
	int32_t path_length;

	certificate->ca = false;
	der_enter(&value, DER_SEQUENCE);
	if (der_tag(value) == DER_BOOLEAN) {
		code = der_boolean(value, &certificate->ca);
		if (code)
			return code;
		der_skip(&value, DER_ANY);
	}
	if (!certificate->ca)
		return 0;
	certificate->path_length = PATH_LENGTH_UNLIMITED;
	if (der_tag(value) != DER_INTEGER)
		return 0;
	code = der_integer(value, &path_length);
	if (code)
		return code;
	if (path_length < 0)
		return IPXE_X509_INVALID;
	certificate->path_length = (uint32_t)path_length;
	return 0;
}

static uint32_t read_key_usage(struct ipxe_certificate *certificate, struct der value)
{
	struct der bits;
	unsigned int unused;
	uint32_t code;

	certificate->usage_present = true;
	code = der_bits(value, &bits, &unused);
	if (code)
		return code;
	for (size_t i = 0; i < bits.length && i < sizeof(certificate->usage); i++)
		certificate->usage |= (unsigned int)bits.data[i] << (8 * i);
	return 0;
}

static uint32_t read_extended_key_usage(struct ipxe_certificate *certificate, struct der value)
{
	static const unsigned char code_signing[] = {
		0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03
	};

	der_enter(&value, DER_SEQUENCE);
	while (value.length) {
		struct der purpose = value;
		uint32_t code = der_enter(&purpose, DER_OID);

		if (code)
			return code;
		if (der_equal(purpose, (struct der){ code_signing, sizeof(code_signing) }))
			certificate->code_signing = true;
		der_skip(&value, DER_ANY);
	}
	return 0;
}

static uint32_t read_information_access(struct ipxe_certificate *certificate, struct der value)
{
	static const unsigned char ocsp[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01 };

	der_enter(&value, DER_SEQUENCE);
	while (value.length) {
		struct der description = value, method;

		der_enter(&description, DER_SEQUENCE);
		method = description;
		der_enter(&method, DER_OID);
		der_skip(&description, DER_ANY);
		if (der_equal(method, (struct der){ ocsp, sizeof(ocsp) })) {
			uint32_t code = der_enter(&description, DER_CONTEXT_PRIMITIVE(6));

			if (code)
				return code;
			certificate->ocsp_uri = description;
		}
		der_skip(&value, DER_ANY);
	}
	return 0;
}

/* The names are needed for `imgverify --signer` only; that they can be entered is checked. */
static uint32_t read_alternative_name(struct ipxe_certificate *certificate, struct der value)
{
	(void)certificate;
	return der_enter(&value, DER_SEQUENCE);
}

struct extension {
	const char *name;
	uint32_t (*read)(struct ipxe_certificate *certificate, struct der value);
	unsigned char oid_length;
	unsigned char oid[8];
};

static const struct extension extensions[] = {
	{ "basicConstraints", read_basic_constraints, 3, { 0x55, 0x1d, 0x13 } },
	{ "keyUsage", read_key_usage, 3, { 0x55, 0x1d, 0x0f } },
	{ "extendedKeyUsage", read_extended_key_usage, 3, { 0x55, 0x1d, 0x25 } },
	{ "authorityInfoAccess",
	  read_information_access,
	  8,
	  { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01 } },
	{ "subjectAltName", read_alternative_name, 3, { 0x55, 0x1d, 0x11 } },
};

static const struct extension *find_extension(struct der oid)
{
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (der_equal((struct der){ extensions[i].oid, extensions[i].oid_length }, oid))
			return &extensions[i];
	return NULL;
}

static int refuse_extension(const struct reading *reading, struct der extension)
{
	const char *name = reading->certificate->name;
	char text[96];

	refuse(reading->refusal, IPXE_X509_UNSUPPORTED_EXTENSION, "critical-extension",
	       "the certificate of %s has the critical extension %s; of critical ones iPXE knows "
	       "only basicConstraints, keyUsage, extendedKeyUsage, authorityInfoAccess and "
	       "subjectAltName",
	       name, algorithm_text(extension, text));
	refuse_mend(reading->refusal, "issue it without that extension, or not critical");
	return refuse_about(reading->refusal, name);
}

static int read_extension(const struct reading *reading, struct der extension)
{
	struct der fields = extension, oid;
	const struct extension *known;
	bool critical = false;
	uint32_t code = 0;

	der_enter(&fields, DER_SEQUENCE);
	oid = fields;
	der_enter(&oid, DER_OID);
	known = find_extension(oid);
	der_skip(&fields, DER_ANY);
	if (der_tag(fields) == DER_BOOLEAN) {
		code = der_boolean(fields, &critical);
		if (code)
			return refuse_field(reading, code, "extension's criticality");
		der_skip(&fields, DER_ANY);
	}
	if (!known)
		return critical ? refuse_extension(reading, extension) : 0;
	code = der_enter(&fields, DER_OCTET_STRING);
	if (!code)
		code = known->read(reading->certificate, fields);
	return code ? refuse_field(reading, code, known->name) : 0;
}

static int read_extensions(const struct reading *reading, struct der cursor)
{
	der_enter(&cursor, DER_CONTEXT(3));
	der_enter(&cursor, DER_SEQUENCE);
	while (cursor.length) {
		if (read_extension(reading, cursor) < 0)
			return -1;
		der_skip(&cursor, DER_ANY);
	}
	return 0;
}

/* ---- the fields to be signed --------------------------------------------- */

static int read_version(const struct reading *reading, struct der *cursor)
{
	struct der version = *cursor;
	int32_t number;
	uint32_t code;

	if (der_tag(*cursor) != DER_CONTEXT(0))
		return 0;
	der_enter(&version, DER_CONTEXT(0));
	code = der_integer(version, &number);
	if (!code && number < 0)
		code = IPXE_X509_VERSION;
	if (code)
		return refuse_field(reading, code, "version");
	der_skip(cursor, DER_ANY);
	return 0;
}

static int read_validity(const struct reading *reading, struct der cursor)
{
	struct ipxe_certificate *certificate = reading->certificate;
	uint32_t code;

	der_enter(&cursor, DER_SEQUENCE);
	code = der_time(cursor, &certificate->not_before);
	if (code)
		return refuse_field(reading, code, "notBefore");
	der_skip(&cursor, DER_ANY);
	code = der_time(cursor, &certificate->not_after);
	return code ? refuse_field(reading, code, "notAfter") : 0;
}

/* iPXE looks for a commonName and refuses one without a value. */
static int read_common_name(const struct reading *reading, struct der name)
{
	static const unsigned char common_name[] = { 0x55, 0x04, 0x03 };

	der_enter(&name, DER_SEQUENCE);
	for (; name.length; der_skip(&name, DER_ANY)) {
		struct der type = name, value;
		uint32_t code;

		der_enter(&type, DER_SET);
		der_enter(&type, DER_SEQUENCE);
		value = type;
		der_enter(&type, DER_OID);
		if (!der_equal(type, (struct der){ common_name, sizeof(common_name) }))
			continue;
		der_skip(&value, DER_ANY);
		code = der_enter(&value, DER_ANY);
		return code ? refuse_field(reading, code, "commonName") : 0;
	}
	return 0;
}

static int read_public_key(const struct reading *reading, struct der cursor)
{
	struct ipxe_certificate *certificate = reading->certificate;
	struct der bits, algorithm;
	unsigned int unused;
	uint32_t code;

	der_shrink(&cursor, DER_ANY);
	certificate->public_key = cursor;
	der_enter(&cursor, DER_SEQUENCE);
	algorithm = cursor;
	code = algorithm_pubkey(cursor, reading->version, &certificate->key_algorithm);
	if (code)
		return refuse_algorithm(reading, code, algorithm, "key type",
					reading->version < IPXE_2_0_0 ? "RSA only"
								      : "RSA and elliptic keys");
	der_skip(&cursor, DER_ANY);
	code = der_bits(cursor, &bits, &unused);
	return code ? refuse_field(reading, code, "public key") : 0;
}

static int read_signature_algorithm(const struct reading *reading, struct der *cursor,
				    struct der *field)
{
	const struct ipxe_algorithm **algorithm = &reading->certificate->signature_algorithm;
	uint32_t code = algorithm_signature(*cursor, reading->version, algorithm);

	if (code)
		return refuse_algorithm(
			reading, code, *cursor, "signature algorithm",
			reading->version < IPXE_2_0_0
				? "RSA with SHA-1, SHA-224, SHA-256, SHA-384 and "
				  "SHA-512"
				: "RSA (PKCS#1 v1.5) with SHA-1 and SHA-2, and ECDSA "
				  "with SHA-2");
	*field = *cursor;
	der_shrink(field, DER_ANY);
	der_skip(cursor, DER_ANY);
	return 0;
}

static int read_shrunk(const struct reading *reading, struct der *cursor, int tag,
		       struct der *field, const char *what)
{
	uint32_t code;

	*field = *cursor;
	code = der_shrink(field, tag);
	if (code)
		return refuse_field(reading, code, what);
	der_skip(cursor, DER_ANY);
	return 0;
}

static int read_tbs(const struct reading *reading, struct der cursor)
{
	struct ipxe_certificate *certificate = reading->certificate;

	der_shrink(&cursor, DER_ANY);
	certificate->tbs = cursor;
	der_enter(&cursor, DER_SEQUENCE);
	if (read_version(reading, &cursor) < 0 ||
	    read_shrunk(reading, &cursor, DER_INTEGER, &certificate->serial, "serial number") < 0 ||
	    read_signature_algorithm(reading, &cursor, &certificate->tbs_algorithm_field) < 0 ||
	    read_shrunk(reading, &cursor, DER_SEQUENCE, &certificate->issuer, "issuer") < 0 ||
	    read_validity(reading, cursor) < 0)
		return -1;
	der_skip(&cursor, DER_ANY);
	certificate->subject = cursor;
	der_shrink(&certificate->subject, DER_ANY);
	if (read_common_name(reading, cursor) < 0)
		return -1;
	der_skip(&cursor, DER_ANY);
	if (read_public_key(reading, cursor) < 0)
		return -1;
	der_skip(&cursor, DER_ANY);
	return read_extensions(reading, cursor);
}

/* ---- the whole ----------------------------------------------------------- */

/* The subject before anything is checked, so that every message can name the certificate. */
static char *name_or_position(struct der raw, const char *position)
{
	der_enter(&raw, DER_SEQUENCE);
	der_enter(&raw, DER_SEQUENCE);
	der_skip_optional(&raw, DER_CONTEXT(0));
	for (int i = 0; i < 4; i++) /* serial number, algorithm, issuer, validity */
		der_skip(&raw, DER_ANY);
	if (der_shrink(&raw, DER_SEQUENCE))
		return xstrdup(position);
	return certificate_name_text(raw);
}

static int read_whole(const struct reading *reading)
{
	struct ipxe_certificate *certificate = reading->certificate;
	struct der cursor = certificate->raw;
	uint32_t code;

	der_enter(&cursor, DER_SEQUENCE);
	if (read_tbs(reading, cursor) < 0)
		return -1;
	der_skip(&cursor, DER_ANY);
	if (read_signature_algorithm(reading, &cursor, &certificate->algorithm_field) < 0)
		return -1;
	code = der_bits(cursor, &certificate->signature, NULL);
	return code ? refuse_field(reading, code, "signature") : 0;
}

struct ipxe_certificate *certificate_read(struct der raw, enum ipxe_version version,
					  const char *position, struct refusal *refusal)
{
	struct ipxe_certificate *certificate = xcalloc(1, sizeof(*certificate));
	struct reading reading = { certificate, version, refusal };
	unsigned char *copy = xcalloc(1, raw.length + 1);

	if (raw.length)
		memcpy(copy, raw.data, raw.length);
	certificate->bytes = copy;
	certificate->raw = (struct der){ copy, raw.length };
	certificate->name = name_or_position(certificate->raw, position);
	if (read_whole(&reading) < 0) {
		certificate_free(certificate);
		return NULL;
	}
	return certificate;
}

void certificate_free(struct ipxe_certificate *certificate)
{
	if (!certificate)
		return;
	free(certificate->bytes);
	free(certificate->name);
	free(certificate);
}
