/* The subject info at every revision and the boot info page, byte for byte against the offsets that
 * Muen's and Solo5's structures have. */
#include "base/alloc.h"
#include "base/endian.h"
#include "subject/subject_info.h"
#include "tests/unit/support.h"
#include "tests/unit/world_example.h"

#include <string.h>

#define RESOURCES 80
#define RESOURCE 128

static struct subject_world *world;
static unsigned char page[MUEN_SINFO_SIZE + 16];

static void setup(void)
{
	world = world_example();
}

static void teardown(void)
{
	world_free(world);
}

static void settle(void)
{
	struct error err = { 0 };

	ck_assert_msg(world_settle(world, &err) == 0, "%s", err.message);
}

static void write_page(unsigned revision)
{
	world->sinfo_revision = revision;
	settle();
	memset(page, 0xee, sizeof(page));
	subject_info_write(world, 0x12345678, page);
	for (size_t i = MUEN_SINFO_SIZE; i < sizeof(page); i++)
		ck_assert_uint_eq(page[i], 0xee);
}

/* A name: length, up to 63 bytes, NUL. */
static void check_name(const unsigned char *at, const char *name)
{
	char padded[64] = { 0 };

	memcpy(padded, name, strlen(name));
	ck_assert_uint_eq(at[0], strlen(name));
	ck_assert_int_eq(memcmp(at + 1, padded, 64), 0);
}

static const unsigned char *resource_named(const char *name)
{
	for (unsigned i = 0; i < 255; i++) {
		const unsigned char *resource = page + RESOURCES + i * RESOURCE;

		if (resource[4] == strlen(name) && !memcmp(resource + 5, name, strlen(name)))
			return resource;
	}
	ck_abort_msg("no resource '%s'", name);
}

static void check_memory(const char *name, unsigned kind, unsigned content, unsigned flags,
			 unsigned pattern, uint64_t address, uint64_t size)
{
	static const unsigned char zeroes[32];
	const unsigned char *resource = resource_named(name);

	ck_assert_uint_eq(get_le32(resource), 1);
	check_name(resource + 4, name);
	ck_assert_int_eq(memcmp(resource + 69, zeroes, 3), 0);
	ck_assert_uint_eq(resource[72], kind);
	ck_assert_uint_eq(resource[73], content);
	ck_assert_uint_eq(resource[74], flags);
	ck_assert_uint_eq(get_le16(resource + 75), pattern);
	ck_assert_int_eq(memcmp(resource + 77, zeroes, 3), 0);
	ck_assert_uint_eq(get_le64(resource + 80), address);
	ck_assert_uint_eq(get_le64(resource + 88), size);
	ck_assert_int_eq(memcmp(resource + 96, zeroes, 32), 0);
}

/* ---- the subject info ---------------------------------------------------- */

START_TEST(beginning)
{
	const unsigned char magic[] = { 'm', 'u', 'i', 'n', 'f', 'o', 0, (unsigned char)_i };

	write_page((unsigned)_i);
	ck_assert_int_eq(memcmp(page, magic, 8), 0);
	ck_assert_uint_eq(get_le32(page + 8), 0x12345678);
	check_name(page + 12, "web");
	if (_i == 5) {
		ck_assert_uint_eq(page[77], 0);
		ck_assert_uint_eq(get_le16(page + 78), world->count);
	} else {
		ck_assert_uint_eq(get_le16(page + 77), world->count);
		ck_assert_uint_eq(page[79], 0);
	}
}
END_TEST

START_TEST(memory)
{
	example_region(world, ".bss")->pattern = 0xab;
	write_page((unsigned)_i);
	check_memory("boot_info", 16, 2, 0, 256, 0x1000, 0x1000);
	check_memory("text", 2, 2, 2, 256, 0x200000, 0x3000);
	check_memory(".data", 2, 2, 1, 256, 0x203000, 0x1000);
	check_memory(".bss", 2, 1, 1, 0xab, 0x204000, 0x2000);
	check_memory("ram", 0, 0, 1, 256, 0x206000, 0x100000);
	check_memory("net|in", 5, 0, 0, 256, 0x306000, 0x10000);
	check_memory("net|out", 5, 0, 1, 256, 0x316000, 0x10000);
	check_memory("sinfo", 1, 2, 0, 256, 0xe00000000, 0x8000);
	check_memory("scheduling_info", 9, 0, 0, 256, 0xe00008000, 0x1000);
	check_memory("timed_event", 7, 0, 1, 256, 0xe00010000, 0x1000);
	check_memory("time_info", 5, 0, 0, 256, 0xfffd00000, 0x1000);
	check_memory("debuglog", 5, 0, 1, 256, 0xffff00000, 0x20000);
}
END_TEST

START_TEST(other_memory)
{
	world_add(world, WORLD_CONTROL, "control", 0xfffff3000, 0x1000, false, false, "x");
	world_add(world, WORLD_STATUS, "status", 0xfffff2000, 0x1000, true, false, "x");
	world_add(world, WORLD_MEMORY, "other", 0x10000000, 0x1000, true, true, "x");
	write_page((unsigned)_i);
	check_memory("control", 0, 0, 0, 256, 0xfffff3000, 0x1000);
	check_memory("status", 0, 0, 1, 256, 0xfffff2000, 0x1000);
	check_memory("other", 0, 0, 3, 256, 0x10000000, 0x1000);
}
END_TEST

/* Behind the last resource there are zeroes: kind "none". */
static void check_end_of_list(size_t count)
{
	for (size_t i = RESOURCES + count * RESOURCE; i < MUEN_SINFO_SIZE; i++)
		ck_assert_uint_eq(page[i], 0);
}

START_TEST(exit_event)
{
	const unsigned char *resource;

	world->exit_event = 31;
	write_page((unsigned)_i);
	ck_assert_uint_eq(get_le16(page + (_i == 5 ? 78 : 77)), world->count + 1);
	resource = resource_named("solo5_exit");
	ck_assert_ptr_eq(resource, page + RESOURCES + world->count * RESOURCE);
	ck_assert_uint_eq(get_le32(resource), 2);
	check_name(resource + 4, "solo5_exit");
	ck_assert_uint_eq(resource[72], 31);
	check_end_of_list(world->count + 1);
	world->exit_event = -1;
	write_page((unsigned)_i);
	check_end_of_list(world->count);
}
END_TEST

START_TEST(full)
{
	char name[MUEN_NAME_MAX + 1];
	unsigned number = 0;

	while (world->count < WORLD_REGIONS_MAX) {
		snprintf(name, sizeof(name), "%063u", ++number);
		world_add(world, WORLD_MEMORY, name, 0x20000000 + number * MUEN_PAGE, MUEN_PAGE,
			  false, false, "x");
	}
	free(world->name);
	world->name = xstrdup(name);
	write_page((unsigned)_i);
	ck_assert_uint_eq(get_le16(page + (_i == 5 ? 78 : 77)), 255);
	check_name(page + 12, name);
	check_memory(name, 0, 0, 0, 256, 0x20000000 + number * MUEN_PAGE, MUEN_PAGE);
	check_end_of_list(255);
}
END_TEST

/* ---- the boot info page -------------------------------------------------- */

static void write_boot_info(const char *parameters)
{
	free(world->bootparams);
	world->bootparams = xstrdup(parameters);
	settle();
	memset(page, 0xee, sizeof(page));
	boot_info_write(world, page);
	ck_assert_uint_eq(get_le64(page), 0x306000);
	ck_assert_uint_eq(get_le64(page + 8), 0x205fff);
	ck_assert_uint_eq(get_le64(page + 16), 0);
	ck_assert_uint_eq(get_le64(page + 24), 0x1028);
	ck_assert_uint_eq(get_le64(page + 32), 0);
	ck_assert_str_eq((const char *)page + 40, parameters);
	for (size_t i = 40 + strlen(parameters); i < 4096; i++)
		ck_assert_uint_eq(page[i], 0);
	ck_assert_uint_eq(page[4096], 0xee);
}

START_TEST(boot_info)
{
	char longest[BOOT_PARAMETERS_MAX + 1];

	write_boot_info("");
	write_boot_info("--ipv4=10.0.0.2/24 --verbose");
	memset(longest, 'x', BOOT_PARAMETERS_MAX);
	longest[BOOT_PARAMETERS_MAX] = '\0';
	write_boot_info(longest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("subject_info");
	TCase *tests = tcase_create("subject_info");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, beginning, 2, 6);
	tcase_add_loop_test(tests, memory, 2, 6);
	tcase_add_loop_test(tests, other_memory, 2, 6);
	tcase_add_loop_test(tests, exit_event, 2, 6);
	tcase_add_loop_test(tests, full, 2, 6);
	tcase_add_test(tests, boot_info);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
