/* What the web server reads out of a client's words. */
#include "serve/request.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

/* "PATH" or "PATH/" if the folder is meant; "refused". */
static const char *path_of(const char *url)
{
	static char text[256];
	char copy[128];
	bool folder;
	const char *path;

	snprintf(copy, sizeof(copy), "%s", url);
	path = request_path(copy, &folder);
	if (!path)
		return "refused";
	snprintf(text, sizeof(text), "%s%s", path, folder ? "/" : "");
	return text;
}

START_TEST(test_paths)
{
	static const char *const cases[][2] = {
		{ "/", "./" },
		{ "/a", "a" },
		{ "/a/", "a/" },
		{ "/a/b.iso", "a/b.iso" },
		{ "/a%20b", "a b" },
		{ "/%41%4a%4A", "AJJ" },
		{ "/a%2fb", "a/b" },
		{ "/100%25", "100%" },
		{ "/a..b", "a..b" },
		{ "", "refused" },
		{ "a", "refused" },
		{ "http://x/a", "refused" },
		{ "*", "refused" },
		{ "//", "refused" },
		{ "//a", "refused" },
		{ "/a//b", "refused" },
		{ "/a//", "refused" },
		{ "/.", "refused" },
		{ "/..", "refused" },
		{ "/../etc/passwd", "refused" },
		{ "/a/../b", "refused" },
		{ "/a/..", "refused" },
		{ "/%2e%2e/b", "refused" },
		{ "/a/%2e./b", "refused" },
		{ "/%2f..%2fb", "refused" },
		{ "/.muen.iso.12-3.tmp", "refused" },
		{ "/a%00.iso", "refused" },
		{ "/a%", "refused" },
		{ "/a%4", "refused" },
		{ "/a%4g", "refused" },
		{ "/a%g4", "refused" },
		{ "/%252e%252e/", "%2e%2e/" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(!strcmp(path_of(cases[i][0]), cases[i][1]), "%s: %s, not %s",
			      cases[i][0], path_of(cases[i][0]), cases[i][1]);
}
END_TEST

START_TEST(test_ranges)
{
	static const struct {
		const char *header;
		uint64_t size;
		enum range_verdict verdict;
		uint64_t offset, length;
	} cases[] = {
		{ NULL, 10, RANGE_ALL, 0, 0 },
		{ "bytes=0-9", 10, RANGE_PART, 0, 10 },
		{ "bytes=0-0", 10, RANGE_PART, 0, 1 },
		{ "Bytes=9-9", 10, RANGE_PART, 9, 1 },
		{ "bytes=3-", 10, RANGE_PART, 3, 7 },
		{ "bytes=3-100", 10, RANGE_PART, 3, 7 },
		{ "bytes=3-99999999999999999999999", 10, RANGE_PART, 3, 7 },
		{ "bytes=-3", 10, RANGE_PART, 7, 3 },
		{ "bytes=-30", 10, RANGE_PART, 0, 10 },
		{ "bytes=-99999999999999999999999", 10, RANGE_PART, 0, 10 },
		{ "bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=10-20", 10, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=99999999999999999999999-", 10, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=-1", 0, RANGE_UNSATISFIABLE, 0, 0 },
		{ "bytes=5-3", 10, RANGE_ALL, 0, 0 },
		{ "bytes=1-2,4-5", 10, RANGE_ALL, 0, 0 },
		{ "bytes=-", 10, RANGE_ALL, 0, 0 },
		{ "bytes=--1", 10, RANGE_ALL, 0, 0 },
		{ "bytes=", 10, RANGE_ALL, 0, 0 },
		{ "bytes=a-b", 10, RANGE_ALL, 0, 0 },
		{ "bytes=1", 10, RANGE_ALL, 0, 0 },
		{ "bytes=1-x", 10, RANGE_ALL, 0, 0 },
		{ "bytes=1-2x", 10, RANGE_ALL, 0, 0 },
		{ "bytes=-2x", 10, RANGE_ALL, 0, 0 },
		{ "items=0-1", 10, RANGE_ALL, 0, 0 },
		{ "", 10, RANGE_ALL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request_range range = { 0 };
		enum range_verdict verdict = request_range(cases[i].header, cases[i].size, &range);

		ck_assert_msg(verdict == cases[i].verdict, "%s: %d", cases[i].header, verdict);
		if (verdict != RANGE_PART)
			continue;
		ck_assert_uint_eq(range.offset, cases[i].offset);
		ck_assert_uint_eq(range.length, cases[i].length);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("serve request");
	TCase *cases = tcase_create("words");

	tcase_add_test(cases, test_paths);
	tcase_add_test(cases, test_ranges);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
