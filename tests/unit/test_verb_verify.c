/* The verb verify: its options, its exit status and its reports. */
#include "cli/verbs.h"

#include "base/alloc.h"
#include "base/file.h"
#include "tests/unit/judge_support.h"
#include "tests/unit/scratch.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_bytes(const char *name, const struct bytes *bytes)
{
	free(scratch_bytes(name, bytes->data, bytes->size));
}

static void write_files(void)
{
	struct pki_signer signer = { .certificate = world.signer, .key = world.key };
	cleanup_bytes struct bytes signature =
		pki_sign(&signer, 1, &world.root, 1, CONTENT, CONTENT_SIZE);
	cleanup_bytes struct bytes root = pki_pem(&world.root, 1);
	X509 *roots[] = { world.rogue_root, world.root };
	cleanup_bytes struct bytes bundle = pki_pem(roots, 2);

	scratch_make();
	free(scratch_file("image", CONTENT, 0600));
	free(scratch_file("other", "other", 0600));
	write_bytes("image.sig", &signature);
	write_bytes("other.sig", &signature);
	write_bytes("ca.pem", &root);
	write_bytes("bundle.pem", &bundle);
}

/* Runs the verb in the folder, with stdout in a file; words are separated by blanks. Returns the
 * exit status, and what was printed in *output, which the caller owns. */
static int run_verb(const char *words, char **output)
{
	cleanup_free char *line = xasprintf("verify %s", words);
	cleanup_bytes struct bytes bytes = { 0 };
	char *argv[24], *rest = line;
	struct error err = { 0 };
	int argc = 0, saved = dup(STDOUT_FILENO), status;

	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	ck_assert_int_eq(chdir(scratch_folder()), 0);
	fflush(stdout);
	ck_assert_ptr_nonnull(freopen("stdout", "w", stdout));
	status = verb_verify.run(argc, argv, &err);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	ck_assert_int_eq(file_read("stdout", 1 << 20, 1, &bytes, &err), 0);
	*output = xstrdup((const char *)bytes.data);
	return status < 0 ? (int)err.kind : status;
}

static void expect_status(const char *words, int expected)
{
	cleanup_free char *output = NULL;
	int status = run_verb(words, &output);

	ck_assert_msg(status == expected, "%s: %d, not %d: %s", words, status, expected, output);
}

static json_t *run_json(const char *words, int expected)
{
	cleanup_free char *output = NULL;
	json_error_t error;
	json_t *report;
	int status = run_verb(words, &output);

	ck_assert_int_eq(status, expected);
	report = json_loads(output, 0, &error);
	ck_assert_msg(report != NULL, "%s: %s", error.text, output);
	return report;
}

static const char *text_of(const json_t *report, const char *key)
{
	const char *text = json_string_value(json_object_get(report, key));

	return text ? text : "(none)";
}

START_TEST(ends_with_the_right_status)
{
	expect_status("image --ca ca.pem --as-of 2026-12-01", 0);
	expect_status("image image.sig --ca ca.pem --as-of @1796083200 --ipxe v1.21.1", 0);
	expect_status("other image.sig --ca ca.pem --as-of 2026-12-01T00:00:00Z", 77);
	expect_status("image --ca ca.pem --as-of 2030-01-01", 77);
	expect_status("image --ca bundle.pem --as-of 2026-12-01", 77);
	expect_status("image --ca bundle.pem --ca ca.pem --as-of 2026-12-01", 0);
	expect_status("--explain 0227e10d", 0);
}
END_TEST

START_TEST(refuses_wrong_command_lines)
{
	expect_status("", 64);
	expect_status("image", 64);
	expect_status("image image.sig third --ca ca.pem", 64);
	expect_status("image --ca ca.pem --as-of yesterday", 64);
	expect_status("image --ca ca.pem --as-of 2026-02-30", 64);
	expect_status("image --ca ca.pem --as-of 2026-12-01T24:00", 64);
	expect_status("image --ca ca.pem --as-of 2026-12-01T12:30:00+01:00", 64);
	expect_status("image --ca ca.pem --as-of @", 64);
	expect_status("image --ca ca.pem --ipxe 1.0.0", 64);
	expect_status("--explain 12", 64);
	expect_status("image --explain 0227e10d", 64);
	expect_status("image --ca image", 65);
	expect_status("image --ca missing.pem", 66);
	expect_status("missing --ca ca.pem", 66);
	expect_status("missing image.sig --ca ca.pem", 66);
}
END_TEST

START_TEST(reports_acceptance)
{
	json_t *report = run_json("image --ca ca.pem --as-of 2026-12-01T12:30:00Z --json", 0);
	const json_t *certificates = json_object_get(report, "certificates");

	ck_assert_str_eq(text_of(report, "type"), "muenbuild.verify");
	ck_assert_str_eq(text_of(report, "verdict"), "accepted");
	ck_assert(json_is_null(json_object_get(report, "code")));
	ck_assert_str_eq(text_of(report, "signer"), "CN=signer");
	ck_assert_str_eq(text_of(report, "as_of"), "2026-12-01T12:30:00Z");
	ck_assert_str_eq(text_of(report, "valid_until"), "2027-12-01T00:00:00Z");
	ck_assert_uint_eq(json_array_size(certificates), 2);
	ck_assert_uint_eq(strlen(text_of(json_array_get(certificates, 0), "sha256")), 64);
	json_decref(report);
}
END_TEST

START_TEST(reports_rejection)
{
	json_t *report = run_json("other --ca ca.pem --as-of 2026-12-01 --json --ipxe 2.0.0", 77);

	ck_assert_str_eq(text_of(report, "verdict"), "rejected");
	ck_assert_str_eq(text_of(report, "code"), "0227e13c");
	ck_assert_str_eq(text_of(report, "rule"), "wrong-content");
	ck_assert_str_eq(text_of(report, "ipxe"), "2.0.0");
	ck_assert_str_eq(text_of(report, "certificate"), "CN=signer");
	ck_assert(*text_of(report, "reason") && *text_of(report, "mend"));
	json_decref(report);
}
END_TEST

START_TEST(tells_the_signature_of_another_file_apart)
{
	json_t *report = run_json("other image.sig --ca ca.pem --as-of 2026-12-01 --json", 77);

	ck_assert_str_eq(text_of(report, "rule"), "other-file");
	ck_assert_str_eq(text_of(report, "code"), "0227e13c");
	ck_assert_ptr_nonnull(strstr(text_of(report, "reason"), "is the signature of image"));
	ck_assert_str_eq(text_of(report, "mend"), "name the signature of other");
	json_decref(report);
}
END_TEST

START_TEST(reports_what_a_code_means)
{
	json_t *report = run_json("--explain https://ipxe.org/0216eb3c --json", 0);

	ck_assert_str_eq(text_of(report, "type"), "muenbuild.ipxe-code");
	ck_assert_str_eq(text_of(report, "what"), "No usable certificates");
	ck_assert_str_eq(text_of(report, "platform"), "BIOS");
	ck_assert(json_is_true(json_object_get(report, "known")));
	json_decref(report);
}
END_TEST

START_TEST(takes_the_present_time)
{
	/* Whatever the clock shows: the certificates are valid for one year of it only. */
	cleanup_free char *output = NULL;
	int status = run_verb("image --ca ca.pem", &output);

	ck_assert(status == 0 || status == 77);
	ck_assert_ptr_nonnull(strstr(output, status ? "rejected: " : "accepted: "));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verb verify");
	TCase *verb = tcase_create("verb");
	int status;

	world_begin();
	tcase_add_unchecked_fixture(verb, write_files, scratch_remove);
	tcase_add_test(verb, ends_with_the_right_status);
	tcase_add_test(verb, refuses_wrong_command_lines);
	tcase_add_test(verb, reports_acceptance);
	tcase_add_test(verb, reports_rejection);
	tcase_add_test(verb, tells_the_signature_of_another_file_apart);
	tcase_add_test(verb, reports_what_a_code_means);
	tcase_add_test(verb, takes_the_present_time);
	suite_add_tcase(suite, verb);
	status = run_suite(suite);
	world_end();
	return status;
}
