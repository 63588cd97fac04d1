#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number_prefix(const char *text, uint64_t *value, const char **rest)
{
	char *end;
	int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;

	if (!isdigit((unsigned char)text[0]))
		return -1; /* strtoull would accept blanks and signs */
	if (base == 16 && !isxdigit((unsigned char)text[2]))
		return -1;
	errno = 0;
	*value = strtoull(text, &end, base);
	*rest = end;
	return errno ? -1 : 0;
}

int text_hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

int text_to_number(const char *text, uint64_t *value)
{
	const char *rest;
	uint64_t number;

	if (number_prefix(text, &number, &rest) < 0 || *rest)
		return -1;
	*value = number;
	return 0;
}

int text_to_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	const char *rest, *unit;
	uint64_t number;

	if (number_prefix(text, &number, &rest) < 0)
		return -1;
	if (rest[0] == ' ' && rest[1])
		rest++; /* "512 MiB" */
	if (*rest && (unit = strchr(units, toupper((unsigned char)*rest)))) {
		unsigned int shift = 10 * (unsigned int)(unit - units + 1);

		if (number > UINT64_MAX >> shift)
			return -1;
		number <<= shift;
		rest++;
		if (*rest == 'i')
			rest++;
	}
	if (*rest == 'B')
		rest++;
	if (*rest)
		return -1;
	*bytes = number;
	return 0;
}

const char *size_to_text(uint64_t bytes, char text[static 32])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint64_t scaled = bytes;
	int unit = -1;
	double value;

	while (scaled >= 1024 && unit < 5) {
		scaled /= 1024;
		unit++;
	}
	if (unit < 0) {
		snprintf(text, 32, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return text;
	}
	value = (double)bytes / (double)(1ull << (10 * (unit + 1)));
	if (bytes % (1ull << (10 * (unit + 1))) == 0)
		snprintf(text, 32, "%.0f %s", value, units[unit]);
	else
		snprintf(text, 32, "%.1f %s", value, units[unit]);
	return text;
}

/* The length of the well-formed UTF-8 sequence at text, 0 if there is none. */
static size_t utf8_sequence(const unsigned char *text, size_t left)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		size_t length;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (text[0] && text[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t length = forms[i].length;

		if (text[0] < forms[i].first_low || text[0] > forms[i].first_high)
			continue;
		if (left < length || text[1] < forms[i].second_low ||
		    text[1] > forms[i].second_high)
			return 0;
		for (size_t k = 2; k < length; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return length;
	}
	return 0;
}

bool text_is_utf8(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;

	while (length) {
		size_t step = utf8_sequence(bytes, length);

		if (!step)
			return false;
		bytes += step;
		length -= step;
	}
	return true;
}

size_t text_xml_character(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t length = byte[0] < 0x80 ? 1 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;

	if (byte[0] < 0x20)
		return strchr("\t\n\r", byte[0]) && byte[0];
	if (strnlen(text, length) < length || !text_is_utf8(text, length))
		return 0;
	if (byte[0] == 0xef && byte[1] == 0xbf && byte[2] >= 0xbe)
		return 0;
	return length;
}

bool text_is_xml(const char *text)
{
	while (*text) {
		size_t length = text_xml_character(text);

		if (!length)
			return false;
		text += length;
	}
	return true;
}

const char *text_printable(const char *text, size_t length, char *out, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t used = 0;

	while (length) {
		size_t step = utf8_sequence(bytes, length);
		/* C0 controls, DEL, and C1 controls (U+0080 to U+009F). */
		bool unsafe = !step || bytes[0] < 0x20 || bytes[0] == 0x7f ||
			      (bytes[0] == 0xc2 && bytes[1] < 0xa0);

		if (used + 8 > size) {
			used += (size_t)snprintf(out + used, size - used, "...");
			return out;
		}
		if (unsafe) {
			used += (size_t)snprintf(out + used, size - used, "\\x%02x", bytes[0]);
			step = 1;
		} else {
			memcpy(out + used, bytes, step);
			used += step;
		}
		bytes += step;
		length -= step;
	}
	out[used] = '\0';
	return out;
}
