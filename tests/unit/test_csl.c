#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"
#include "image/csl.h"
#include "tests/unit/support.h"

#include <string.h>
#include <sys/mman.h>

/* ---- a stream made by hand ----------------------------------------------- */

static unsigned char stream[1 << 20];
static size_t length;
static struct csl_summary summary;
static struct error err;

static void add(uint64_t number)
{
	put_le64(stream + length, number);
	length += 8;
}

static void begin(void)
{
	memset(stream, 0, sizeof(stream));
	length = 0;
	add(CSL_MAGIC);
}

static void add_write(uint64_t address, size_t size)
{
	add(0);
	add(8 + size);
	add(address);
	length += size;
}

static void add_fill(uint64_t address, uint64_t size)
{
	add(1);
	add(24);
	add(address);
	add(size);
	add(0xff);
}

static void add_entry(uint64_t address)
{
	add(2);
	add(8);
	add(address);
}

static void add_check(unsigned char result_register)
{
	add(3);
	add(88);
	length += 16;
	add(result_register);
	length += 64;
}

static int check_size(size_t size)
{
	cleanup_close int fd = memfd_create("csl", MFD_CLOEXEC);

	err = (struct error){ 0 };
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_pwrite(fd, "memory", stream, size, 0, &err), 0);
	return csl_check(fd, "x.csl", size, &summary, NULL, NULL, &err);
}

static void expect_refused(const char *words)
{
	ck_assert_msg(check_size(length) == -1, "accepted: %s", words);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(strstr(err.message, words), "'%s' is not in '%s'", words, err.message);
	ck_assert_msg(*err.mend, "no mend: %s", err.message);
}

/* What Muen's build makes, in small. */
static void make_good(void)
{
	begin();
	add_check(2);
	add_write(0x100000, 4096);
	add_fill(0x200000, 0x100000);
	add(60000);
	add(16);
	add(1);
	add(2);
	add(65535);
	add(0);
	add_entry(0x100000);
}

/* ---- tests --------------------------------------------------------------- */

START_TEST(test_good)
{
	make_good();
	ck_assert_msg(check_size(length) == 0, "%s", err.message);
	ck_assert_uint_eq(summary.commands, 6);
	ck_assert_uint_eq(summary.writes, 1);
	ck_assert_uint_eq(summary.fills, 1);
	ck_assert_uint_eq(summary.checks, 1);
	ck_assert_uint_eq(summary.vendor, 2);
	ck_assert_uint_eq(summary.written, 4096 + 0x100000);
	ck_assert_uint_eq(summary.entry, 0x100000);
}
END_TEST

/* Many commands, and one whose parts lie on both sides of what is read at once. */
START_TEST(test_long)
{
	begin();
	for (size_t i = 0; i < 9000; i++)
		add_write(0x1000 * (9000 - i), 16 + 8 * (i % 9));
	add_write(0x10000000, 200000);
	add_entry(0x1000);
	ck_assert_msg(check_size(length) == 0, "%s", err.message);
	ck_assert_uint_eq(summary.writes, 9001);
}
END_TEST

START_TEST(test_cut_anywhere)
{
	make_good();
	for (size_t size = 0; size < length; size++)
		ck_assert_msg(check_size(size) == -1, "%zu bytes", size);
}
END_TEST

START_TEST(test_not_a_stream)
{
	begin();
	stream[0] ^= 1;
	expect_refused("is not a command stream: it begins with 0x8adc5fa2448cb65f");
	length = 0;
	expect_refused("it has 0 bytes");
	length = 0;
	add(0);
	add(8);
	add(CSL_OLD_MAGIC);
	expect_refused("older revision");
	length = 16;
	expect_refused("is not a command stream");
	begin();
	expect_refused("has no SET_ENTRY_POINT");
}
END_TEST

START_TEST(test_commands)
{
	static const uint64_t unknown[] = { 4, 5, 59999, 65536, 0x10000, UINT64_MAX };

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		begin();
		add(unknown[i]);
		add(0);
		expect_refused("unknown id");
	}
	expect_refused("command 1, at offset 0x8, has the unknown id 18446744073709551615");
	begin();
	add_entry(0x100000000);
	expect_refused("above 4 GiB");
	begin();
	add_check(4);
	expect_refused("registers 0 to 3");
	begin();
	add_write(UINT64_MAX - 15, 24);
	expect_refused("beyond the end of the address space");
	begin();
	add_fill(1, UINT64_MAX);
	expect_refused("beyond the end of the address space");
	begin();
	add_fill(0, UINT64_MAX);
	add_fill(0, UINT64_MAX);
	expect_refused("command 2 (FILL, at offset 0x30) and those before it write more than");
	/* The last entry point counts. */
	begin();
	add_fill(0x1000, 16);
	add_entry(0xfff);
	add_entry(0x100f);
	ck_assert_int_eq(check_size(length), 0);
	ck_assert_uint_eq(summary.entry, 0x100f);
	add_entry(0x1010);
	expect_refused("the entry point 0x1010 lies where no command writes");
	begin();
	add_entry(0);
	expect_refused("where no command writes");
}
END_TEST

START_TEST(test_overlaps)
{
	static const struct {
		uint64_t start, size;
		const char *words;
	} cases[] = {
		{ 0x2000, 0, NULL },
		{ 0x2fff, 1,
		  "command 4 (FILL, at offset 0x460) writes from 0x2fff to 0x2fff, where "
		  "command 2 (FILL, at offset 0x420) writes from 0x2000 to 0x2fff" },
		{ 0x1fff, 2, "command 4" },
		{ 0, 1ull << 40, "command 4" },
		{ 0x1fff, 1, NULL },
		{ 0x3000, 1, NULL },
		{ 0x2000, 0x1000, "command 4" },
		{ 0x83ff, 1, "command 1 (WRITE, at offset 0x8) writes from 0x8000 to 0x83ff" },
		{ 0x8400, 1, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		add_write(0x8000, 1024);
		add_fill(0x2000, 0x1000);
		add_entry(0x8000);
		add_fill(cases[i].start, cases[i].size);
		if (cases[i].words)
			expect_refused(cases[i].words);
		else
			ck_assert_msg(check_size(length) == 0, "%s", err.message);
	}
}
END_TEST

/* Many, as they come and backwards: two of them overlap, wherever they are. */
START_TEST(test_many_overlaps)
{
	for (size_t bad = 3; bad < 20000; bad += 1777) {
		begin();
		for (size_t i = 0; i < 20000; i++)
			add_fill((i % 2 ? 20000 - i : 40000 + i) * 16, i == bad ? 33 : 16);
		add_entry(0x10 * 40000);
		expect_refused("writes from");
	}
}
END_TEST

struct seen {
	size_t count, stop;
	struct csl_command last;
};

static int see(const struct csl_command *command, void *context, struct error *error)
{
	struct seen *seen = context;

	seen->last = *command;
	if (++seen->count == seen->stop)
		return err_fail(error, ERR_IO, "enough");
	return 0;
}

START_TEST(test_visit)
{
	struct seen seen = { 0 };
	cleanup_close int fd = memfd_create("csl", MFD_CLOEXEC);

	make_good();
	add(CSL_STANDIN);
	add(0);
	ck_assert_int_eq(file_pwrite(fd, "memory", stream, length, 0, &err), 0);
	ck_assert_int_eq(csl_check(fd, "x", length, &summary, see, &seen, &err), 0);
	ck_assert_uint_eq(seen.count, 7);
	ck_assert_uint_eq(seen.last.id, CSL_STANDIN);
	ck_assert(summary.standin);
	ck_assert_uint_eq(summary.highest, 0x300000);
	seen = (struct seen){ .stop = 3 };
	ck_assert_int_eq(csl_check(fd, "x", length, &summary, see, &seen, &err), -1);
	ck_assert_str_eq(err.message, "enough");
	ck_assert_uint_eq(seen.last.number, 3);
	ck_assert_uint_eq(seen.last.address, 0x200000);
	ck_assert_uint_eq(seen.last.size, 0x100000);
	ck_assert_uint_eq(seen.last.pattern, 0xff);
}
END_TEST

START_TEST(test_lengths)
{
	static const struct {
		uint64_t id, length;
		const char *words;
	} cases[] = {
		{ 0, 0, "at least 16" },
		{ 0, 8, "at least 16" },
		{ 0, 12, "a multiple of 8" },
		{ 1, 16, "24 expected" },
		{ 1, 32, "24 expected" },
		{ 2, 0, "8 expected" },
		{ 2, 16, "8 expected" },
		{ 3, 80, "88 expected" },
		{ 3, 96, "88 expected" },
		{ 60000, 7, "a multiple of 8" },
		{ 0, 1000, "what is left" },
		{ 60000, UINT64_MAX - 7, "what is left" },
		{ 0, UINT64_MAX - 15, "what is left" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		add(cases[i].id);
		add(cases[i].length);
		length += 104;
		expect_refused(cases[i].words);
	}
	begin();
	add(60000);
	expect_refused("has no length");
}
END_TEST

START_TEST(test_names_the_command)
{
	make_good();
	stream[8 + 16 + 88] = 7; /* the id of the second command */
	expect_refused("command 2, at offset 0x70, has the unknown id 7");
	make_good();
	stream[8 + 8] = 80;
	expect_refused("command 1 (CHECK_CPUID, at offset 0x8) has 0x50 bytes of data, 88");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("csl");
	TCase *cases = tcase_create("csl");

	tcase_add_test(cases, test_good);
	tcase_add_test(cases, test_long);
	tcase_add_test(cases, test_cut_anywhere);
	tcase_add_test(cases, test_not_a_stream);
	tcase_add_test(cases, test_commands);
	tcase_add_test(cases, test_overlaps);
	tcase_add_test(cases, test_many_overlaps);
	tcase_add_test(cases, test_visit);
	tcase_add_test(cases, test_lengths);
	tcase_add_test(cases, test_names_the_command);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
