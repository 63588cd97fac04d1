#include "sign/ipxe/image.h"

#include "base/text.h"
#include "sign/ipxe/codes.h"

#include <stdio.h>
#include <string.h>

/* iPXE copies the file into its heap of 4 MiB, where the certificates want room too. */
enum { SIGNATURE_LIMIT = 2 * 1024 * 1024 };

static const char begin_marker[] = "-----BEGIN";
static const char end_marker[] = "-----END";

/* ---- lines --------------------------------------------------------------- */

static size_t next_line(const struct ipxe_blob *file, size_t offset)
{
	const unsigned char *end =
		offset < file->size ? memchr(file->data + offset, '\n', file->size - offset) : NULL;

	return end ? (size_t)(end - file->data) + 1 : file->size;
}

/* The offset of the first line from there on that begins so; the file's size if none does. */
static size_t find_line(const struct ipxe_blob *file, size_t offset, const char *marker)
{
	size_t length = strlen(marker);

	for (; offset < file->size; offset = next_line(file, offset))
		if (file->size - offset >= length && !memcmp(file->data + offset, marker, length))
			return offset;
	return file->size;
}

/* Where a block's markers and contents are. */
struct block {
	size_t begin, contents, end, rest;
};

static bool find_block(const struct ipxe_blob *file, size_t offset, struct block *block)
{
	block->begin = find_line(file, offset, begin_marker);
	block->contents = next_line(file, block->begin);
	block->end = find_line(file, block->contents, end_marker);
	block->rest = next_line(file, block->end);
	return block->end < file->size;
}

/* ---- base64 -------------------------------------------------------------- */

static bool is_blank(unsigned char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static int base64_value(unsigned char byte)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = byte ? strchr(digits, byte) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Decodes as iPXE does: blanks anywhere, at most two pad characters, a NUL ends the text, and
 * the bits that the padding leaves over are not looked at. Returns 0 or -1. */
static int base64_decode(const unsigned char *text, size_t length, struct buffer *bytes)
{
	unsigned int bits = 0, held = 0, pads = 0;

	for (size_t i = 0; i < length && text[i]; i++) {
		int value = base64_value(text[i]);
		unsigned char byte;

		if (is_blank(text[i]))
			continue;
		if (text[i] == '=') {
			if (pads++ == 2)
				return -1;
			continue;
		}
		if (pads || value < 0)
			return -1;
		bits = bits << 6 | (unsigned int)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			byte = (unsigned char)(bits >> held);
			buffer_add(bytes, &byte, 1);
		}
	}
	return held == 2 * pads ? 0 : -1;
}

/* ---- signatures ---------------------------------------------------------- */

static bool is_single_der(const struct ipxe_blob *file, enum ipxe_version version)
{
	struct der cursor = { file->data, file->size };

	if (version == IPXE_1_21_1 && file->size < 8)
		return false; /* it reads eight bytes to begin with */
	return der_skip(&cursor, DER_SEQUENCE) == 0 && cursor.length == 0;
}

bool image_is_pem(const struct ipxe_blob *file)
{
	return !is_single_der(file, IPXE_MASTER) && find_line(file, 0, begin_marker) < file->size;
}

static bool looks_like_text(const struct ipxe_blob *file)
{
	size_t length = file->size < 256 ? file->size : 256;

	if (length < 8) /* as likely the beginning of something else */
		return false;
	for (size_t i = 0; i < length; i++)
		if (file->data[i] >= 0x7f || (file->data[i] < 0x20 && !is_blank(file->data[i])))
			return false;
	return true;
}

/* Neither DER nor PEM: says what it rather is. */
static int refuse_not_asn1(const struct ipxe_blob *file, struct refusal *refusal)
{
	struct der whole = { file->data, file->size }, body = whole;
	const char *rule = "not-a-signature";
	char finding[160], start[64];

	if (!file->size)
		snprintf(finding, sizeof(finding), "it is empty");
	else if (looks_like_text(file))
		snprintf(finding, sizeof(finding), "it is text that begins \"%s\"",
			 text_printable((const char *)file->data, file->size < 24 ? file->size : 24,
					start, sizeof(start)));
	else if (file->data[0] != DER_SEQUENCE)
		snprintf(finding, sizeof(finding),
			 "it begins with the byte %02x, not with a SEQUENCE", file->data[0]);
	else if (file->size > 1 && file->data[1] == 0x80) {
		rule = "indefinite-length";
		snprintf(finding, sizeof(finding),
			 "its length is \"indefinite\" (BER, as -stream "
			 "writes it)");
	} else if (der_shrink(&body, DER_ANY)) {
		rule = "truncated";
		snprintf(finding, sizeof(finding),
			 "it is cut off: its %zu bytes are fewer than its own header says",
			 file->size);
	} else {
		rule = "trailing-bytes";
		snprintf(finding, sizeof(finding), "its object has %zu bytes, the file %zu",
			 body.length, whole.length);
	}
	refuse(refusal, IPXE_ASN1_NOT_ASN1, rule,
	       "%s is not one DER object with a definite length, nor PEM: %s", file->name, finding);
	return refuse_mend(refusal, "fetch or make it again: openssl cms -sign -binary -noattr "
				    "-outform DER without -stream, or muenbuild sign");
}

static int open_pem(const struct ipxe_blob *file, struct buffer *decoded, struct der *message,
		    struct refusal *refusal)
{
	struct block block;

	if (!find_block(file, 0, &block)) {
		refuse(refusal, IPXE_PEM_NO_MARKER, "truncated",
		       "%s has a line that begins with -----BEGIN but none after it that begins "
		       "with -----END: it is cut off",
		       file->name);
		return refuse_mend(refusal, "fetch or make it again");
	}
	if (base64_decode(file->data + block.contents, block.end - block.contents, decoded) < 0) {
		refuse(refusal, IPXE_BASE64_INVALID, "bad-base64",
		       "%s: what is between its -----BEGIN and -----END lines is not base64",
		       file->name);
		return refuse_mend(refusal, "fetch or make it again");
	}
	*message = (struct der){ (const unsigned char *)decoded->data, decoded->length };
	return 0;
}

int image_open(const struct ipxe_blob *file, enum ipxe_version version, struct buffer *decoded,
	       struct der *message, struct refusal *refusal)
{
	if (file->size > SIGNATURE_LIMIT) {
		refuse(refusal, IPXE_DER_NO_MEMORY, "too-large",
		       "%s has %zu bytes; iPXE copies it into its heap, which is full long before",
		       file->name, file->size);
		return refuse_mend(refusal, "sign without the contents inside (detached, the "
					    "default of openssl cms -sign)");
	}
	*message = (struct der){ file->data, file->size };
	if (!is_single_der(file, version)) {
		if (find_line(file, 0, begin_marker) == file->size)
			return refuse_not_asn1(file, refusal);
		if (open_pem(file, decoded, message, refusal) < 0)
			return -1;
	}
	der_shrink(message, DER_ANY);
	return 0;
}

/* ---- what the decoder ignores -------------------------------------------- */

/* Whether the line at `offset` is `marker`, " LABEL-----" and a line end, the label among those
 * that tools write. */
static bool is_marker_line(const struct ipxe_blob *file, size_t offset, const char *marker,
			   const char *label)
{
	char line[64];
	size_t length = (size_t)snprintf(line, sizeof(line), "%s %s-----", marker, label);
	const unsigned char *rest;
	size_t left = next_line(file, offset) - offset;

	if (left < length || memcmp(file->data + offset, line, length) != 0)
		return false;
	left -= length;
	rest = file->data + offset + length;
	return left == 0 || (left == 1 && rest[0] == '\n') ||
	       (left == 2 && rest[0] == '\r' && rest[1] == '\n');
}

static bool has_matching_markers(const struct ipxe_blob *file, const struct block *block)
{
	static const char *const labels[] = { "CMS", "PKCS7", "PKCS #7 SIGNED DATA" };

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (is_marker_line(file, block->begin, begin_marker, labels[i]) &&
		    is_marker_line(file, block->end, end_marker, labels[i]))
			return true;
	return false;
}

static bool is_plain_base64(const unsigned char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool line_end = text[i] == '\n' ||
				(text[i] == '\r' && i + 1 < length && text[i + 1] == '\n');

		if (!line_end && text[i] != '=' && base64_value(text[i]) < 0)
			return false;
	}
	return true;
}

/* The bits of the last digit that the padding makes void must be zero. */
static bool has_clean_padding(const unsigned char *text, size_t length)
{
	unsigned int pads = 0;

	while (length && (text[length - 1] == '=' || is_blank(text[length - 1])))
		pads += text[--length] == '=';
	return !length || (base64_value(text[length - 1]) & ((1 << 2 * pads) - 1)) == 0;
}

const char *image_pem_defect(const struct ipxe_blob *file, struct der message)
{
	cleanup_buffer struct buffer decoded = { 0 };
	struct block block;
	const unsigned char *text;
	size_t length;

	if (!find_block(file, 0, &block) || !has_matching_markers(file, &block))
		return "does not begin and end with the lines of a CMS or PKCS7 file";
	text = file->data + block.contents;
	length = block.end - block.contents;
	if (!is_plain_base64(text, length) || !has_clean_padding(text, length))
		return "has base64 that is not as tools write it";
	if (base64_decode(text, length, &decoded) < 0 || decoded.length != message.length)
		return "has bytes behind the signature inside its base64";
	return NULL;
}

/* ---- certificates for policies ------------------------------------------- */

static bool is_certificate_block(const struct ipxe_blob *file, const struct block *block)
{
	return is_marker_line(file, block->begin, begin_marker, "CERTIFICATE") ||
	       is_marker_line(file, block->begin, begin_marker, "X509 CERTIFICATE");
}

static int fail_no_certificate(const struct ipxe_blob *file, const char *what, struct error *err)
{
	err_fail(err, ERR_INPUT, "%s: %s", file->name, what);
	return err_mend(err, "name a file with an X.509 certificate in PEM or DER form");
}

int image_certificates(const struct ipxe_blob *file,
		       int (*take)(void *context, struct der certificate, struct error *err),
		       void *context, struct error *err)
{
	struct block block = { 0 };
	bool found = false;

	if (is_single_der(file, IPXE_MASTER))
		return take(context, (struct der){ file->data, file->size }, err);
	while (find_block(file, block.rest, &block)) {
		cleanup_buffer struct buffer decoded = { 0 };
		struct der certificate;
		int status;

		if (!is_certificate_block(file, &block))
			continue;
		if (base64_decode(file->data + block.contents, block.end - block.contents,
				  &decoded) < 0)
			return fail_no_certificate(file, "a certificate in it is not valid base64",
						   err);
		certificate = (struct der){ (const unsigned char *)decoded.data, decoded.length };
		if (der_shrink(&certificate, DER_SEQUENCE) || certificate.length != decoded.length)
			return fail_no_certificate(
				file, "a certificate in it is cut off or has bytes behind it", err);
		found = true;
		status = take(context, certificate, err);
		if (status)
			return status;
	}
	return found ? 0 : fail_no_certificate(file, "there is no certificate in it", err);
}
