#include "base/alloc.h"
#include "base/file.h"
#include "sign/keys/key.h"
#include "sign/ossl.h"
#include "sign/keys/token.h"
#include "sign/when.h"
#include "tests/unit/scratch.h"
#include "tests/unit/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- passphrases ------------------------------------------------------------------------- */

START_TEST(passphrase_file_gives_its_first_line)
{
	static const struct {
		const char *content;
		const char *expected;
	} cases[] = { { "secret\n", "secret" },
		      { "secret", "secret" },
		      { "secret\r\nmore\n", "secret" },
		      { " with blanks \n", " with blanks " } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		cleanup_findings struct findings findings = { 0 };
		cleanup_free char *path = scratch_file("pass", cases[i].content, 0600);
		cleanup_passphrase struct passphrase passphrase = { .source = PASSPHRASE_FILE,
								    .name = path };
		const char *text = passphrase_get(&passphrase, "k", false, &findings, &err);

		ck_assert_msg(text != NULL, "%s", err.message);
		ck_assert_str_eq(text, cases[i].expected);
		ck_assert_uint_eq(findings.count, 0);
	}
}
END_TEST

START_TEST(passphrase_file_that_others_read_is_warned_about)
{
	struct error err = { 0 };
	cleanup_findings struct findings findings = { 0 };
	cleanup_free char *path = scratch_file("open-pass", "secret\n", 0600);
	cleanup_passphrase struct passphrase passphrase = { .source = PASSPHRASE_FILE,
							    .name = path };

	chmod(path, 0640);
	ck_assert_ptr_nonnull(passphrase_get(&passphrase, "k", false, &findings, &err));
	ck_assert_uint_eq(findings_count(&findings, FINDING_WARNING), 1);
	ck_assert_ptr_nonnull(strstr(findings.list[0].text, path));
}
END_TEST

START_TEST(passphrase_descriptor_is_read_no_further_than_needed)
{
	struct error err = { 0 };
	cleanup_findings struct findings findings = { 0 };
	struct passphrase passphrase = { .source = PASSPHRASE_FD };
	char rest[16] = { 0 };
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "first\nrest", 10), 10);
	close(ends[1]);
	passphrase.fd = ends[0];
	ck_assert_str_eq(passphrase_get(&passphrase, "k", false, &findings, &err), "first");
	/* Asked again, it is not read again. */
	ck_assert_str_eq(passphrase_get(&passphrase, "k", false, &findings, &err), "first");
	ck_assert_int_eq(read(ends[0], rest, sizeof(rest)), 4);
	ck_assert_str_eq(rest, "rest");
	passphrase_free(&passphrase);
	ck_assert_ptr_null(passphrase.text);
	close(ends[0]);
}
END_TEST

static enum error_kind environment_kind(const char *value, bool confirm)
{
	struct error err = { 0 };
	cleanup_findings struct findings findings = { 0 };
	cleanup_passphrase struct passphrase passphrase = { .source = PASSPHRASE_ENV,
							    .name = "MUENBUILD_TEST_PASS" };

	if (value)
		setenv("MUENBUILD_TEST_PASS", value, 1);
	else
		unsetenv("MUENBUILD_TEST_PASS");
	return passphrase_get(&passphrase, "k", confirm, &findings, &err) ? ERR_NONE : err.kind;
}

START_TEST(passphrase_lengths)
{
	char most[PASSPHRASE_LONGEST + 2];

	memset(most, 'x', sizeof(most));
	most[PASSPHRASE_LONGEST] = '\0';
	ck_assert_int_eq(environment_kind(most, false), ERR_NONE);
	most[PASSPHRASE_LONGEST] = 'x';
	most[PASSPHRASE_LONGEST + 1] = '\0';
	ck_assert_int_eq(environment_kind(most, false), ERR_USAGE);
	ck_assert_int_eq(environment_kind("", false), ERR_USAGE);
	ck_assert_int_eq(environment_kind(NULL, false), ERR_USAGE);
	ck_assert_int_eq(environment_kind("abc", false), ERR_NONE);
	ck_assert_int_eq(environment_kind("abc", true), ERR_USAGE);
	ck_assert_int_eq(environment_kind("abcd", true), ERR_NONE);
}
END_TEST

START_TEST(passphrase_sources_that_are_not_there)
{
	struct error err = { 0 };
	cleanup_findings struct findings findings = { 0 };
	struct passphrase file = { .source = PASSPHRASE_FILE, .name = "/nonexistent/pass" };
	struct passphrase descriptor = { .source = PASSPHRASE_FD, .fd = 987 };

	ck_assert_ptr_null(passphrase_get(&file, "k", false, &findings, &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_ptr_null(passphrase_get(&descriptor, "k", false, &findings, &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "987"));
}
END_TEST

/* ---- key files ----------------------------------------------------------------------------- */

/* A P-256 key as PEM in a file. */
static char *make_key(const char *name, const char *passphrase)
{
	struct error err = { 0 };
	cleanup_pkey EVP_PKEY *pkey = key_generate(KEY_P256, &err);
	cleanup_secret struct bytes pem = { 0 };
	char *path = scratch_path(name);

	ck_assert_ptr_nonnull(pkey);
	ck_assert_int_eq(key_to_pem(pkey, passphrase, &pem, &err), 0);
	ck_assert_int_eq(file_write(path, pem.data, pem.size, 0600, &err), 0);
	return path;
}

/* Loads with a passphrase (NULL: one that cannot be had); returns the error's kind. */
static enum error_kind load_kind(const char *path, const char *secret, struct error *err)
{
	cleanup_findings struct findings findings = { 0 };
	cleanup_passphrase struct passphrase passphrase = { .source = PASSPHRASE_ENV,
							    .name = "MUENBUILD_TEST_PASS" };
	cleanup_key struct key *key = NULL;

	unsetenv("MUENBUILD_TEST_PASS");
	if (secret)
		setenv("MUENBUILD_TEST_PASS", secret, 1);
	*err = (struct error){ 0 };
	key = key_load(path, &passphrase, &findings, err);
	return key ? ERR_NONE : err->kind;
}

START_TEST(keys_open_with_their_passphrase_only)
{
	struct error err;
	cleanup_free char *plain = make_key("plain.key", NULL);
	cleanup_free char *locked = make_key("locked.key", "opensesame");

	ck_assert_int_eq(load_kind(plain, NULL, &err), ERR_NONE);
	ck_assert_int_eq(load_kind(locked, "opensesame", &err), ERR_NONE);
	ck_assert_int_eq(load_kind(locked, "opensesamE", &err), ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(err.message, locked));
	ck_assert_int_eq(load_kind(locked, NULL, &err), ERR_USAGE);
	ck_assert_int_eq(load_kind("/nonexistent.key", NULL, &err), ERR_NO_INPUT);
	ck_assert_int_eq(load_kind(scratch_folder(), NULL, &err), ERR_NO_INPUT);
}
END_TEST

START_TEST(what_is_not_a_key_is_named)
{
	static const struct {
		const char *content;
		const char *message;
	} cases[] = {
		{ "", "not a private key in PEM form" },
		{ "hello\n", "not a private key in PEM form" },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		  "holds a 'CERTIFICATE'" },
		{ "-----BEGIN PRIVATE KEY-----\nMIIB\n", "damaged or cut off" },
		{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		  "damaged or cut off" },
		{ "-----BEGIN ", "holds a ''" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err;
		cleanup_free char *path = scratch_file("bad.key", cases[i].content, 0600);

		ck_assert_int_eq(load_kind(path, "secret", &err), ERR_INPUT);
		ck_assert_msg(strstr(err.message, cases[i].message) != NULL, "%zu: %s", i,
			      err.message);
	}
}
END_TEST

START_TEST(truncated_keys_are_refused_at_every_length)
{
	struct error err;
	cleanup_free char *path = make_key("whole.key", NULL);
	cleanup_free char *text = scratch_text(path);
	size_t length = strlen(text);

	/* The last characters are "-----\n" of the end line, which is not needed to the last. */
	for (size_t cut = 0; cut < length - 6; cut += 3) {
		cleanup_free char *part = xstrndup(text, cut);
		cleanup_free char *cut_path = scratch_file("cut.key", part, 0600);

		ck_assert_int_eq(load_kind(cut_path, NULL, &err), ERR_INPUT);
	}
}
END_TEST

START_TEST(open_key_files_are_warned_about)
{
	struct error err = { 0 };
	cleanup_findings struct findings findings = { 0 };
	cleanup_free char *path = make_key("exposed.key", NULL);
	struct passphrase passphrase = { 0 };
	cleanup_key struct key *key = NULL;

	chmod(path, 0644);
	key = key_load(path, &passphrase, &findings, &err);
	ck_assert_ptr_nonnull(key);
	ck_assert_uint_eq(findings_count(&findings, FINDING_WARNING), 1);
	ck_assert_ptr_nonnull(strstr(findings.list[0].mend, "chmod 600"));
}
END_TEST

START_TEST(keys_are_examined_without_a_passphrase)
{
	struct error err = { 0 };
	cleanup_free char *plain = make_key("plain.key", NULL);
	cleanup_free char *locked = make_key("locked.key", "opensesame");
	struct key_facts facts;

	ck_assert_int_eq(key_examine(plain, &facts, &err), 0);
	ck_assert(!facts.encrypted);
	ck_assert_str_eq(facts.kind, "EC P-256");
	free(facts.kind);
	ck_assert_int_eq(key_examine(locked, &facts, &err), 0);
	ck_assert(facts.encrypted);
	free(facts.kind);
}
END_TEST

START_TEST(key_algorithms_have_names)
{
	struct error err = { 0 };
	enum key_algorithm algorithm;

	for (int i = 0; i < KEY_ALGORITHMS; i++) {
		ck_assert_int_eq(key_algorithm_parse(key_algorithm_name((enum key_algorithm)i),
						     &algorithm, &err),
				 0);
		ck_assert_int_eq((int)algorithm, i);
	}
	ck_assert_int_eq(key_algorithm_parse("rsa1024", &algorithm, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(key_algorithm_like("RSA 4096"), KEY_RSA4096);
	ck_assert_int_eq(key_algorithm_like("EC P-384"), KEY_P384);
	ck_assert_int_eq(key_algorithm_like("ED25519"), KEY_RSA3072);
}
END_TEST

/* ---- token URIs ------------------------------------------------------------------------------ */

START_TEST(token_uris_are_taken_apart)
{
	static const struct {
		const char *text, *object, *module, *pin_file;
	} cases[] = {
		{ "pkcs11:token=t;object=o", "pkcs11:token=t;object=o", NULL, NULL },
		{ "pkcs11:token=t?module-path=/m.so", "pkcs11:token=t", "/m.so", NULL },
		{ "pkcs11:token=t?module-path=/a%20b.so&x=y", "pkcs11:token=t?x=y", "/a b.so",
		  NULL },
		{ "pkcs11:token=t?x=y&pin-source=file:/p", "pkcs11:token=t?x=y", NULL, "/p" },
		{ "pkcs11:token=t?pin-source=file:///p&module-path=/m", "pkcs11:token=t", "/m",
		  "/p" },
		{ "pkcs11:token=t;id=%01?pin-source=%2Fp", "pkcs11:token=t;id=%01", NULL, "/p" },
		{ "pkcs11:", "pkcs11:", NULL, NULL },
		{ "pkcs11:?", "pkcs11:", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		cleanup_token_uri struct token_uri uri = { 0 };

		ck_assert(token_is_uri(cases[i].text));
		ck_assert_msg(token_uri_parse(cases[i].text, &uri, &err) == 0, "%s", err.message);
		ck_assert_str_eq(uri.object, cases[i].object);
		ck_assert_pstr_eq(uri.module, cases[i].module);
		ck_assert_pstr_eq(uri.pin_file, cases[i].pin_file);
	}
	ck_assert(!token_is_uri("/tmp/pkcs11:key"));
}
END_TEST

START_TEST(token_uris_with_secrets_or_damage_are_refused)
{
	static const char *const texts[] = {
		"pkcs11:token=t?pin-value=1234",   "pkcs11:token=t;pin-value=1234",
		"pkcs11:?module-path=%2",	   "pkcs11:?module-path=%zz",
		"pkcs11:?module-path=%00",	   "pkcs11:?pin-source=|/bin/program",
		"pkcs11:?pin-source=relative/pin", "pkcs11:?pin-source=file:relative",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct error err = { 0 };
		cleanup_token_uri struct token_uri uri = { 0 };

		ck_assert_msg(token_uri_parse(texts[i], &uri, &err) < 0, "%s", texts[i]);
		ck_assert_int_eq(err.kind, ERR_USAGE);
		ck_assert_ptr_null(strstr(err.message, "1234"));
	}
}
END_TEST

/* ---- time ----------------------------------------------------------------------------------- */

START_TEST(moments_are_read_strictly)
{
	static const char *const wrong[] = { "",
					     "2026",
					     "2026-13-01",
					     "2026-02-30",
					     "2026-2-3",
					     "2026-12-01T00:00:00",
					     "2026-12-01T24:00:00Z",
					     " 2026-12-01",
					     "2026-12-01 ",
					     "@-1",
					     "@",
					     "@253402300800",
					     "1796083200" };
	struct error err = { 0 };
	char text[WHEN_TEXT_SIZE];
	int64_t when = 0;

	ck_assert_int_eq(when_parse("2026-12-01", &when, &err), 0);
	ck_assert_int_eq(when, 1796083200);
	ck_assert_int_eq(when_parse("@1796083200", &when, &err), 0);
	ck_assert_str_eq(when_text(when, text), "2026-12-01T00:00:00Z");
	ck_assert_int_eq(when_parse("1999-12-31T23:59:59Z", &when, &err), 0);
	ck_assert_int_eq(when, 946684799);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(when_parse(wrong[i], &when, &err) < 0, "'%s'", wrong[i]);
	ck_assert_int_eq(when_days(0, 86399), 0);
	ck_assert_int_eq(when_days(0, 86400), 1);
	ck_assert_int_eq(when_days(1, 0), -1);
	ck_assert_int_eq(when_days(86400, 0), -1);
}
END_TEST

START_TEST(written_times_follow_source_date_epoch)
{
	struct error err = { 0 };
	int64_t when, before = when_now();
	bool fixed;

	setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
	ck_assert_int_eq(when_written(&when, &fixed, &err), 0);
	ck_assert_int_eq(when, 1700000000);
	ck_assert(fixed);
	setenv("SOURCE_DATE_EPOCH", "yesterday", 1);
	ck_assert_int_eq(when_written(&when, &fixed, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	unsetenv("SOURCE_DATE_EPOCH");
	ck_assert_int_eq(when_written(&when, &fixed, &err), 0);
	ck_assert(!fixed && when >= before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keys");
	TCase *tests = tcase_create("keys");

	tcase_add_unchecked_fixture(tests, scratch_make, scratch_remove);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, passphrase_file_gives_its_first_line);
	tcase_add_test(tests, passphrase_file_that_others_read_is_warned_about);
	tcase_add_test(tests, passphrase_descriptor_is_read_no_further_than_needed);
	tcase_add_test(tests, passphrase_lengths);
	tcase_add_test(tests, passphrase_sources_that_are_not_there);
	tcase_add_test(tests, keys_open_with_their_passphrase_only);
	tcase_add_test(tests, what_is_not_a_key_is_named);
	tcase_add_test(tests, truncated_keys_are_refused_at_every_length);
	tcase_add_test(tests, open_key_files_are_warned_about);
	tcase_add_test(tests, keys_are_examined_without_a_passphrase);
	tcase_add_test(tests, key_algorithms_have_names);
	tcase_add_test(tests, token_uris_are_taken_apart);
	tcase_add_test(tests, token_uris_with_secrets_or_damage_are_refused);
	tcase_add_test(tests, moments_are_read_strictly);
	tcase_add_test(tests, written_times_follow_source_date_epoch);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
