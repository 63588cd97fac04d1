#include "tests/unit/support.h"

#include "xml/xml.h"

#include <string.h>

static const struct {
	uint64_t value;
	const char *text;
} hex_cases[] = {
	{ 0, "16#0000#" },
	{ 1, "16#0001#" },
	{ 0x1000, "16#1000#" },
	{ 0xffff, "16#ffff#" },
	{ 0x10000, "16#0001_0000#" },
	{ 0x200000, "16#0020_0000#" },
	{ 0xffffffff, "16#ffff_ffff#" },
	{ 0x100000000, "16#0001_0000_0000#" },
	{ 0xe00000000, "16#000e_0000_0000#" },
	{ 0x700000000000, "16#7000_0000_0000#" },
	{ 0x1000000000000, "16#0001_0000_0000_0000#" },
	{ UINT64_MAX, "16#ffff_ffff_ffff_ffff#" },
};

START_TEST(hex_is_grouped_and_padded)
{
	char text[ADA_HEX_MAX];

	ck_assert_str_eq(ada_hex(hex_cases[_i].value, text), hex_cases[_i].text);
}
END_TEST

START_TEST(hex_reads_back)
{
	uint64_t value = 1;

	ck_assert_int_eq(ada_number(hex_cases[_i].text, &value), 0);
	ck_assert_uint_eq(value, hex_cases[_i].value);
}
END_TEST

START_TEST(bytes_have_two_digits)
{
	char text[ADA_HEX_MAX];
	uint64_t value;

	ck_assert_str_eq(ada_byte(0, text), "16#00#");
	ck_assert_str_eq(ada_byte(0x0a, text), "16#0a#");
	ck_assert_str_eq(ada_byte(0xff, text), "16#ff#");
	for (unsigned i = 0; i < 256; i++) {
		ck_assert_int_eq(ada_number(ada_byte((uint8_t)i, text), &value), 0);
		ck_assert_uint_eq(value, i);
	}
}
END_TEST

START_TEST(every_bit_reads_back)
{
	char text[ADA_HEX_MAX];
	uint64_t value, pattern = 1;

	for (unsigned i = 0; i < 10000; i++) {
		/* A linear congruential generator (Knuth's MMIX constants), to vary all bits. */
		pattern = pattern * 6364136223846793005u + 1442695040888963407u;
		ck_assert_int_eq(ada_number(ada_hex(pattern >> i % 64, text), &value), 0);
		ck_assert_uint_eq(value, pattern >> i % 64);
		ck_assert_uint_lt(strlen(text), ADA_HEX_MAX);
	}
}
END_TEST

static const struct {
	const char *text;
	uint64_t value;
} accepted[] = {
	{ "0", 0 },
	{ "42", 42 },
	{ "007", 7 },
	{ "18446744073709551615", UINT64_MAX },
	{ "16#0#", 0 },
	{ "16#F#", 15 },
	{ "16#abCD#", 0xabcd },
	{ "16#a_b#", 0xab },
	{ "16#0000_0000_0000_0000_0001#", 1 },
	{ "16#C000_0100#", 0xc0000100 },
};

START_TEST(literals_are_read)
{
	uint64_t value = 99;

	ck_assert_int_eq(ada_number(accepted[_i].text, &value), 0);
	ck_assert_uint_eq(value, accepted[_i].value);
}
END_TEST

static const char *const refused[] = {
	"",
	"16#",
	"16##",
	"16#_#",
	"16#_1#",
	"16#1_#",
	"16#1__2#",
	"16#1",
	"16#1#2",
	"16#1# ",
	" 16#1#",
	"16#g#",
	"16#-1#",
	"-1",
	"+1",
	"1 ",
	" 1",
	"0x10",
	"1_000",
	"2#1010#",
	"10#12#",
	"1e3",
	"1.0",
	"16#1.0#",
	"$size",
	"none",
	"true",
	"16 #1#",
	"0016#1#",
	"18446744073709551616",
	"16#1_0000_0000_0000_0000#",
	"99999999999999999999999999",
};

START_TEST(other_texts_are_refused)
{
	uint64_t value = 99;

	ck_assert_int_eq(ada_number(refused[_i], &value), -1);
	ck_assert_uint_eq(value, 99);
}
END_TEST

#define count_of(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *suite = suite_create("ada");
	TCase *tests = tcase_create("numbers");

	tcase_add_loop_test(tests, hex_is_grouped_and_padded, 0, count_of(hex_cases));
	tcase_add_loop_test(tests, hex_reads_back, 0, count_of(hex_cases));
	tcase_add_test(tests, bytes_have_two_digits);
	tcase_add_test(tests, every_bit_reads_back);
	tcase_add_loop_test(tests, literals_are_read, 0, count_of(accepted));
	tcase_add_loop_test(tests, other_texts_are_refused, 0, count_of(refused));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
