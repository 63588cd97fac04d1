#include "sign/attest.h"
#include "tests/unit/support.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct digest digest_of(const char *text)
{
	struct error err = { 0 };
	struct digest digest;

	ck_assert_int_eq(digest_bytes(DIGEST_SHA256, text, strlen(text), &digest, &err), 0);
	return digest;
}

static char *state(const struct attestation *attestation, struct error *err)
{
	*err = (struct error){ 0 };
	return attest_statement(attestation, err);
}

/* A string deep in a document. */
static const char *at(json_t *document, const char *const *path)
{
	for (; *path; path++)
		document = json_is_array(document) ? json_array_get(document, (size_t)atoi(*path))
						   : json_object_get(document, *path);
	return json_string_value(document);
}

START_TEST(statements_say_what_was_made_of_what)
{
	struct attest_file subjects[] = { { "muen.iso", digest_of("abc") },
					  { "memdisk", digest_of("def") } };
	struct attest_file materials[] = { { "hello.muen", digest_of("ghi") } };
	struct attest_parameter parameters[] = { { "recipe", "minimal" }, { "boot", "\"--x\"" } };
	struct attestation attestation = { .subjects = subjects,
					   .subject_count = 2,
					   .materials = materials,
					   .material_count = 1,
					   .parameters = parameters,
					   .parameter_count = 2,
					   .builder = "https://example.org/ci" };
	static const struct {
		const char *path[8];
		const char *value;
	} expected[] = {
		{ { "_type" }, "https://in-toto.io/Statement/v1" },
		{ { "predicateType" }, "https://slsa.dev/provenance/v1" },
		{ { "subject", "0", "name" }, "muen.iso" },
		{ { "subject", "0", "digest", "sha256" },
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ { "subject", "1", "name" }, "memdisk" },
		{ { "predicate", "buildDefinition", "resolvedDependencies", "0", "name" },
		  "hello.muen" },
		{ { "predicate", "buildDefinition", "externalParameters", "recipe" }, "minimal" },
		{ { "predicate", "buildDefinition", "externalParameters", "boot" }, "\"--x\"" },
		{ { "predicate", "runDetails", "builder", "id" }, "https://example.org/ci" },
	};
	struct error err;
	char *text = state(&attestation, &err), *again = state(&attestation, &err);
	json_t *document;

	ck_assert_msg(text != NULL, "%s", err.message);
	ck_assert_str_eq(text, again);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
	document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(document);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		ck_assert_pstr_eq(at(document, expected[i].path), expected[i].value);
	ck_assert_ptr_nonnull(at(
		document, (const char *[]){ "predicate", "buildDefinition", "buildType", NULL }));
	json_decref(document);
	free(text);
	free(again);
}
END_TEST

START_TEST(what_json_cannot_hold_is_refused)
{
	struct attest_file good = { "muen.iso", digest_of("abc") };
	struct attest_file bad_name = { "\xff.iso", digest_of("abc") };
	struct attest_file twice[] = { good, good };
	struct attest_parameter bad_value = { "name", "\xc3(" };
	struct attestation cases[] = {
		{ .subjects = &bad_name, .subject_count = 1 },
		{ .subjects = twice, .subject_count = 2 },
		{ .subjects = &good,
		  .subject_count = 1,
		  .materials = &bad_name,
		  .material_count = 1 },
		{ .subjects = &good,
		  .subject_count = 1,
		  .parameters = &bad_value,
		  .parameter_count = 1 },
		{ .subjects = &good, .subject_count = 1, .builder = "no uri" },
		{ .subjects = &good, .subject_count = 1, .builder = "https:" },
		{ .subjects = &good, .subject_count = 1, .builder = "1http://x" },
		{ .subjects = &good, .subject_count = 1, .build_type = "http://a b" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err;

		ck_assert_msg(state(&cases[i], &err) == NULL, "case %zu", i);
		ck_assert_int_eq(err.kind, ERR_USAGE);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attest");
	TCase *tests = tcase_create("attest");

	tcase_add_test(tests, statements_say_what_was_made_of_what);
	tcase_add_test(tests, what_json_cannot_hold_is_refused);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
