/* The stand-in kernel's mark is found wherever it lies in a file. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/endian.h"
#include "base/memory_file.h"
#include "image/csl_format.h"
#include "image/standin_mark.h"
#include "tests/unit/support.h"

#include <string.h>

enum { WINDOW = 1 << 20, SIZE = 2 * WINDOW + 4096 };

/* Whether it is found in `size` bytes that have the magic and an id at `at`. */
static bool found(size_t size, size_t at, uint64_t id)
{
	cleanup_free unsigned char *bytes = xcalloc(size + 1, 1);
	struct error err = { 0 };
	bool there = false;
	cleanup_close int fd = -1;

	memset(bytes, 0x5e, size); /* the magic's first byte */
	if (size >= 16) {
		put_le64(bytes + at, CSL_MAGIC);
		put_le64(bytes + at + 8, id);
	}
	fd = memory_file(bytes, size, 0, &err);
	ck_assert_msg(fd >= 0 && standin_mark_find(fd, "file", size, &there, &err) == 0, "%s",
		      err.message);
	return there;
}

START_TEST(test_anywhere)
{
	for (size_t at = 0; at <= 64; at++) {
		ck_assert_msg(found(SIZE, WINDOW - 40 + at, CSL_STANDIN), "%zu", at);
		ck_assert_msg(found(SIZE, 2 * WINDOW - 60 + at, CSL_STANDIN), "%zu", at);
		ck_assert(found(4096, at, CSL_STANDIN));
	}
	ck_assert(found(16, 0, CSL_STANDIN));
	ck_assert(found(SIZE, SIZE - 16, CSL_STANDIN));
	ck_assert(found(WINDOW, WINDOW - 16, CSL_STANDIN));
}
END_TEST

START_TEST(test_nowhere)
{
	ck_assert(!found(0, 0, CSL_STANDIN));
	ck_assert(!found(15, 0, CSL_STANDIN));
	ck_assert(!found(4096, 100, CSL_WRITE));
	ck_assert(!found(4096, 100, CSL_STANDIN + 1));
	ck_assert(!found(SIZE, WINDOW - 8, CSL_VENDOR_FIRST));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stand-in mark");
	TCase *cases = tcase_create("files");

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, test_anywhere);
	tcase_add_test(cases, test_nowhere);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
