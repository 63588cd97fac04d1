/* Page tables, seen by a walker of its own: every page of every mapping is translated with its
 * rights, and no page beside them. */
#include "base/alloc.h"
#include "base/endian.h"
#include "subject/paging.h"
#include "tests/unit/support.h"
#include "tests/unit/world_example.h"

#include <string.h>

#define CR3 0x12345000ull
#define PHYSICAL_MASK 0x000ffffffffff000ull
#define MAPPINGS 12

static unsigned char *tables;
static uint64_t size;

static void build(const struct paging_mapping *mappings, size_t count)
{
	size = paging_size(mappings, count);
	tables = xcalloc(1, size + MUEN_PAGE);
	memset(tables + size, 0x5a, MUEN_PAGE);
	paging_write(mappings, count, CR3, tables);
	for (size_t i = 0; i < MUEN_PAGE; i++)
		ck_assert_uint_eq(tables[size + i], 0x5a);
}

static void teardown(void)
{
	free(tables);
	tables = NULL;
}

struct translation {
	bool present, writable, executable, user, uncached, large, dirty;
	uint64_t physical;
};

/* As the processor does it: Intel SDM volume 3, 4.5. */
static struct translation walk(uint64_t address)
{
	struct translation result = { .writable = true, .executable = true, .user = true };
	uint64_t table = CR3, entry = 0;

	for (int level = 3; level >= 0; level--) {
		uint64_t index = address >> (12 + 9 * level) & 0x1ff;

		ck_assert_uint_ge(table, CR3);
		ck_assert_uint_lt(table, CR3 + size);
		entry = get_le64(tables + (table - CR3) + 8 * index);
		if (!(entry & 1))
			return (struct translation){ .present = false };
		ck_assert_msg(entry & 0x20, "an entry that was not marked as accessed");
		result.writable &= (entry & 2) != 0;
		result.user &= (entry & 4) != 0;
		result.executable &= entry >> 63 == 0;
		if (level == 1 && entry & 0x80) {
			result.large = true;
			ck_assert_uint_eq(entry & 0x1fe000, 0);
			break;
		}
		ck_assert_msg(level == 0 || !(entry & 0x80), "a large page that is none");
		table = entry & PHYSICAL_MASK;
	}
	result.present = true;
	result.uncached = (entry & 0x18) == 0x18;
	result.dirty = entry & 0x40;
	result.physical = entry & PHYSICAL_MASK;
	if (result.large)
		result.physical += address & 0x1ff000;
	return result;
}

static void check_page(const struct paging_mapping *mapping, uint64_t offset)
{
	struct translation found = walk(mapping->address + offset);

	ck_assert_msg(found.present, "page %#llx", (unsigned long long)(mapping->address + offset));
	ck_assert_uint_eq(found.physical, mapping->physical + offset);
	ck_assert_int_eq(found.writable, mapping->writable);
	ck_assert_int_eq(found.executable, mapping->executable);
	ck_assert_int_eq(found.user, mapping->user);
	ck_assert_int_eq(found.uncached, mapping->uncached);
	ck_assert(found.dirty);
}

/* Whether any of the mappings has the address. */
static bool is_mapped(const struct paging_mapping *mappings, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++)
		if (address >= mappings[i].address &&
		    address - mappings[i].address < mappings[i].size)
			return true;
	return false;
}

/* Entries of last levels, each with the bytes that it maps. */
static uint64_t mapped_bytes(uint64_t table, int level)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < 512; i++) {
		uint64_t entry = get_le64(tables + (table - CR3) + 8 * i);

		if (!(entry & 1))
			ck_assert_uint_eq(entry, 0);
		else if (level == 0 || (level == 1 && entry & 0x80))
			sum += 1ull << (12 + 9 * level);
		else
			sum += mapped_bytes(entry & PHYSICAL_MASK, level - 1);
	}
	return sum;
}

static void check(const struct paging_mapping *mappings, size_t count)
{
	uint64_t sum = 0;

	build(mappings, count);
	for (size_t i = 0; i < count; i++) {
		uint64_t end = mappings[i].address + mappings[i].size;

		for (uint64_t offset = 0; offset < mappings[i].size; offset += MUEN_PAGE)
			check_page(&mappings[i], offset);
		if (!is_mapped(mappings, count, end))
			ck_assert(!walk(end).present);
		if (mappings[i].address &&
		    !is_mapped(mappings, count, mappings[i].address - MUEN_PAGE))
			ck_assert(!walk(mappings[i].address - MUEN_PAGE).present);
		sum += mappings[i].size;
	}
	ck_assert_uint_eq(mapped_bytes(CR3, 3), sum);
}

/* ---- layouts ------------------------------------------------------------- */

START_TEST(nothing)
{
	ck_assert_uint_eq(paging_size(NULL, 0), MUEN_PAGE);
}
END_TEST

START_TEST(small_pages)
{
	const struct paging_mapping mappings[] = {
		{ .address = 0x1000, .physical = 0x7000, .size = 0x1000 },
		{ .address = 0x200000, .physical = 0x1000, .size = 0x3000, .executable = true },
		{ .address = 0x203000, .physical = 0x4000, .size = 0x1000, .writable = true },
		{ .address = 0xe00000000, .physical = 0x10000, .size = 0x8000, .user = true },
		{ .address = 0xe00008000, .physical = 0x30000, .size = 0x1000, .uncached = true },
	};

	check(mappings, 5);
	/* The root; for each GiB that is used a directory; three tables of 2 MiB. */
	ck_assert_uint_eq(size, (1 + 1 + 2 + 3) * MUEN_PAGE);
}
END_TEST

START_TEST(large_pages)
{
	const struct paging_mapping mappings[] = {
		{ .address = 0x1ff000, .physical = 0x403ff000, .size = 0x602000, .writable = true },
	};

	check(mappings, 1);
	ck_assert(!walk(0x1ff000).large);
	ck_assert(walk(0x200000).large);
	ck_assert(walk(0x7ff000).large);
	ck_assert(!walk(0x800000).large);
	ck_assert_uint_eq(size, (1 + 1 + 1 + 2) * MUEN_PAGE);
}
END_TEST

START_TEST(not_congruent)
{
	const struct paging_mapping mappings[] = {
		{ .address = 0x200000, .physical = 0x1000, .size = 0x400000 },
	};

	check(mappings, 1);
	ck_assert(!walk(0x200000).large);
	ck_assert_uint_eq(size, (1 + 1 + 1 + 2) * MUEN_PAGE);
}
END_TEST

/* Borders of every level, and the highest address there is. */
START_TEST(borders)
{
	const struct paging_mapping mappings[] = {
		{ .address = 0x3ffff000, .physical = 0x3ffff000, .size = 0x2000 },
		{ .address = 0x7ffffff000, .physical = 0x5000, .size = 0x2000, .writable = true },
		{ .address = 0x7fffffffe000, .physical = 0xffffffffff000, .size = 0x1000 },
		{ .address = 0xffffffff80000000, .physical = 0x200000, .size = 0x400000 },
	};

	check(mappings, 4);
	ck_assert(walk(0xffffffff80000000).large);
}
END_TEST

static uint64_t state;

static uint64_t random_below(uint64_t limit)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 20) % limit;
}

START_TEST(random_layouts)
{
	struct paging_mapping mappings[MAPPINGS];
	uint64_t address;

	state = (uint64_t)_i;
	address = random_below(1 << 10) * MUEN_PAGE;
	for (size_t i = 0; i < MAPPINGS; i++) {
		uint64_t gap = random_below(3) ? random_below(1 << 12) * MUEN_PAGE
					       : random_below(1 << 20) * MUEN_PAGE;
		uint64_t bytes = (1 + random_below(random_below(2) ? 8 : 2000)) * MUEN_PAGE;
		uint64_t physical = random_below(1ull << 28) * MUEN_PAGE;

		address += random_below(3) ? gap : 0;
		if (random_below(2))
			physical += (address - physical) % PAGING_LARGE;
		mappings[i] = (struct paging_mapping){ .address = address,
						       .physical = physical,
						       .size = bytes,
						       .writable = random_below(2),
						       .executable = random_below(2),
						       .user = random_below(2),
						       .uncached = random_below(2) };
		address += bytes;
	}
	check(mappings, MAPPINGS);
}
END_TEST

/* ---- places -------------------------------------------------------------- */

static void check_apart(const struct subject_world *world, const uint64_t *physical)
{
	for (size_t i = 0; i < world->count; i++)
		for (size_t k = 0; k < i; k++)
			ck_assert(physical[i] + world->regions[i].size <= physical[k] ||
				  physical[k] + world->regions[k].size <= physical[i]);
}

START_TEST(places)
{
	cleanup_world struct subject_world *world = world_example();
	uint64_t physical[WORLD_REGIONS_MAX], end, highest = 0;
	struct error err = { 0 };

	example_region(world, "net|in")->address = 0x10000000;
	example_region(world, "net|in")->size = 0x600000;
	example_region(world, "net|out")->address = 0x10601000;
	example_region(world, "net|out")->size = 0x600000;
	ck_assert_int_eq(world_settle(world, &err), 0);
	end = world_place(world, 0x123000, NULL, physical);
	check_apart(world, physical);
	for (size_t i = 0; i < world->count; i++) {
		const struct world_region *region = &world->regions[i];

		ck_assert_uint_ge(physical[i], 0x123000);
		ck_assert_uint_eq(physical[i] % MUEN_PAGE, 0);
		if (region->size == 0x600000)
			ck_assert_uint_eq((physical[i] - region->address) % PAGING_LARGE, 0);
		if (physical[i] + region->size > highest)
			highest = physical[i] + region->size;
	}
	ck_assert_uint_eq(end, highest);
}
END_TEST

START_TEST(places_around_what_stays)
{
	cleanup_world struct subject_world *world = world_example();
	uint64_t physical[WORLD_REGIONS_MAX] = { 0 };
	bool leave[WORLD_REGIONS_MAX] = { false };
	struct error err = { 0 };

	ck_assert_int_eq(world_settle(world, &err), 0);
	for (size_t i = 0; i < world->count; i++) {
		leave[i] = world->regions[i].role == WORLD_CHANNEL;
		if (leave[i])
			physical[i] = 0x2000 + (i % 2) * 0x80000;
	}
	world_place(world, 0, leave, physical);
	check_apart(world, physical);
	for (size_t i = 0; i < world->count; i++)
		if (leave[i])
			ck_assert_uint_eq(physical[i], 0x2000 + (i % 2) * 0x80000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("paging");
	TCase *tests = tcase_create("tables"), *places_case = tcase_create("places");

	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, nothing);
	tcase_add_test(tests, small_pages);
	tcase_add_test(tests, large_pages);
	tcase_add_test(tests, not_congruent);
	tcase_add_test(tests, borders);
	tcase_add_loop_test(tests, random_layouts, 0, 20);
	suite_add_tcase(suite, tests);
	tcase_add_test(places_case, places);
	tcase_add_test(places_case, places_around_what_stays);
	suite_add_tcase(suite, places_case);
	return run_suite(suite);
}
