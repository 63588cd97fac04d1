#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"
#include "image/csl.h"
#include "tests/unit/support.h"

#include <elf.h>
#include <string.h>
#include <sys/mman.h>

static struct memory_image image;
static struct buffer stream;
static struct error err;

static void begin(void)
{
	memory_image_free(&image);
	buffer_free(&stream);
	err = (struct error){ 0 };
}

static void expect_refused(const char *words)
{
	err = (struct error){ 0 };
	ck_assert_msg(memory_image_settle(&image, &err) == -1, "accepted: %s", words);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(strstr(err.message, words), "'%s' is not in '%s'", words, err.message);
	ck_assert(*err.mend);
}

static void expect_settled(void)
{
	ck_assert_msg(memory_image_settle(&image, &err) == 0, "%s", err.message);
}

/* ---- settling ------------------------------------------------------------ */

START_TEST(test_overlaps)
{
	begin();
	memory_image_add(&image, 0x1000, "twelve bytes", 12, "first");
	memory_image_fill(&image, 0x2000, 0x1000, 1, "second");
	memory_image_add(&image, 0x1ff8, "nothing", 0, "nothing");
	image.entry = 0x1000;
	expect_settled();
	ck_assert_uint_eq(image.count, 2);
	memory_image_fill(&image, 0x1010, 0xff0, 1, "between");
	expect_settled();
	/* 12 bytes take 16. */
	memory_image_fill(&image, 0x100f, 1, 1, "padding");
	expect_refused("padding, in memory from 0x100f to 0x100f, overlaps first, from 0x1000 to "
		       "0x100f");
	begin();
	image.entry = 0x1fff;
	memory_image_fill(&image, 0x1000, 0x1000, 1, "all");
	memory_image_add(&image, 0x1ff8, "inside", 6, "inside");
	expect_refused("inside, in memory from 0x1ff8 to 0x1fff, overlaps all");
}
END_TEST

START_TEST(test_addresses)
{
	begin();
	memory_image_fill(&image, UINT64_MAX - 7, 8, 0, "last");
	expect_refused("last, 0x8 bytes in memory from 0xfffffffffffffff8 on, goes beyond");
	begin();
	memory_image_fill(&image, 8, UINT64_MAX - 7, 0, "all");
	expect_refused("all, ");
	begin();
	memory_image_fill(&image, 1ull << 32, 16, 0, "high");
	image.entry = 1ull << 32;
	expect_refused("the entry point 0x100000000 is above 4 GiB");
	image.entry = UINT32_MAX;
	expect_refused("lies where no command writes");
	begin();
	expect_refused("lies where no command writes");
}
END_TEST

START_TEST(test_checks)
{
	struct image_cpuid_check check = { .leaf = 7, .result = 3, .message = "needs this" };

	begin();
	memory_image_fill(&image, 0, 16, 0, "low");
	memory_image_check_cpuid(&image, &check);
	expect_settled();
	check.result = 4;
	memory_image_check_cpuid(&image, &check);
	expect_refused("leaf 0x7 has none of the registers");
	image.check_count = 1;
	image.checks[0].message[0] = '\0';
	expect_refused("leaf 0x7 has no message");
}
END_TEST

/* ---- writing ------------------------------------------------------------- */

static int to_buffer(const void *bytes, size_t length, void *context, struct error *error)
{
	(void)error;
	buffer_add(context, bytes, length);
	return 0;
}

static struct csl_command seen[8];

static int see(const struct csl_command *command, void *context, struct error *error)
{
	size_t *count = context;

	(void)error;
	ck_assert_uint_lt(*count, 8);
	seen[(*count)++] = *command;
	return 0;
}

static size_t write_and_read(struct csl_summary *summary)
{
	cleanup_close int fd = memfd_create("csl", MFD_CLOEXEC);
	size_t count = 0;

	ck_assert_msg(csl_write(&image, to_buffer, &stream, &err) == 0, "%s", err.message);
	ck_assert_int_eq(file_pwrite(fd, "memory", stream.data, stream.length, 0, &err), 0);
	ck_assert_msg(csl_check(fd, "x", stream.length, summary, see, &count, &err) == 0, "%s",
		      err.message);
	return count;
}

START_TEST(test_round_trip)
{
	struct image_cpuid_check check = {
		.leaf = 7, .subleaf = 1, .value = 2, .mask = 3, .result = 1
	};
	struct csl_summary summary;

	begin();
	memset(check.message, 'm', CSL_CPUID_TEXT);
	memory_image_check_cpuid(&image, &check);
	memory_image_add(&image, 0x100003, "contents", 9, "contents");
	memory_image_fill(&image, 0x200000, 77, 0xa5, "fill");
	image.entry = 0x100003;
	image.standin = true;
	expect_settled();
	ck_assert_uint_eq(write_and_read(&summary), 5);
	ck_assert_uint_eq(seen[0].id, CSL_STANDIN);
	ck_assert(summary.standin);
	ck_assert_uint_eq(seen[1].id, CSL_CHECK_CPUID);
	ck_assert_mem_eq(&seen[1].check, &check, sizeof(check));
	ck_assert_uint_eq(seen[2].id, CSL_WRITE);
	ck_assert_uint_eq(seen[2].address, 0x100003);
	ck_assert_uint_eq(seen[2].size, 16);
	ck_assert_mem_eq(stream.data + seen[2].offset + 24, "contents\0\0\0\0\0\0\0\0", 16);
	ck_assert_uint_eq(seen[3].id, CSL_FILL);
	ck_assert_uint_eq(seen[3].address, 0x200000);
	ck_assert_uint_eq(seen[3].size, 77);
	ck_assert_uint_eq(seen[3].pattern, 0xa5);
	ck_assert_uint_eq(seen[4].address, 0x100003);
	ck_assert_uint_eq(summary.entry, 0x100003);
	image.standin = false;
	buffer_free(&stream);
	ck_assert_uint_eq(write_and_read(&summary), 4);
	ck_assert(!summary.standin);
}
END_TEST

static int full_after(const void *bytes, size_t length, void *context, struct error *error)
{
	size_t *left = context;

	(void)bytes;
	if (length > *left)
		return err_fail(error, ERR_IO, "full");
	*left -= length;
	return 0;
}

START_TEST(test_sink_fails)
{
	begin();
	memory_image_add(&image, 0, "nine bytes", 9, "bytes");
	memory_image_fill(&image, 0x1000, 8, 0, "fill");
	image.standin = true;
	ck_assert_int_eq(csl_write(&image, to_buffer, &stream, &err), 0);
	for (size_t size = 0; size <= stream.length; size++) {
		size_t left = size;
		int expected = size < stream.length ? -1 : 0;

		ck_assert_int_eq(csl_write(&image, full_after, &left, &err), expected);
	}
}
END_TEST

/* ---- kernels ------------------------------------------------------------- */

static unsigned char file[0x400];

#define ENTRY 0x100004

static void make_wide(void)
{
	Elf64_Ehdr header = { .e_type = ET_EXEC,
			      .e_machine = EM_X86_64,
			      .e_entry = ENTRY,
			      .e_phoff = sizeof(header),
			      .e_phentsize = sizeof(Elf64_Phdr),
			      .e_phnum = 2 };
	Elf64_Phdr segments[] = {
		{ .p_type = PT_LOAD,
		  .p_offset = 0x200,
		  .p_vaddr = 0xffffffff80100000,
		  .p_paddr = 0x100000,
		  .p_filesz = 9,
		  .p_memsz = 0x20 },
		{ .p_type = PT_NOTE,
		  .p_offset = 0x200,
		  .p_paddr = 0x100000,
		  .p_filesz = 9,
		  .p_memsz = 9 },
	};

	memcpy(header.e_ident, ELFMAG "\2\1\1", 7);
	memset(file, 'k', sizeof(file));
	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), segments, sizeof(segments));
}

static void make_narrow(void)
{
	Elf32_Ehdr header = { .e_type = ET_EXEC,
			      .e_machine = EM_386,
			      .e_entry = ENTRY,
			      .e_phoff = 0x80,
			      .e_phentsize = sizeof(Elf32_Phdr),
			      .e_phnum = 2 };
	Elf32_Phdr segments[] = {
		{ .p_type = PT_LOAD,
		  .p_offset = 0x200,
		  .p_vaddr = 0xc0100000,
		  .p_paddr = 0x100000,
		  .p_filesz = 9,
		  .p_memsz = 0x20 },
		{ .p_type = PT_LOAD, .p_paddr = 0x200000, .p_memsz = 0x20 },
	};

	memcpy(header.e_ident, ELFMAG "\1\1\1", 7);
	memset(file, 'k', sizeof(file));
	memcpy(file, &header, sizeof(header));
	memcpy(file + 0x80, segments, sizeof(segments));
}

static void expect_kernel(size_t pieces)
{
	ck_assert_msg(memory_image_add_kernel(&image, "kernel", file, sizeof(file), &err) == 0,
		      "%s", err.message);
	expect_settled();
	ck_assert_uint_eq(image.count, pieces);
	ck_assert_uint_eq(image.entry, ENTRY);
	ck_assert_uint_eq(image.pieces[0].address, 0x100000);
	ck_assert_uint_eq(image.pieces[0].size, 9);
	ck_assert_ptr_eq(image.pieces[0].bytes, file + 0x200);
	ck_assert_str_eq(image.pieces[0].what, "kernel");
	ck_assert_uint_eq(image.pieces[1].address, 0x100010);
	ck_assert_uint_eq(image.pieces[1].size, 0x10);
	ck_assert_ptr_null(image.pieces[1].bytes);
}

START_TEST(test_kernels)
{
	begin();
	make_wide();
	expect_kernel(2);
	begin();
	make_narrow();
	expect_kernel(3);
	ck_assert_uint_eq(image.pieces[2].address, 0x200000);
	ck_assert_uint_eq(image.pieces[2].size, 0x20);
}
END_TEST

static void expect_no_kernel(const char *words)
{
	begin();
	ck_assert_msg(memory_image_add_kernel(&image, "kernel", file, sizeof(file), &err) == -1,
		      "accepted: %s", words);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(strstr(err.message, words), "'%s' is not in '%s'", words, err.message);
	ck_assert(*err.mend);
	ck_assert_uint_eq(image.count, 0);
	make_wide();
}

START_TEST(test_no_kernels)
{
	Elf64_Ehdr *header = (void *)file;
	Elf64_Phdr *segment = (void *)(file + sizeof(*header));

	make_wide();
	file[0] = 0;
	expect_no_kernel("kernel: is no ELF file");
	file[EI_DATA] = ELFDATA2MSB;
	expect_no_kernel("class 2 and byte order 2");
	file[EI_CLASS] = 3;
	expect_no_kernel("class 3 and byte order 1");
	header->e_machine = EM_AARCH64;
	expect_no_kernel("type 2 for machine 183");
	header->e_type = ET_REL;
	expect_no_kernel("type 1 for machine 62");
	header->e_phnum = 513;
	expect_no_kernel("513 program headers, at most 512");
	header->e_phentsize = 32;
	expect_no_kernel("headers of 32 bytes, 56 were expected");
	header->e_phoff = sizeof(file) - 111;
	expect_no_kernel("the program headers lie outside");
	header->e_phoff = UINT64_MAX;
	expect_no_kernel("the program headers lie outside");
	segment->p_offset = sizeof(file) - 8;
	expect_no_kernel("segment 0 has 0x9 bytes from offset 0x3f8 on");
	segment->p_offset = UINT64_MAX;
	expect_no_kernel("segment 0 has 0x9 bytes from offset 0xffffffffffffffff on");
	segment->p_memsz = 8;
	expect_no_kernel("more than its 0x8 bytes of memory");
	segment->p_paddr = UINT64_MAX - 16;
	expect_no_kernel("beyond the end of the address space");
	header->e_entry = 0x100020;
	expect_no_kernel("the entry point 0x100020 lies in none of its segments");
	header->e_phnum = 0;
	expect_no_kernel("lies in none of its segments");
	segment->p_paddr = 1ull << 32;
	header->e_entry = 1ull << 32;
	expect_no_kernel("above 4 GiB");
	for (size_t size = 0; size < 0x209; size++)
		ck_assert_int_eq(memory_image_add_kernel(&image, "kernel", file, size, &err), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory_image");
	TCase *cases = tcase_create("memory_image");

	tcase_add_test(cases, test_overlaps);
	tcase_add_test(cases, test_addresses);
	tcase_add_test(cases, test_checks);
	tcase_add_test(cases, test_round_trip);
	tcase_add_test(cases, test_sink_fails);
	tcase_add_test(cases, test_kernels);
	tcase_add_test(cases, test_no_kernels);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
