#include "sign/sbs/openpgp.h"
#include "tests/unit/support.h"

#include <string.h>

#define DIGITS "4D879F1C07D5D71D620AC996C89413A3948CD71F"

START_TEST(test_fingerprints)
{
	static const char *const good[] = {
		DIGITS,	     "4d879f1c07d5d71d620ac996c89413a3948cd71f",	   "0x" DIGITS,
		"0X" DIGITS, "4D87 9F1C 07D5 D71D 620A  C996 C894 13A3 948C D71F", " " DIGITS " ",
	};
	char out[OPENPGP_FINGERPRINT_MAX + 1];
	struct error err;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(openpgp_fingerprint(good[i], out, &err) == 0, "%s", good[i]);
		ck_assert_str_eq(out, DIGITS);
	}
	ck_assert_int_eq(openpgp_fingerprint(DIGITS "0123456789abcdef01234567", out, &err), 0);
	ck_assert_uint_eq(strlen(out), 64);
}
END_TEST

START_TEST(test_what_is_none)
{
	static const char *const bad[] = {
		"",
		"0x",
		"C89413A3948CD71F",
		"948CD71F",
		"someone@example.org",
		DIGITS "0",
		DIGITS "!",
		"G" DIGITS,
		"4D879F1C07D5D71D620AC996C89413A3948CD71G",
		DIGITS DIGITS,
		DIGITS DIGITS DIGITS,
		"-" DIGITS,
		DIGITS "\n",
	};
	char out[OPENPGP_FINGERPRINT_MAX + 1];
	struct error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(openpgp_fingerprint(bad[i], out, &err) == -1, "%s", bad[i]);
		ck_assert_int_eq(err.kind, ERR_USAGE);
		ck_assert(*err.mend);
	}
}
END_TEST

START_TEST(test_home_that_is_none)
{
	const struct openpgp_keys nowhere = { .homedir = "/nonexistent", .fingerprint = DIGITS };
	const struct openpgp_keys file = { .homedir = "/dev/null", .fingerprint = DIGITS };
	struct findings findings = { 0 };
	struct openpgp_signer signer;
	struct error err;

	ck_assert_int_eq(openpgp_check_key(&nowhere, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent"));
	ck_assert_int_eq(openpgp_check_key(&file, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_int_eq(openpgp_verify(&nowhere, "x", 1, "y", 1, &signer, &findings, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("openpgp");
	TCase *cases = tcase_create("openpgp");

	tcase_add_test(cases, test_fingerprints);
	tcase_add_test(cases, test_what_is_none);
	tcase_add_test(cases, test_home_that_is_none);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
