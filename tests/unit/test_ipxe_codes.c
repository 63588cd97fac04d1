/* iPXE's error codes: reading and explaining them. */
#include "sign/ipxe/codes.h"

#include "tests/unit/support.h"

#include <string.h>

START_TEST(reads_codes)
{
	static const struct {
		const char *text;
		uint32_t value;
		int digits;
	} cases[] = {
		{ "0227e10d", 0x0227e10d, 8 },
		{ "0227E1", 0x0227e100, 6 },
		{ "0x0227e13c", 0x0227e13c, 8 },
		{ "https://ipxe.org/0216eb3c", 0x0216eb3c, 8 },
		{ "http://ipxe.org/err/0216eb", 0x0216eb00, 6 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ipxe_code code;
		struct error err = { 0 };

		ck_assert_msg(ipxe_code_parse(cases[i].text, &code, &err) == 0, "%s",
			      cases[i].text);
		ck_assert_uint_eq(code.value, cases[i].value);
		ck_assert_int_eq(code.digits, cases[i].digits);
	}
}
END_TEST

START_TEST(refuses_what_is_no_code)
{
	static const char *const bad[] = { "",		"0227",	    "0227e13",
					   "0227e13cc", "0227g13c", "https://ipxe.org/",
					   "-227e13c" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ipxe_code code;
		struct error err = { 0 };

		ck_assert_msg(ipxe_code_parse(bad[i], &code, &err) == -1, "%s", bad[i]);
		ck_assert_int_eq(err.kind, ERR_USAGE);
		ck_assert(*err.mend);
	}
}
END_TEST

START_TEST(explains_codes_and_platforms)
{
	static const struct {
		uint32_t value;
		const char *what, *file, *platform, *error;
	} cases[] = {
		{ 0x0227e10d, "RSA signature incorrect", "crypto/rsa.c", "Linux",
		  "Permission denied" },
		{ 0x0227e13c, "RSA signature incorrect", "crypto/rsa.c", "BIOS",
		  "Permission denied" },
		{ 0x0216eb8f, "No usable certificates", "crypto/x509.c", "UEFI",
		  "Permission denied" },
		{ 0x0200813c, "Untrusted image", "core/image.c", "BIOS", "Permission denied" },
		{ 0x2d0c613b, "Not found (HTTP 404)", "net/tcp/httpcore.c", "BIOS",
		  "No such file or directory" },
		{ 0x3c00e103, "Unsupported algorithm", "crypto/asn1.c", "BIOS",
		  "Operation not supported" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ipxe_code code = { cases[i].value, 8 };
		struct ipxe_meaning meaning;

		ck_assert(ipxe_explain(code, &meaning));
		ck_assert_str_eq(meaning.what, cases[i].what);
		ck_assert_str_eq(meaning.file, cases[i].file);
		ck_assert_str_eq(meaning.platform, cases[i].platform);
		ck_assert_str_eq(meaning.error, cases[i].error);
		ck_assert(*meaning.why && *meaning.mend);
	}
}
END_TEST

/* Whatever the judge can say must be explained, and as an error of a BIOS build. */
START_TEST(explains_every_code_of_the_judge)
{
	static const uint32_t codes[] = {
		IPXE_ASN1_EMPTY,
		IPXE_ASN1_LENGTH_OF_LENGTH,
		IPXE_ASN1_OVERRUN,
		IPXE_ASN1_VALUE,
		IPXE_ASN1_TIME,
		IPXE_ASN1_ALGORITHM,
		IPXE_ASN1_BIT_STRING,
		IPXE_ASN1_NOT_ASN1,
		IPXE_ASN1_UNSUPPORTED_ALGORITHM,
		IPXE_ASN1_INAPPROPRIATE_ALGORITHM,
		IPXE_ASN1_WRONG_TYPE,
		IPXE_X509_NOT_CA,
		IPXE_X509_KEY_USAGE,
		IPXE_X509_EXPIRED,
		IPXE_X509_PATH_LENGTH,
		IPXE_X509_EMPTY_CHAIN,
		IPXE_X509_USELESS,
		IPXE_X509_INVALID,
		IPXE_X509_ALGORITHM_MISMATCH,
		IPXE_X509_VERSION,
		IPXE_X509_NO_MEMORY,
		IPXE_X509_UNSUPPORTED_EXTENSION,
		IPXE_CMS_NOT_SIGNING,
		IPXE_CMS_NOT_CODE_SIGNING,
		IPXE_CMS_NO_SIGNATURES,
		IPXE_CMS_NO_CERTIFICATE,
		IPXE_CMS_TYPE,
		IPXE_CMS_NOT_A_SIGNATURE,
		IPXE_RSA_VERIFY,
		IPXE_RSA_RANGE,
		IPXE_ECDSA_POINT_SIZE,
		IPXE_ECDSA_KEY_SIZE,
		IPXE_ECDSA_COMPRESSION,
		IPXE_ECDSA_INFINITY,
		IPXE_ECDSA_SIGNATURE,
		IPXE_ECDSA_RANGE,
		IPXE_WEIERSTRASS_POINT,
		IPXE_DER_NO_MEMORY,
		IPXE_PEM_NO_MARKER,
		IPXE_BASE64_INVALID,
		IPXE_TCP_RESET,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct ipxe_code code = { codes[i], 8 };
		struct ipxe_meaning meaning;

		ck_assert_msg(ipxe_explain(code, &meaning), "%08x", codes[i]);
		ck_assert_msg(*meaning.error, "%08x", codes[i]);
		ck_assert_msg(!strcmp(meaning.platform, "BIOS"), "%08x", codes[i]);
	}
}
END_TEST

START_TEST(says_what_it_can_of_unknown_codes)
{
	struct ipxe_code code = { 0x0216ff3c, 8 }, nothing = { 0x7fffffff, 8 };
	struct ipxe_meaning meaning;

	ck_assert(!ipxe_explain(code, &meaning));
	ck_assert_str_eq(meaning.error, "Permission denied");
	ck_assert_str_eq(meaning.file, "crypto/x509.c");
	ck_assert_str_eq(meaning.what, "");
	ck_assert(!ipxe_explain(nothing, &meaning));
	ck_assert_str_eq(meaning.error, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipxe codes");
	TCase *codes = tcase_create("codes");

	tcase_add_test(codes, reads_codes);
	tcase_add_test(codes, refuses_what_is_no_code);
	tcase_add_test(codes, explains_codes_and_platforms);
	tcase_add_test(codes, explains_every_code_of_the_judge);
	tcase_add_test(codes, says_what_it_can_of_unknown_codes);
	suite_add_tcase(suite, codes);
	return run_suite(suite);
}
