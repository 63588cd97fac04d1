#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "sign/keys/authority.h"
#include "sign/keys/certificate.h"
#include "sign/keys/key.h"
#include "sign/when.h"
#include "tests/unit/scratch.h"
#include "tests/unit/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mode_t mode_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_mode & 07777;
}

/* ---- the private CA
 * ------------------------------------------------------------------------------ */

static struct authority_request request_for(char *place, struct passphrase *passphrase)
{
	return (struct authority_request){ .folder = place,
					   .name = "Example",
					   .algorithm = KEY_RSA2048,
					   .passphrase = passphrase };
}

/* Makes a CA and returns the error's kind; *made is released by the caller. */
static enum error_kind init(const struct authority_request *request, struct certificates *made,
			    struct error *err)
{
	cleanup_findings struct findings findings = { 0 };

	*err = (struct error){ 0 };
	return authority_init(request, &findings, made, err) < 0 ? err->kind : ERR_NONE;
}

START_TEST(a_new_ca_is_private_and_complete)
{
	struct error err;
	struct passphrase none = { 0 };
	cleanup_free char *place = scratch_path("fresh");
	cleanup_certificates struct certificates made = { 0 };
	struct authority_request request = request_for(place, &none);
	cleanup_free char *key = scratch_path("fresh/sign.key"),
			  *ca_key = scratch_path("fresh/ca.key");
	cleanup_free char *readme = scratch_path("fresh/README.txt"), *text = NULL;
	int64_t now = when_now();

	ck_assert_msg(init(&request, &made, &err) == ERR_NONE, "%s", err.message);
	ck_assert_uint_eq(mode_of(place), 0700);
	ck_assert_uint_eq(mode_of(key), 0600);
	ck_assert_uint_eq(mode_of(ca_key), 0600);
	ck_assert_uint_eq(made.count, 2);
	ck_assert_str_eq(made.list[0].subject, "CN=Example");
	ck_assert_str_eq(made.list[0].issuer, "CN=Example CA");
	ck_assert_str_eq(made.list[0].usage, "digitalSignature; codeSigning");
	ck_assert(made.list[1].self_signed && made.list[1].authority);
	/* A clock that lags by a day must accept them. */
	ck_assert(made.list[0].not_before <= now - SECONDS_PER_DAY + 60);
	ck_assert(made.list[0].not_after >= now + (int64_t)SIGNER_DAYS * SECONDS_PER_DAY - 60);
	ck_assert(made.list[1].not_after > made.list[0].not_after);
	ck_assert_uint_eq(strlen(made.list[0].serial), 32);
	text = scratch_text(readme);
	ck_assert_ptr_nonnull(strstr(text, "TRUST=ca.crt"));
	ck_assert_ptr_nonnull(strstr(text, made.list[1].fingerprint));
}
END_TEST

START_TEST(what_is_there_is_never_replaced)
{
	struct error err;
	struct passphrase none = { 0 };
	cleanup_free char *place = scratch_path("taken");
	cleanup_certificates struct certificates made = { 0 };
	struct authority_request request = request_for(place, &none);
	cleanup_free char *key = NULL, *before = NULL;

	mkdir(place, 0755);
	key = scratch_file("taken/ca.key", "precious", 0600);
	ck_assert_int_eq(init(&request, &made, &err), ERR_CANT_CREATE);
	before = scratch_text(key);
	ck_assert_str_eq(before, "precious");
	ck_assert_uint_eq(made.count, 0);
}
END_TEST

START_TEST(requests_that_make_no_sense_are_refused)
{
	struct error err;
	struct passphrase none = { 0 };
	cleanup_free char *place = scratch_path("never");
	cleanup_certificates struct certificates made = { 0 };
	struct authority_request request = request_for(place, &none);
	static const char *const names[] = {
		"", "line\nbreak", "\xff\xfe",
		"a name of more than sixty-one characters does not fit into one CN"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		request.name = names[i];
		ck_assert_int_eq(init(&request, &made, &err), ERR_USAGE);
	}
	request.name = "Example";
	request.days = 400;
	request.authority_days = 399;
	ck_assert_int_eq(init(&request, &made, &err), ERR_USAGE);
	request.days = request.authority_days = MOST_DAYS; /* beyond 2099 */
	ck_assert_int_eq(init(&request, &made, &err), ERR_USAGE);
	request = request_for((char *)"/nonexistent/parent/folder", &none);
	ck_assert_int_eq(init(&request, &made, &err), ERR_CANT_CREATE);
	ck_assert_int_eq(access(place, F_OK), -1);
}
END_TEST

static enum error_kind renew(const struct authority_request *request, struct certificates *made,
			     struct findings *findings, struct error *err)
{
	*err = (struct error){ 0 };
	return authority_renew(request, findings, made, err) < 0 ? err->kind : ERR_NONE;
}

START_TEST(renewing_keeps_the_key_and_the_ca)
{
	struct error err;
	struct passphrase none = { 0 };
	cleanup_findings struct findings findings = { 0 };
	cleanup_free char *place = scratch_path("renewed"), *key = scratch_path("renewed/sign.key");
	cleanup_certificates struct certificates made = { 0 }, later = { 0 }, keyed = { 0 };
	struct authority_request request = request_for(place, &none);
	cleanup_free char *before = NULL, *after = NULL, *last = NULL;

	request.days = 10;
	ck_assert_int_eq(init(&request, &made, &err), ERR_NONE);
	before = scratch_text(key);
	request.days = 20;
	ck_assert_msg(renew(&request, &later, &findings, &err) == ERR_NONE, "%s", err.message);
	after = scratch_text(key);
	ck_assert_str_eq(before, after);
	ck_assert_str_eq(later.list[1].fingerprint, made.list[1].fingerprint);
	ck_assert_str_eq(later.list[0].subject, made.list[0].subject);
	ck_assert_str_ne(later.list[0].serial, made.list[0].serial);
	ck_assert(later.list[0].not_after >= made.list[0].not_after + 10 * SECONDS_PER_DAY);
	request.new_key = true;
	ck_assert_int_eq(renew(&request, &keyed, &findings, &err), ERR_NONE);
	last = scratch_text(key);
	ck_assert_str_ne(before, last);
	ck_assert_uint_eq(mode_of(key), 0600);
	ck_assert_str_eq(keyed.list[0].key, "RSA 2048");
}
END_TEST

START_TEST(renewing_ends_with_the_ca)
{
	struct error err;
	struct passphrase none = { 0 };
	cleanup_findings struct findings findings = { 0 };
	cleanup_free char *place = scratch_path("short");
	cleanup_certificates struct certificates made = { 0 }, later = { 0 }, never = { 0 };
	struct authority_request request = request_for(place, &none);

	request.days = 10;
	request.authority_days = 100;
	ck_assert_int_eq(init(&request, &made, &err), ERR_NONE);
	request.days = 0;
	ck_assert_int_eq(renew(&request, &later, &findings, &err), ERR_NONE);
	ck_assert_int_eq(later.list[0].not_after, made.list[1].not_after);
	ck_assert_uint_ge(findings_count(&findings, FINDING_WARNING), 1);
	request.days = 101;
	ck_assert_int_eq(renew(&request, &never, &findings, &err), ERR_USAGE);
	/* 200 days later the CA has ended. */
	cleanup_free char *epoch = xasprintf("%lld", (long long)when_now() + 200 * SECONDS_PER_DAY);
	setenv("SOURCE_DATE_EPOCH", epoch, 1);
	request.days = 0;
	ck_assert_int_eq(renew(&request, &never, &findings, &err), ERR_REFUSED);
	unsetenv("SOURCE_DATE_EPOCH");
}
END_TEST

START_TEST(a_fixed_date_gives_the_same_certificate)
{
	struct error err;
	struct passphrase none = { 0 };
	cleanup_findings struct findings findings = { 0 };
	cleanup_free char *place = scratch_path("fixed"), *path = scratch_path("fixed/sign.crt");
	cleanup_certificates struct certificates made = { 0 }, one = { 0 }, other = { 0 };
	struct authority_request request = request_for(place, &none);
	cleanup_free char *epoch = xasprintf("%lld", (long long)when_now());
	cleanup_free char *first = NULL, *second = NULL;

	ck_assert_int_eq(init(&request, &made, &err), ERR_NONE);
	setenv("SOURCE_DATE_EPOCH", epoch, 1);
	ck_assert_int_eq(renew(&request, &one, &findings, &err), ERR_NONE);
	first = scratch_text(path);
	ck_assert_int_eq(renew(&request, &other, &findings, &err), ERR_NONE);
	second = scratch_text(path);
	unsetenv("SOURCE_DATE_EPOCH");
	ck_assert_str_eq(first, second);
	ck_assert_str_ne(one.list[0].serial, made.list[0].serial);
}
END_TEST

START_TEST(encrypted_keys_stay_encrypted)
{
	struct error err;
	cleanup_findings struct findings findings = { 0 };
	cleanup_passphrase struct passphrase passphrase = { .source = PASSPHRASE_ENV,
							    .name = "MUENBUILD_TEST_PASS" };
	cleanup_free char *place = scratch_path("locked"), *key = scratch_path("locked/sign.key");
	cleanup_certificates struct certificates made = { 0 }, later = { 0 };
	struct authority_request request = request_for(place, &passphrase);
	struct key_facts facts;

	setenv("MUENBUILD_TEST_PASS", "opensesame", 1);
	request.encrypt = true;
	ck_assert_int_eq(init(&request, &made, &err), ERR_NONE);
	ck_assert_int_eq(key_examine(key, &facts, &err), 0);
	ck_assert(facts.encrypted);
	free(facts.kind);
	request.encrypt = false;
	request.new_key = true;
	ck_assert_int_eq(renew(&request, &later, &findings, &err), ERR_NONE);
	ck_assert_int_eq(key_examine(key, &facts, &err), 0);
	ck_assert(facts.encrypted);
	free(facts.kind);
}
END_TEST

/* ---- certificates from files
 * ------------------------------------------------------------------------ */

START_TEST(bundles_and_der_are_read)
{
	struct error err;
	struct passphrase none = { 0 };
	cleanup_free char *place = scratch_path("bundle");
	cleanup_certificates struct certificates made = { 0 }, read = { 0 };
	struct authority_request request = request_for(place, &none);
	cleanup_buffer struct buffer pem = { 0 }, der = { 0 };
	cleanup_free char *bundle = NULL, *binary = scratch_path("ca.der"), *expected = NULL;

	request.algorithm = KEY_P256;
	ck_assert_int_eq(init(&request, &made, &err), ERR_NONE);
	buffer_add_text(&pem, "words before\n-----BEGIN X-----\nAAAA\n-----END X-----\n");
	certificate_to_pem(&made.list[0], &pem, &err);
	certificate_to_pem(&made.list[1], &pem, &err);
	bundle = scratch_file("bundle.pem", pem.data, 0644);
	ck_assert_msg(certificates_read(bundle, &read, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(read.count, 2);
	ck_assert_str_eq(read.list[1].fingerprint, made.list[1].fingerprint);
	expected = xasprintf("%s (2)", bundle);
	ck_assert_str_eq(read.list[1].origin, expected);
	certificate_to_der(&made.list[1], &der, &err);
	ck_assert_int_eq(file_write(binary, der.data, der.length, 0644, &err), 0);
	ck_assert_int_eq(certificates_read(binary, &read, &err), 0);
	ck_assert_str_eq(read.list[2].fingerprint, made.list[1].fingerprint);
	/* A byte behind the DER is not part of a certificate. */
	ck_assert_int_eq(file_write(binary, der.data, der.length + 1, 0644, &err), 0);
	ck_assert_int_eq(certificates_read(binary, &read, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
}
END_TEST

START_TEST(what_is_not_a_certificate_is_named)
{
	static const struct {
		const char *content;
		const char *message;
	} cases[] = {
		{ "", "not a certificate" },
		{ "garbage", "not a certificate" },
		{ "-----BEGIN CERTIFICATE-----\nMIIB\n", "damaged or cut off" },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged" },
		{ "-----BEGIN X-----\nAAAA\n-----END X-----\n", "no certificate" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		cleanup_certificates struct certificates read = { 0 };
		cleanup_free char *path = scratch_file("bad.crt", cases[i].content, 0644);

		ck_assert_int_eq(certificates_read(path, &read, &err), -1);
		ck_assert_int_eq(err.kind, ERR_INPUT);
		ck_assert_msg(strstr(err.message, cases[i].message) != NULL, "%s", err.message);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("authority");
	TCase *tests = tcase_create("authority");

	tcase_add_unchecked_fixture(tests, scratch_make, scratch_remove);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, a_new_ca_is_private_and_complete);
	tcase_add_test(tests, what_is_there_is_never_replaced);
	tcase_add_test(tests, requests_that_make_no_sense_are_refused);
	tcase_add_test(tests, renewing_keeps_the_key_and_the_ca);
	tcase_add_test(tests, renewing_ends_with_the_ca);
	tcase_add_test(tests, a_fixed_date_gives_the_same_certificate);
	tcase_add_test(tests, encrypted_keys_stay_encrypted);
	tcase_add_test(tests, bundles_and_der_are_read);
	tcase_add_test(tests, what_is_not_a_certificate_is_named);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
