#include "sign/der.h"

#include "sign/ipxe/codes.h"

#include <string.h>

static uint32_t empty(struct der *cursor, uint32_t code)
{
	cursor->length = 0;
	return code;
}

static void advance(struct der *cursor, size_t count)
{
	cursor->data += count;
	cursor->length -= count;
}

/* Reads tag and length; the cursor then is at the contents and still reaches to its old end. An
 * object of another tag leaves the cursor untouched. */
static uint32_t start(struct der *cursor, int tag, size_t *length)
{
	size_t octets = 1;
	uint32_t value = 0; /* iPXE's is 32 bits wide too: what is shifted out is lost */

	if (cursor->length < 2)
		return empty(cursor, IPXE_ASN1_EMPTY);
	if (tag != DER_ANY && tag != cursor->data[0])
		return IPXE_ASN1_WRONG_TYPE;
	advance(cursor, 1);
	if (cursor->data[0] & 0x80) {
		octets = cursor->data[0] & 0x7f;
		advance(cursor, 1);
	}
	if (cursor->length < octets)
		return empty(cursor, IPXE_ASN1_LENGTH_OF_LENGTH);
	for (; octets; octets--) {
		value = value << 8 | cursor->data[0];
		advance(cursor, 1);
	}
	if (cursor->length < value)
		return empty(cursor, IPXE_ASN1_OVERRUN);
	*length = value;
	return 0;
}

int der_tag(struct der cursor)
{
	return cursor.length ? cursor.data[0] : 0;
}

uint32_t der_enter(struct der *cursor, int tag)
{
	size_t length;
	uint32_t code = start(cursor, tag, &length);

	if (code)
		return empty(cursor, code);
	cursor->length = length;
	return 0;
}

void der_skip_optional(struct der *cursor, int tag)
{
	size_t length;

	if (!start(cursor, tag, &length))
		advance(cursor, length);
}

uint32_t der_skip(struct der *cursor, int tag)
{
	size_t length;
	uint32_t code = start(cursor, tag, &length);

	if (code)
		return empty(cursor, code);
	advance(cursor, length);
	return 0;
}

uint32_t der_shrink(struct der *cursor, int tag)
{
	struct der inside = *cursor;
	size_t length;
	uint32_t code = start(&inside, tag, &length);

	if (code)
		return empty(cursor, code);
	cursor->length = (size_t)(inside.data - cursor->data) + length;
	return 0;
}

bool der_equal(struct der left, struct der right)
{
	return left.length == right.length &&
	       (!left.length || !memcmp(left.data, right.data, left.length));
}

uint32_t der_boolean(struct der cursor, bool *value)
{
	der_enter(&cursor, DER_BOOLEAN);
	if (cursor.length != 1)
		return IPXE_ASN1_VALUE;
	*value = cursor.data[0] != 0;
	return 0;
}

uint32_t der_integer(struct der cursor, int32_t *value)
{
	uint32_t code = der_enter(&cursor, DER_INTEGER), bits;

	if (code)
		return code;
	if (!cursor.length)
		return IPXE_ASN1_VALUE;
	bits = cursor.data[0] & 0x80 ? ~(uint32_t)0x7f | cursor.data[0] : cursor.data[0];
	for (advance(&cursor, 1); cursor.length; advance(&cursor, 1)) {
		uint32_t high = bits >> 24;

		if (high != 0 && high != 0xff)
			return IPXE_ASN1_VALUE;
		bits = bits << 8 | cursor.data[0];
	}
	memcpy(value, &bits, sizeof(*value));
	return 0;
}

uint32_t der_unsigned(struct der cursor, struct der *magnitude)
{
	uint32_t code = der_enter(&cursor, DER_INTEGER);

	if (code)
		return code;
	if (cursor.length > 1 && cursor.data[0] == 0)
		advance(&cursor, 1);
	if (!cursor.length)
		return IPXE_ASN1_VALUE;
	*magnitude = cursor;
	return 0;
}

uint32_t der_bits(struct der cursor, struct der *bits, unsigned int *unused)
{
	uint32_t code = der_enter(&cursor, DER_BIT_STRING);
	unsigned int count;

	if (code)
		return code;
	if (!cursor.length)
		return IPXE_ASN1_BIT_STRING;
	count = cursor.data[0];
	advance(&cursor, 1);
	if (count >= 8 || (count && !cursor.length) || (count && !unused))
		return IPXE_ASN1_BIT_STRING;
	if (count && (cursor.data[cursor.length - 1] & (0xff >> (8 - count))))
		return IPXE_ASN1_BIT_STRING;
	if (unused)
		*unused = count;
	*bits = cursor;
	return 0;
}

/* ---- time ---------------------------------------------------------------- */

enum { CENTURY, YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, TIME_PAIRS };

/* Days from 1970-01-01 to a day of the Gregorian calendar; `day` may lie outside the month, as
 * iPXE does not check it. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
	static const int64_t before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int64_t past = year - 1; /* whole years since year 1 */

	return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[month - 1] +
	       (month > 2 && leap) + day - 1;
}

static uint32_t read_pairs(struct der text, unsigned int pairs[TIME_PAIRS], size_t first)
{
	for (size_t i = first; i < TIME_PAIRS; i++) {
		if (text.length < 2) {
			if (i == SECOND) /* some certificates leave the seconds out */
				break;
			return IPXE_ASN1_TIME;
		}
		for (size_t k = 0; k < 2; k++) {
			if (text.data[k] < '0' || text.data[k] > '9')
				return IPXE_ASN1_TIME;
			pairs[i] = pairs[i] * 10 + (text.data[k] - '0');
		}
		advance(&text, 2);
	}
	return text.length == 1 && text.data[0] == 'Z' ? 0 : IPXE_ASN1_TIME;
}

uint32_t der_time(struct der cursor, int64_t *seconds)
{
	unsigned int pairs[TIME_PAIRS] = { 0 };
	int tag = der_tag(cursor);
	uint32_t code;

	if (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME)
		return IPXE_ASN1_TIME;
	code = der_enter(&cursor, tag);
	if (code)
		return code;
	code = read_pairs(cursor, pairs, tag == DER_UTC_TIME ? YEAR : CENTURY);
	if (code)
		return code;
	if (tag == DER_UTC_TIME)
		pairs[CENTURY] = pairs[YEAR] >= 50 ? 19 : 20;
	/* iPXE looks a wrong month up behind the end of its table; what it would get is unknown. */
	if (pairs[MONTH] < 1 || pairs[MONTH] > 12)
		return IPXE_ASN1_TIME;
	*seconds = days_since_1970((int64_t)pairs[CENTURY] * 100 + pairs[YEAR], pairs[MONTH],
				   pairs[DAY]) *
			   86400 +
		   (int64_t)pairs[HOUR] * 3600 + (int64_t)pairs[MINUTE] * 60 + pairs[SECOND];
	return 0;
}

const char *der_problem(uint32_t code)
{
	switch (code) {
	case IPXE_ASN1_EMPTY:
		return "is missing or ends early";
	case IPXE_ASN1_LENGTH_OF_LENGTH:
	case IPXE_ASN1_OVERRUN:
		return "says that it is longer than what it lies in";
	case IPXE_ASN1_WRONG_TYPE:
		return "is of another type";
	case IPXE_ASN1_TIME:
		return "is not a UTC time as RFC 5280 wants it";
	case IPXE_ASN1_ALGORITHM:
		return "names no algorithm";
	case IPXE_ASN1_BIT_STRING:
		return "is not a valid bit string";
	default:
		return "has no valid value";
	}
}
