/* The loader's own memory functions, under other names: this program has libc's. */
#include "tests/unit/support.h"

#include <string.h>

#define memcpy loader_memcpy
#define memmove loader_memmove
#define memset loader_memset
#define memcmp loader_memcmp
#include "image/bare/memory.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

enum { SIZE = 64 };

/* Every length from everywhere to everywhere: also onto itself, forwards and backwards. */
START_TEST(test_move)
{
	for (size_t from = 0; from < SIZE; from++)
		for (size_t to = 0; to < SIZE; to++)
			for (size_t length = 0; length <= SIZE - (from > to ? from : to);
			     length++) {
				unsigned char moved[SIZE], expected[SIZE];

				for (unsigned i = 0; i < SIZE; i++)
					moved[i] = expected[i] = (unsigned char)i;
				memmove(expected + to, expected + from, length);
				ck_assert_ptr_eq(loader_memmove(moved + to, moved + from, length),
						 moved + to);
				ck_assert_mem_eq(moved, expected, SIZE);
			}
}
END_TEST

START_TEST(test_others)
{
	char bytes[] = "abcdefgh";

	ck_assert_ptr_eq(loader_memset(bytes + 2, 'x', 3), bytes + 2);
	ck_assert_str_eq(bytes, "abxxxfgh");
	ck_assert_ptr_eq(loader_memcpy(bytes, "12", 2), bytes);
	ck_assert_str_eq(bytes, "12xxxfgh");
	ck_assert_int_lt(loader_memcmp("abc", "abd", 3), 0);
	ck_assert_int_gt(loader_memcmp("ab\xff", "abd", 3), 0);
	ck_assert_int_eq(loader_memcmp("abc", "abd", 2), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader_memory");
	TCase *cases = tcase_create("loader_memory");

	tcase_add_test(cases, test_move);
	tcase_add_test(cases, test_others);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
