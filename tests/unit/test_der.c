/* The ASN.1 cursor: as lax and as strict as iPXE's. */
#include "sign/der.h"

#include "sign/ipxe/codes.h"
#include "tests/unit/support.h"

#include <string.h>

#define DER(text) ((struct der){ (const unsigned char *)(text), sizeof(text) - 1 })

START_TEST(enters_skips_and_shrinks)
{
	struct der cursor = DER("\x30\x03\x02\x01\x05tail");
	struct der inside = cursor, rest = cursor, whole = cursor;

	ck_assert_uint_eq(der_enter(&inside, DER_SEQUENCE), 0);
	ck_assert_uint_eq(inside.length, 3);
	ck_assert_int_eq(der_tag(inside), DER_INTEGER);
	ck_assert_uint_eq(der_skip(&rest, DER_ANY), 0);
	ck_assert(der_equal(rest, DER("tail")));
	ck_assert_uint_eq(der_shrink(&whole, DER_ANY), 0);
	ck_assert(der_equal(whole, DER("\x30\x03\x02\x01\x05")));
}
END_TEST

START_TEST(checks_every_length)
{
	static const struct {
		struct der bytes;
		uint32_t code;
	} cases[] = {
		{ { (const unsigned char *)"", 0 }, IPXE_ASN1_EMPTY },
		{ { (const unsigned char *)"\x30", 1 }, IPXE_ASN1_EMPTY },
		{ { (const unsigned char *)"\x30\x01", 2 }, IPXE_ASN1_OVERRUN },
		{ { (const unsigned char *)"\x30\x82\x01", 3 }, IPXE_ASN1_LENGTH_OF_LENGTH },
		{ { (const unsigned char *)"\x30\x84\xff\xff\xff\xff", 6 }, IPXE_ASN1_OVERRUN },
		{ { (const unsigned char *)"\x30\xff\x01", 3 }, IPXE_ASN1_LENGTH_OF_LENGTH },
		{ { (const unsigned char *)"\x31\x00", 2 }, IPXE_ASN1_WRONG_TYPE },
		{ { (const unsigned char *)"\x30\x80", 2 }, 0 },
		{ { (const unsigned char *)"\x30\x85\x01\x00\x00\x00\x00", 7 }, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der cursor = cases[i].bytes;
		uint32_t code = der_enter(&cursor, DER_SEQUENCE);

		ck_assert_msg(code == cases[i].code, "case %zu: %08x", i, code);
		ck_assert_uint_eq(cursor.length, 0);
	}
}
END_TEST

START_TEST(leaves_what_is_optional)
{
	struct der other = DER("\x02\x01\x05"), damaged = DER("\xa0\x05\x00");

	der_skip_optional(&other, DER_CONTEXT(0));
	ck_assert_uint_eq(other.length, 3);
	der_skip_optional(&damaged, DER_CONTEXT(0));
	ck_assert_uint_eq(damaged.length, 0);
}
END_TEST

START_TEST(reads_values)
{
	struct der bits, magnitude;
	int32_t number;
	bool truth;

	ck_assert_uint_eq(der_boolean(DER("\x01\x01\x01"), &truth), 0);
	ck_assert(truth);
	ck_assert_uint_eq(der_boolean(DER("\x01\x02\x01\x01"), &truth), IPXE_ASN1_VALUE);
	ck_assert_uint_eq(der_integer(DER("\x02\x01\xff"), &number), 0);
	ck_assert_int_eq(number, -1);
	ck_assert_uint_eq(der_integer(DER("\x02\x04\x7f\xff\xff\xff"), &number), 0);
	ck_assert_int_eq(number, INT32_MAX);
	ck_assert_uint_eq(der_integer(DER("\x02\x05\x01\x00\x00\x00\x00"), &number),
			  IPXE_ASN1_VALUE);
	ck_assert_uint_eq(der_integer(DER("\x02\x00"), &number), IPXE_ASN1_VALUE);
	ck_assert_uint_eq(der_unsigned(DER("\x02\x02\x00\x80"), &magnitude), 0);
	ck_assert(der_equal(magnitude, DER("\x80")));
	ck_assert_uint_eq(der_unsigned(DER("\x02\x00"), &magnitude), IPXE_ASN1_VALUE);
	ck_assert_uint_eq(der_bits(DER("\x03\x02\x00\xa5"), &bits, NULL), 0);
	ck_assert(der_equal(bits, DER("\xa5")));
}
END_TEST

START_TEST(checks_bit_strings)
{
	static const char *const bad[] = { "\x03\x01\x08", "\x03\x01\x01", "\x03\x02\x04\x1f" };
	struct der bits;
	unsigned int unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct der cursor = { (const unsigned char *)bad[i],
				      2 + (size_t)(unsigned char)bad[i][1] };

		ck_assert_uint_eq(der_bits(cursor, &bits, &unused), IPXE_ASN1_BIT_STRING);
	}
	ck_assert_uint_eq(der_bits(DER("\x03\x02\x04\xf0"), &bits, &unused), 0);
	ck_assert_uint_eq(unused, 4);
	ck_assert_uint_eq(der_bits(DER("\x03\x02\x04\xf0"), &bits, NULL), IPXE_ASN1_BIT_STRING);
}
END_TEST

START_TEST(reads_times)
{
	static const struct {
		const char *text; /* tag, length, digits */
		int64_t seconds;
	} cases[] = {
		{ "\x17\x0d"
		  "700101000000Z",
		  0 },
		{ "\x17\x0d"
		  "261201000000Z",
		  1796083200 },
		{ "\x17\x0d"
		  "491231235959Z",
		  2524607999 },
		{ "\x17\x0d"
		  "500101000000Z",
		  -631152000 },
		{ "\x17\x0b"
		  "2612010000Z",
		  1796083200 },
		{ "\x18\x0f"
		  "20240229120000Z",
		  1709208000 },
		{ "\x18\x0f"
		  "99991231235959Z",
		  253402300799 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der cursor = { (const unsigned char *)cases[i].text, strlen(cases[i].text) };
		int64_t seconds;

		ck_assert_uint_eq(der_time(cursor, &seconds), 0);
		ck_assert_int_eq(seconds, cases[i].seconds);
	}
}
END_TEST

START_TEST(refuses_what_is_no_time)
{
	static const char *const bad[] = {
		"\x17\x0c"
		"261201000000",
		"\x17\x0d"
		"2612010000x0Z",
		"\x17\x0d"
		"261301000000Z",
		"\x17\x0d"
		"260001000000Z",
		"\x17\x11"
		"261201000000+0100",
		"\x17\x09"
		"26120100Z",
		"\x04\x0d"
		"261201000000Z",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct der cursor = { (const unsigned char *)bad[i], strlen(bad[i]) };
		int64_t seconds;

		ck_assert_msg(der_time(cursor, &seconds) == IPXE_ASN1_TIME, "case %zu", i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("der");
	TCase *cursor = tcase_create("cursor");

	tcase_add_test(cursor, enters_skips_and_shrinks);
	tcase_add_test(cursor, checks_every_length);
	tcase_add_test(cursor, leaves_what_is_optional);
	tcase_add_test(cursor, reads_values);
	tcase_add_test(cursor, checks_bit_strings);
	tcase_add_test(cursor, reads_times);
	tcase_add_test(cursor, refuses_what_is_no_time);
	suite_add_tcase(suite, cursor);
	return run_suite(suite);
}
