/* Small parts of the stand-in kernel: the battery's clock. */
#include "image/standin/rtc.h"
#include "tests/unit/support.h"

#include <time.h>

/* ---- the battery's clock
 * -------------------------------------------------------------------------- */

#define BCD 2u	  /* 24 hours, decimal digits */
#define BINARY 6u /* 24 hours */
#define HALF 0u	  /* 12 hours, decimal digits */

static const struct {
	struct rtc_registers registers;
	uint64_t seconds; /* 0: no time */
} times[] = {
	{ { 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, BCD }, 946684800 },
	{ { 0x59, 0x59, 0x23, 0x29, 0x02, 0x24, BCD }, 1709251199 },
	{ { 59, 59, 23, 29, 2, 24, BINARY }, 1709251199 },
	{ { 0x59, 0x59, 0x91, 0x29, 0x02, 0x24, HALF }, 1709251199 }, /* 11 p.m. */
	{ { 0x00, 0x00, 0x12, 0x01, 0x03, 0x24, HALF }, 1709251200 }, /* 12 a.m. */
	{ { 0x00, 0x00, 0x92, 0x01, 0x03, 0x24, HALF }, 1709294400 }, /* 12 p.m. */
	{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 0 },
	{ { 0, 0, 0, 0, 0, 0, 0 }, 0 },
	{ { 0, 0, 0x24, 1, 1, 0, BCD }, 0 },
	{ { 0, 0, 0, 1, 0x13, 0, BCD }, 0 },
};

START_TEST(test_rtc)
{
	uint64_t seconds = 0;

	ck_assert_int_eq(rtc_seconds(&times[_i].registers, &seconds), times[_i].seconds != 0);
	ck_assert_uint_eq(seconds, times[_i].seconds);
}
END_TEST

/* Every day of the century, against the C library. */
START_TEST(test_rtc_days)
{
	for (time_t day = 946684800; day < 4102444800; day += 86400) {
		struct tm date;
		struct rtc_registers registers;
		uint64_t seconds;

		gmtime_r(&day, &date);
		registers = (struct rtc_registers){ .day = (uint8_t)date.tm_mday,
						    .month = (uint8_t)(date.tm_mon + 1),
						    .year = (uint8_t)(date.tm_year - 100),
						    .status = BINARY };
		ck_assert(rtc_seconds(&registers, &seconds));
		ck_assert_uint_eq(seconds, (uint64_t)day);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("standin_parts");
	TCase *tests = tcase_create("parts");

	tcase_add_loop_test(tests, test_rtc, 0, sizeof(times) / sizeof(times[0]));
	tcase_add_test(tests, test_rtc_days);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
