/* The checked accessor: what lies inside, across, beside and beyond regions. */
#include "tender/guest_memory.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static unsigned char host[0x4000];
static struct guest_memory memory;
static struct error err;

/* [0x1000, 0x2000) read-only, [0x2000, 0x4000) writable, a hole, [0x8000, 0x9000) elsewhere. */
static void setup(void)
{
	const struct guest_region regions[] = {
		{ 0x1000, 0x1000, host, false, "text" },
		{ 0x2000, 0x2000, host + 0x1000, true, "data" },
		{ 0x8000, 0x1000, host + 0x3000, true, "far" },
	};

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(guest_memory_add(&memory, &regions[i], &err), 0);
}

static void teardown(void)
{
	guest_memory_free(&memory);
}

START_TEST(finds_what_is_inside)
{
	ck_assert_ptr_eq(guest_memory_at(&memory, 0x1000, 0x3000, GUEST_READ), host);
	ck_assert_ptr_eq(guest_memory_at(&memory, 0x2000, 0x2000, GUEST_WRITE), host + 0x1000);
	ck_assert_ptr_eq(guest_memory_at(&memory, 0x3fff, 1, GUEST_WRITE), host + 0x2fff);
	ck_assert_ptr_eq(guest_memory_at(&memory, 0x8000, 0x1000, GUEST_WRITE), host + 0x3000);
	ck_assert_ptr_nonnull(guest_memory_at(&memory, 0x3fff, 0, GUEST_READ));
	ck_assert_str_eq(guest_memory_region(&memory, 0x1fff)->name, "text");
}
END_TEST

START_TEST(refuses_what_is_outside)
{
	static const struct {
		uint64_t address, length;
	} bad[] = {
		{ 0, 1 },
		{ 0xfff, 1 },
		{ 0xfff, 2 },
		{ 0x4000, 1 },
		{ 0x4000, 0 },
		{ 0x3fff, 2 },
		{ 0x1000, 0x3001 },
		{ 0x1000, UINT64_MAX },
		{ 0x1001, UINT64_MAX - 0x1000 },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX, 2 },
		{ UINT64_MAX - 7, 16 },
		{ 0x3000, 0x5001 },
		{ 0x8fff, 2 },
		{ 0x9000, 1 },
		{ 0x8000, 1ull << 63 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!guest_memory_at(&memory, bad[i].address, bad[i].length, GUEST_READ),
			      "0x%lx + 0x%lx", bad[i].address, bad[i].length);
	ck_assert_ptr_null(guest_memory_region(&memory, 0x4000));
}
END_TEST

START_TEST(writes_only_where_permitted)
{
	uint64_t value = 0x1122334455667788;

	ck_assert_ptr_null(guest_memory_at(&memory, 0x1000, 1, GUEST_WRITE));
	ck_assert_ptr_null(guest_memory_at(&memory, 0x1fff, 2, GUEST_WRITE));
	ck_assert_int_eq(guest_memory_write(&memory, 0x1ffc, &value, 8), -1);
	ck_assert_int_eq(guest_memory_write(&memory, 0x3ff8, &value, 8), 0);
	ck_assert_int_eq(guest_memory_read(&memory, 0x3ff8, &value, 8), 0);
	ck_assert_uint_eq(value, 0x1122334455667788);
	ck_assert_int_eq(guest_memory_read(&memory, 0x3ffc, &value, 8), -1);
}
END_TEST

START_TEST(refuses_bad_regions)
{
	struct guest_region overlap = { 0x8fff, 0x1000, host, true, "overlap" };
	struct guest_region before = { 0x5000, 0x1000, host, true, "before" };
	struct guest_region empty = { 0xa000, 0, host, true, "empty" };
	struct guest_region wraps = { UINT64_MAX - 0xfff, 0x2000, host, true, "wraps" };

	ck_assert_int_eq(guest_memory_add(&memory, &overlap, &err), -1);
	ck_assert_int_eq(guest_memory_add(&memory, &before, &err), -1);
	ck_assert_int_eq(guest_memory_add(&memory, &empty, &err), -1);
	ck_assert_int_eq(guest_memory_add(&memory, &wraps, &err), -1);
	ck_assert_uint_eq(memory.count, 3);
}
END_TEST

START_TEST(makes_memory_that_is_zero_and_aligned)
{
	struct guest_ram ram;

	ck_assert_int_eq(guest_ram_new(&ram, 4 << 20, &err), 0);
	ck_assert_uint_eq((uintptr_t)ram.host % GUEST_LARGE_PAGE, 0);
	ck_assert_uint_eq(ram.host[0], 0);
	ck_assert_uint_eq(ram.host[ram.size - 1], 0);
	ram.host[ram.size - 1] = 1;
	guest_ram_free(&ram);
	ck_assert_ptr_null(ram.host);
}
END_TEST

START_TEST(guards_the_memory)
{
	struct guest_ram ram;

	int ends[2];

	ck_assert_int_eq(guest_ram_new(&ram, 2 << 20, &err), 0);
	ck_assert_int_eq(pipe(ends), 0);
	/* The kernel tries for us, and tells. */
	ck_assert_int_eq(write(ends[1], ram.host + ram.size - 1, 1), 1);
	ck_assert_int_eq(write(ends[1], ram.host + ram.size, 1), -1);
	ck_assert_int_eq(errno, EFAULT);
	ck_assert_int_eq(write(ends[1], ram.host - 1, 1), -1);
	ck_assert_int_eq(errno, EFAULT);
	guest_ram_free(&ram);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tender_memory");
	TCase *accessor = tcase_create("accessor"), *ram = tcase_create("ram");

	tcase_add_checked_fixture(accessor, setup, teardown);
	tcase_add_test(accessor, finds_what_is_inside);
	tcase_add_test(accessor, refuses_what_is_outside);
	tcase_add_test(accessor, writes_only_where_permitted);
	tcase_add_test(accessor, refuses_bad_regions);
	tcase_add_test(ram, makes_memory_that_is_zero_and_aligned);
	tcase_add_test(ram, guards_the_memory);
	suite_add_tcase(suite, accessor);
	suite_add_tcase(suite, ram);
	return run_suite(suite);
}
