#include "xml/xml.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *ada_hex(uint64_t value, char text[static ADA_HEX_MAX])
{
	int groups = 1;
	size_t used;

	while (groups < 4 && value >> (16 * groups))
		groups++;
	used = (size_t)snprintf(text, ADA_HEX_MAX, "16#");
	while (groups--)
		used += (size_t)snprintf(text + used, ADA_HEX_MAX - used, "%04x%c",
					 (unsigned)(value >> (16 * groups) & 0xffff),
					 groups ? '_' : '#');
	return text;
}

const char *ada_byte(uint8_t value, char text[static ADA_HEX_MAX])
{
	snprintf(text, ADA_HEX_MAX, "16#%02x#", value);
	return text;
}

static unsigned digit_value(char digit)
{
	if (isdigit((unsigned char)digit))
		return (unsigned)(digit - '0');
	return (unsigned)(tolower((unsigned char)digit) - 'a') + 10;
}

/* Reads what stands behind "16#": digits, single underscores between them, "#", the end. */
static int hex_number(const char *text, uint64_t *value)
{
	uint64_t number = 0;
	bool after_digit = false;

	for (; *text != '#'; text++) {
		if (*text == '_' && after_digit) {
			after_digit = false;
			continue;
		}
		if (!isxdigit((unsigned char)*text) || number >> 60)
			return -1;
		number = number << 4 | digit_value(*text);
		after_digit = true;
	}
	if (!after_digit || text[1])
		return -1;
	*value = number;
	return 0;
}

int ada_number(const char *text, uint64_t *value)
{
	if (!strncmp(text, "16#", 3))
		return hex_number(text + 3, value);
	/* base's reader takes "0x20" as well, which Muen does not know. */
	if (text[strspn(text, "0123456789")] != '\0')
		return -1;
	return text_to_number(text, value);
}
