#include "digest/digest.h"
#include "tests/unit/scratch.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* FIPS 180-4 examples: of "abc". */
static const struct {
	const char *name;
	const char *hex;
} of_abc[] = {
	{ "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		    "8086072ba1e7cc2358baeca134c825a7" },
	{ "sha512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
};

static const char empty_sha256[] =
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

START_TEST(bytes_give_the_standard_digests)
{
	struct error err = { 0 };
	enum digest_algorithm algorithm;
	struct digest digest;
	char hex[DIGEST_HEX_SIZE];

	for (size_t i = 0; i < DIGEST_ALGORITHMS; i++) {
		ck_assert_int_eq(digest_by_name(of_abc[i].name, &algorithm), 0);
		ck_assert_str_eq(digest_name(algorithm), of_abc[i].name);
		ck_assert_int_eq(digest_bytes(algorithm, "abc", 3, &digest, &err), 0);
		ck_assert_uint_eq(digest.size, strlen(of_abc[i].hex) / 2);
		ck_assert_str_eq(digest_hex(&digest, hex), of_abc[i].hex);
	}
	ck_assert_int_eq(digest_by_name("md5", &algorithm), -1);
}
END_TEST

START_TEST(hex_in_one_call)
{
	struct error err = { 0 };
	char hex[65];

	ck_assert_int_eq(digest_sha256_hex("", 0, hex, &err), 0);
	ck_assert_str_eq(hex, empty_sha256);
}
END_TEST

START_TEST(file_with_several_digests_in_one_pass)
{
	struct error err = { 0 };
	/* More than one chunk, and not a multiple of one. */
	size_t size = 300001;
	unsigned char *content = malloc(size);
	struct digest whole[2],
		digests[2] = { { .algorithm = DIGEST_SHA512 }, { .algorithm = DIGEST_SHA1 } };
	uint64_t found;
	char *path;

	for (size_t i = 0; i < size; i++)
		content[i] = (unsigned char)(i * 7 + i / 251);
	path = scratch_bytes("content", content, size);
	ck_assert_int_eq(digest_file(path, digests, 2, &found, &err), 0);
	ck_assert_uint_eq(found, size);
	for (int i = 0; i < 2; i++) {
		digest_bytes(digests[i].algorithm, content, size, &whole[i], &err);
		ck_assert_mem_eq(digests[i].bytes, whole[i].bytes, whole[i].size);
	}
	free(path);
	free(content);
}
END_TEST

START_TEST(folders_and_missing_files_are_errors)
{
	struct digest digest = { .algorithm = DIGEST_SHA256 };
	struct error err = { 0 };

	ck_assert_int_eq(digest_file(scratch_folder(), &digest, 1, NULL, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "is a folder"));
	ck_assert_int_eq(digest_file("/nonexistent/file", &digest, 1, NULL, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/file"));
}
END_TEST

START_TEST(many_files_keep_their_places)
{
	enum { FILES = 40 };
	static struct digest_job jobs[FILES];
	char *paths[FILES];
	struct error err = { 0 };

	for (int i = 0; i < FILES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		paths[i] = scratch_bytes(name, name, strlen(name));
		jobs[i] = (struct digest_job){ .path = paths[i], .count = 1 };
		jobs[i].digests[0].algorithm = DIGEST_SHA256;
	}
	ck_assert_int_eq(digest_files(jobs, FILES, &err), 0);
	for (int i = 0; i < FILES; i++) {
		char name[16], expected[65], hex[DIGEST_HEX_SIZE];

		snprintf(name, sizeof(name), "%d", i);
		digest_sha256_hex(name, strlen(name), expected, &err);
		ck_assert_str_eq(digest_hex(&jobs[i].digests[0], hex), expected);
		ck_assert_uint_eq(jobs[i].size, strlen(name));
		unlink(paths[i]);
	}
	/* The first failure in the order of the jobs is told, whichever thread met it. */
	ck_assert_int_eq(digest_files(jobs, FILES, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, paths[0]));
	ck_assert_int_eq(digest_files(NULL, 0, &err), 0);
	for (int i = 0; i < FILES; i++)
		free(paths[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tests = tcase_create("digest");

	tcase_add_unchecked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, bytes_give_the_standard_digests);
	tcase_add_test(tests, hex_in_one_call);
	tcase_add_test(tests, file_with_several_digests_in_one_pass);
	tcase_add_test(tests, folders_and_missing_files_are_errors);
	tcase_add_test(tests, many_files_keep_their_places);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
