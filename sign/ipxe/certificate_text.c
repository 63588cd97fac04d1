/* Certificates for people: names, keys, serial numbers. */
#include "sign/ipxe/certificate.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- names --------------------------------------------------------------- */

struct attribute {
	const char *name;
	unsigned char oid_length;
	unsigned char oid[10];
};

/* The ones that RFC 4514 and CA practice abbreviate. */
static const struct attribute attributes[] = {
	{ "CN", 3, { 0x55, 0x04, 0x03 } },
	{ "SN", 3, { 0x55, 0x04, 0x04 } },
	{ "serialNumber", 3, { 0x55, 0x04, 0x05 } },
	{ "C", 3, { 0x55, 0x04, 0x06 } },
	{ "L", 3, { 0x55, 0x04, 0x07 } },
	{ "ST", 3, { 0x55, 0x04, 0x08 } },
	{ "O", 3, { 0x55, 0x04, 0x0a } },
	{ "OU", 3, { 0x55, 0x04, 0x0b } },
	{ "emailAddress", 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01 } },
	{ "DC", 10, { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19 } },
};

static void add_type(struct buffer *text, struct der oid)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		struct der known = { attributes[i].oid, attributes[i].oid_length };

		if (der_equal(known, oid)) {
			buffer_add_text(text, attributes[i].name);
			return;
		}
	}
	buffer_add_text(text, "#");
	for (size_t i = 0; i < oid.length && i < 16; i++)
		buffer_printf(text, "%02x", oid.data[i]);
}

/* BMPString is UCS-2, big endian. What is not ASCII is shown by its number. */
static void add_bmp(struct buffer *text, struct der value)
{
	for (size_t i = 0; i + 1 < value.length && i < 128; i += 2) {
		unsigned int unit = (unsigned int)value.data[i] << 8 | value.data[i + 1];

		if (unit >= 0x20 && unit < 0x7f)
			buffer_printf(text, "%c", (char)unit);
		else
			buffer_printf(text, "\\u%04x", unit);
	}
}

static void add_value(struct buffer *text, struct der value)
{
	char printable[192];
	int tag = der_tag(value);

	der_enter(&value, DER_ANY);
	if (tag == DER_BMP_STRING)
		add_bmp(text, value);
	else if (value.length)
		buffer_add_text(text, text_printable((const char *)value.data, value.length,
						     printable, sizeof(printable)));
}

char *certificate_name_text(struct der name)
{
	enum { LIMIT = 400 }; /* a hostile name must not fill the screen */
	cleanup_buffer struct buffer text = { 0 };

	der_enter(&name, DER_SEQUENCE);
	for (; name.length && text.length < LIMIT; der_skip(&name, DER_ANY)) {
		struct der set = name;

		der_enter(&set, DER_SET);
		for (; set.length && text.length < LIMIT; der_skip(&set, DER_ANY)) {
			struct der pair = set, oid;

			der_enter(&pair, DER_SEQUENCE);
			oid = pair;
			der_enter(&oid, DER_OID);
			der_skip(&pair, DER_ANY);
			if (text.length)
				buffer_add_text(&text, ", ");
			add_type(&text, oid);
			buffer_add_text(&text, "=");
			add_value(&text, pair);
		}
	}
	return text.length ? xstrdup(text.data) : xstrdup("an empty name");
}

/* ---- keys and numbers ---------------------------------------------------- */

static size_t bit_count(struct der magnitude)
{
	size_t bits = magnitude.length * 8;

	for (unsigned int mask = 0x80; mask && !(magnitude.data[0] & mask); mask >>= 1)
		bits--;
	return bits;
}

static char *rsa_text(const char *type, struct der key)
{
	struct der modulus;

	der_skip(&key, DER_ANY);
	if (der_bits(key, &key, NULL) || der_enter(&key, DER_SEQUENCE) ||
	    der_unsigned(key, &modulus))
		return xstrdup(type);
	return xasprintf("%s %zu", type, bit_count(modulus));
}

char *certificate_key_text(struct der public_key)
{
	const struct ipxe_algorithm *algorithm;
	enum ipxe_curve curve;
	struct der parameters;
	char text[96];

	der_enter(&public_key, DER_SEQUENCE);
	if (algorithm_pubkey(public_key, IPXE_MASTER, &algorithm))
		return xstrdup(algorithm_text(public_key, text));
	if (algorithm->pubkey == PUBKEY_RSA)
		return rsa_text("RSA", public_key);
	if (algorithm->pubkey == PUBKEY_RSA_PSS)
		return rsa_text("RSASSA-PSS", public_key);
	if (!algorithm_curve(public_key, IPXE_MASTER, &curve))
		return xstrdup(curve == CURVE_P256 ? "EC P-256" : "EC P-384");
	parameters = algorithm_parameters(public_key);
	if (der_tag(parameters) != DER_OID)
		return xstrdup("EC with explicit parameters");
	return xasprintf("EC %s", oid_text(parameters, text));
}

char *certificate_serial_text(struct der serial)
{
	cleanup_buffer struct buffer text = { 0 };

	der_enter(&serial, DER_INTEGER);
	for (size_t i = 0; i < serial.length && i < 32; i++)
		buffer_printf(&text, "%02x", serial.data[i]);
	return xstrdup(text.length ? text.data : "");
}

int certificate_describe(const struct ipxe_certificate *certificate,
			 struct certificate_description *description, struct error *err)
{
	if (digest_sha256_hex(certificate->raw.data, certificate->raw.length,
			      description->fingerprint, err) < 0)
		return -1;
	description->subject = xstrdup(certificate->name);
	description->issuer = certificate_name_text(certificate->issuer);
	description->serial = certificate_serial_text(certificate->serial);
	description->key = certificate_key_text(certificate->public_key);
	description->not_before = certificate->not_before;
	description->not_after = certificate->not_after;
	description->trusted = certificate->trusted;
	return 0;
}
