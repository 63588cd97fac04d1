/* What the loader works out before it writes: memory, plan, places. */
#include "base/buffer.h"
#include "base/endian.h"
#include "image/loader/plan.h"
#include "tests/unit/support.h"

#include <string.h>

static struct ram_map ram;
static struct plan plan;
static struct csl_target targets[20000];
static struct buffer bytes;
static struct line why;

static void add(uint64_t number)
{
	unsigned char word[8];

	put_le64(word, number);
	buffer_add(&bytes, word, sizeof(word));
}

static void begin(void)
{
	buffer_free(&bytes);
	memset(&ram, 0, sizeof(ram));
	memset(&plan, 0, sizeof(plan));
	memset(&why, 0, sizeof(why));
}

static void expect_why(const char *words)
{
	ck_assert_msg(strstr(why.text, words), "'%s' is not in '%s'", words, why.text);
}

/* ---- memory -------------------------------------------------------------- */

static void add_entry(uint64_t start, uint64_t length, uint32_t type)
{
	unsigned char entry[24];

	put_le32(entry, 20);
	put_le64(entry + 4, start);
	put_le64(entry + 12, length);
	put_le32(entry + 20, type);
	buffer_add(&bytes, entry, sizeof(entry));
}

static bool read_map(uint32_t stride)
{
	return ram_map_read(&ram, (const unsigned char *)bytes.data, (uint32_t)bytes.length,
			    (struct ram_layout){ stride }, &why);
}

static void expect_range(uint32_t index, uint64_t start, uint64_t end)
{
	ck_assert_uint_lt(index, ram.count);
	ck_assert_uint_eq(ram.ranges[index].start, start);
	ck_assert_uint_eq(ram.ranges[index].end, end);
}

START_TEST(test_map)
{
	begin();
	add_entry(0x5000, 0x1000, 1);
	add_entry(0x1000, 0x1000, 1);
	add_entry(0x3000, 0, 1);
	add_entry(0x2000, 0x1000, 1); /* touches */
	add_entry(0x4800, 0x1000, 1); /* overlaps */
	add_entry(0x1800, 0x100, 2);  /* within */
	add_entry(0x5c00, 0x1000, 3); /* an end */
	add_entry(0xa000, 0x1000, 4); /* nothing */
	add_entry(0x8000, 0x1000, 1);
	add_entry(0x7000, 0x4000, 5);	   /* all of it */
	add_entry(UINT64_MAX - 15, 32, 1); /* beyond the end */
	ck_assert_msg(read_map(0), "%s", why.text);
	ck_assert_uint_eq(ram.count, 4);
	expect_range(0, 0x1000, 0x1800);
	expect_range(1, 0x1900, 0x3000);
	expect_range(2, 0x4800, 0x5c00);
	expect_range(3, UINT64_MAX - 15, UINT64_MAX);
	ck_assert_ptr_nonnull(ram_map_find(&ram, 0x1900, 0x3000));
	ck_assert_ptr_null(ram_map_find(&ram, 0x18ff, 0x3000));
	ck_assert_ptr_null(ram_map_find(&ram, 0x1900, 0x3001));
	ck_assert_ptr_null(ram_map_find(&ram, 0x17ff, 0x1901));
}
END_TEST

START_TEST(test_bad_map)
{
	begin();
	add_entry(0x1000, 0x1000, 1);
	bytes.length--;
	ck_assert(!read_map(0));
	expect_why("ends within an entry");
	begin();
	add_entry(0x1000, 0x1000, 1);
	bytes.data[0] = 19;
	ck_assert(!read_map(0));
	expect_why("an entry of a wrong size");
	bytes.data[0] = 21;
	ck_assert(!read_map(0));
	ck_assert(!read_map(19));
	begin();
	for (unsigned i = 0; i <= RAM_RANGES_MAX; i++)
		add_entry(i * 0x2000, 0x1000, 1);
	ck_assert(!read_map(0));
	expect_why("more ranges than there is room for");
	/* Splitting one needs room, too. */
	begin();
	for (unsigned i = 0; i < RAM_RANGES_MAX; i++)
		add_entry(i * 0x2000, 0x1000, 1);
	add_entry(0x100, 0x100, 2);
	ck_assert(!read_map(0));
	expect_why("more ranges than there is room for");
}
END_TEST

/* ---- plan ---------------------------------------------------------------- */

#define MIB 0x100000ull

static void begin_stream(void)
{
	begin();
	ram.ranges[ram.count++] = (struct ram_range){ 0, 0x9f000 };
	ram.ranges[ram.count++] = (struct ram_range){ MIB, 64 * MIB };
	ram.ranges[ram.count++] = (struct ram_range){ 4096 * MIB, 5000 * MIB };
	add(CSL_MAGIC);
}

static void add_fill(uint64_t address, uint64_t size)
{
	add(CSL_FILL);
	add(CSL_FILL_LENGTH);
	add(address);
	add(size);
	add(0);
}

static void add_start(uint64_t address)
{
	add(CSL_SET_ENTRY_POINT);
	add(CSL_ENTRY_LENGTH);
	add(address);
}

static void add_check(uint32_t result, uint32_t value, const char *message)
{
	char text[CSL_CPUID_TEXT] = "";

	memcpy(text, message, strnlen(message, sizeof(text)));
	add(CSL_CHECK_CPUID);
	add(CSL_CPUID_LENGTH);
	add(7ull << 32 | 2);
	add(0xfull << 32 | value);
	add(result);
	buffer_add(&bytes, text, sizeof(text));
}

static void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	for (unsigned i = 0; i < 4; i++)
		registers[i] = leaf << 8 | subleaf << 16 | i;
}

static bool make(void)
{
	static const struct plan_cpu cpu = { .cpuid = cpuid };

	plan = (struct plan){ 0 };
	if (!plan_read(&plan, (const unsigned char *)bytes.data, (uint32_t)bytes.length, &why))
		return false;
	ck_assert_uint_le(plan.target_count, sizeof(targets) / sizeof(targets[0]));
	plan.targets = targets;
	return plan_make(&plan, (const unsigned char *)bytes.data, (uint32_t)bytes.length, &ram,
			 &cpu, &why);
}

START_TEST(test_plan)
{
	begin_stream();
	add_check(3, 3, "four");
	add_fill(8 * MIB, 16);
	add_fill(MIB, MIB);
	add_fill(0xf0000, 0); /* nothing is written: it may be anywhere */
	add(CSL_STANDIN);
	add(0);
	add_start(MIB + 4);
	ck_assert_msg(make(), "%s", why.text);
	ck_assert_uint_eq(plan.commands, 6);
	ck_assert_uint_eq(plan.target_count, 2);
	ck_assert_uint_eq(plan.targets[0].start, MIB);
	ck_assert_uint_eq(plan.entry, MIB + 4);
	ck_assert(plan.standin);
	ck_assert(!plan.high);
	add_fill(5000 * MIB, 0);
	ck_assert(make());
	ck_assert(!plan.high);
	add_fill(4096 * MIB, 1);
	ck_assert_msg(make(), "%s", why.text);
	ck_assert(plan.high);
}
END_TEST

START_TEST(test_refused)
{
	begin_stream();
	add_fill(MIB, MIB);
	ck_assert(!make());
	expect_why("the stream has no SET_ENTRY_POINT");
	begin_stream();
	add_fill(MIB, MIB);
	add_start(MIB);
	add_fill(0x9effc, 8);
	ck_assert(!make());
	expect_why("command 3 (FILL, at offset 0x48) writes from 0x9effc to 0x9f003, which is not");
	begin();
	ck_assert(!make());
	expect_why("the module is not a command stream: it has 0 bytes");
	/* Memory is looked at before the processor. */
	begin_stream();
	add_check(1, 0, "a message\nof two lines");
	add_fill(MIB, MIB);
	add_start(MIB);
	ck_assert(!make());
	expect_why("cannot run the system: a message?of two lines (command 1 (CHECK_CPUID, at "
		   "offset 0x8): CPUID 0x7/0x2 has 0x1, 0x0 expected)");
}
END_TEST

/* ---- places -------------------------------------------------------------- */

static struct plan_places places;

/* Finds places for 0x7000 bytes and a stream of 2 MiB at 1.5 MiB or elsewhere. */
static bool find(uint32_t stream)
{
	const struct plan_area loader = { MIB, MIB / 2 };

	places = (struct plan_places){ .executor.size = 0x7000, .stream = { stream, 2 * MIB } };
	ck_assert_msg(make(), "%s", why.text);
	return plan_places_find(&plan, &ram, loader, &places, &why);
}

/* As many as the machine has room for, beside the loader and the stream. */
START_TEST(test_room_for_targets)
{
	const struct plan_area loader = { MIB, MIB }, stream = { 3 * MIB, 60 * MIB };
	struct plan_area found;

	begin_stream();
	plan.target_count = MIB / sizeof(struct csl_target);
	ck_assert(plan_targets_find(&plan, &ram, loader, stream, &found, &why));
	ck_assert_uint_eq(found.start, 2 * MIB);
	ck_assert_uint_eq(found.size, MIB);
	plan.target_count++;
	ck_assert(!plan_targets_find(&plan, &ram, loader, stream, &found, &why));
	expect_why("no room for the list of what is written (0x100020 bytes) below 4 GiB");
	expect_why("the machine needs more memory");
}
END_TEST

static void expect_places(uint64_t executor, uint64_t stream)
{
	ck_assert_uint_eq(places.executor.start, executor);
	ck_assert_uint_eq(places.stream.start, stream);
}

START_TEST(test_places)
{
	/* In nobody's way: it stays. */
	begin_stream();
	add_fill(MIB, MIB);
	add_start(MIB);
	ck_assert(find(8 * MIB));
	expect_places(2 * MIB, 8 * MIB);
	/* Too low: it moves, also over where it was, not over the executor. */
	ck_assert(find(MIB + MIB / 2));
	expect_places(3 * MIB + MIB / 2, 3 * MIB + MIB / 2 + 0x7000);
	/* In the way of one byte at its end, and a page that is free is not used in part. */
	begin_stream();
	add_fill(10 * MIB - 1, 1);
	add_fill(MIB, MIB + 1);
	add_start(MIB);
	ck_assert(find(8 * MIB));
	expect_places(2 * MIB + 0x1000, 2 * MIB + 0x8000);
}
END_TEST

START_TEST(test_no_place)
{
	begin_stream();
	add_fill(MIB, 63 * MIB - 0x7000);
	add_start(MIB);
	ck_assert(!find(8 * MIB));
	expect_why("no room for the stream (0x200000 bytes) below 4 GiB");
	ck_assert_uint_eq(places.executor.start, 64 * MIB - 0x7000);
	begin_stream();
	add_fill(MIB, 63 * MIB - 0x6fff);
	add_start(MIB);
	ck_assert(!find(8 * MIB));
	expect_why("no room for the loader (0x7000 bytes) below 4 GiB");
}
END_TEST

/* Between thousands of holes that are too small. */
START_TEST(test_holes)
{
	begin_stream();
	for (unsigned i = 0; i < 9000; i++)
		add_fill(2 * MIB + i * 0x1000, 0xff0);
	add_start(2 * MIB);
	ck_assert(find(16 * MIB));
	expect_places(2 * MIB + 8999 * 0x1000 + 0x1000, 2 * MIB + 9000 * 0x1000 + 0x7000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader");
	TCase *cases = tcase_create("loader");

	tcase_add_test(cases, test_map);
	tcase_add_test(cases, test_bad_map);
	tcase_add_test(cases, test_plan);
	tcase_add_test(cases, test_refused);
	tcase_add_test(cases, test_room_for_targets);
	tcase_add_test(cases, test_places);
	tcase_add_test(cases, test_no_place);
	tcase_add_test(cases, test_holes);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
