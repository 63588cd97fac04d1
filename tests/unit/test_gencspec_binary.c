/* The file that a component refers to: every page that a region shows has the segment's bytes and
 * zeroes behind them, and the file stays one that can be read. */
#include "tests/unit/conversion.h"
#include "tests/unit/elf_contract.h"
#include "tests/unit/support.h"

#include <string.h>

static void convert(struct conversion *c)
{
	ck_assert_msg(conversion_run(c) != NULL, "%s", c->err.message);
}

static bool all(const unsigned char *bytes, size_t length, unsigned char value)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

/* Converts and patches; then each file region must show what the segment at its address had, with
 * zeroes up to the end of its last page. Text may have NOPs from `nops` bytes on its start. */
static void check_regions(struct conversion *c, size_t nops)
{
	struct elf_image before;

	if (!c->image.bytes)
		conversion_build(c);
	before = c->image;
	before.bytes = malloc(before.size);
	ck_assert_ptr_nonnull(before.bytes);
	memcpy(before.bytes, c->image.bytes, before.size);
	convert(c);
	conversion_patch(c);
	for (size_t i = 0; i < c->component->region_count; i++) {
		const struct component_region *region = &c->component->regions[i];
		const Elf64_Phdr *program = NULL;
		const unsigned char *shown = c->bytes.data + region->file_offset;
		size_t covered;

		if (region->content != REGION_FILE || !strcmp(region->logical, "boot_info"))
			continue;
		for (unsigned k = 0; k < PH_COUNT; k++)
			if (elf_image_program(&before, k)->p_type == PT_LOAD &&
			    elf_image_program(&before, k)->p_vaddr == region->address &&
			    elf_image_program(&before, k)->p_filesz)
				program = elf_image_program(&before, k);
		ck_assert_ptr_nonnull(program);
		ck_assert_uint_le(region->file_offset + region->size, c->bytes.size);
		covered = region->executable ? nops : 0;
		ck_assert(all(shown, covered, 0x90));
		ck_assert_mem_eq(shown + covered, before.bytes + program->p_offset + covered,
				 program->p_filesz - covered);
		ck_assert_msg(all(shown + program->p_filesz, region->size - program->p_filesz, 0),
			      "%s: not zeroed", region->logical);
	}
	elf_image_free(&before);
}

/* The file can still be read as an ELF file; how many sections it says it has. */
static size_t sections_left(const struct conversion *c)
{
	struct elf elf = { 0 };
	struct error err = { 0 };
	size_t count;

	ck_assert_msg(elf_parse(&elf, c->bytes.data, c->bytes.size, &err) == 0, "%s", err.message);
	ck_assert_ptr_null(elf_breach(&elf));
	ck_assert_uint_eq(elf.segment_count, PH_COUNT);
	count = elf.section_count;
	elf_free(&elf);
	return count;
}

/* In a file laid out like Solo5's, the section headers lie behind .data in its last page: what was
 * there had been the first bytes of .bss. */
START_TEST(test_plain)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	check_regions(&c, 0);
	ck_assert_uint_eq(c.bytes.size, 0x9000);
	ck_assert_uint_eq(sections_left(&c), 0);
}
END_TEST

START_TEST(test_nops)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.options.resettable = true;
	check_regions(&c, 0x20);
}
END_TEST

START_TEST(test_no_nops_without_restart)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	check_regions(&c, 0);
	ck_assert_str_eq((const char *)c.bytes.data + 0x1000, "/nonexistent/solo5/");
}
END_TEST

/* All bytes of the data segment's last page are its own: nothing is destroyed. */
START_TEST(test_full_last_page)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.spec.data_size = 0x2000;
	check_regions(&c, 0);
	ck_assert_uint_eq(sections_left(&c), SH_COUNT - 1);
}
END_TEST

/* Segments close to each other in the file: each has a page of its own in the copy. */
START_TEST(test_shared_pages)
{
	for (int resettable = 0; resettable < 2; resettable++) {
		cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
		size_t size;

		c.spec.compact = true;
		c.options.resettable = resettable;
		conversion_build(&c);
		size = c.image.size;
		check_regions(&c, resettable ? 0x20 : 0);
		/* Text, read-only data (both meet what follows), and data, whose tail is free. */
		ck_assert_uint_gt(c.bytes.size, size + 0x5000 + 0x2000);
		sections_left(&c);
	}
}
END_TEST

/* The page behind the end of the file. */
START_TEST(test_end_of_file)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	conversion_build(&c);
	elf_image_program(&c.image, PH_DATA)->p_offset = c.image.size - 1;
	elf_image_program(&c.image, PH_DATA)->p_filesz = 1;
	check_regions(&c, 0);
	ck_assert_uint_ge(c.bytes.size, c.image.size - 1 + 0x1000);
	ck_assert_uint_eq(sections_left(&c), SH_COUNT - 1);
}
END_TEST

/* Program headers that another tool has moved behind a segment. */
START_TEST(test_program_headers_elsewhere)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	Elf64_Ehdr *header;
	size_t tail;

	conversion_build(&c);
	tail = elf_image_program(&c.image, PH_RODATA)->p_offset +
	       elf_image_program(&c.image, PH_RODATA)->p_filesz;
	tail = (tail + 7) & ~7ul;
	ck_assert(all(c.image.bytes + tail, PH_COUNT * sizeof(Elf64_Phdr), 0));
	memcpy(c.image.bytes + tail, elf_image_program(&c.image, 0), PH_COUNT * sizeof(Elf64_Phdr));
	header = elf_image_header(&c.image);
	header->e_phoff = tail;
	convert(&c);
	conversion_patch(&c);
	sections_left(&c);
}
END_TEST

/* With room behind the bytes, nothing is copied; without, they move. */
START_TEST(test_slack)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	unsigned char *bytes;

	conversion_build(&c);
	bytes = realloc(c.image.bytes, c.image.size + GENCSPEC_SLACK + 1);
	ck_assert_ptr_nonnull(bytes);
	c.image.bytes = bytes;
	convert(&c);
	c.bytes.slack = GENCSPEC_SLACK;
	conversion_patch(&c);
	ck_assert_ptr_eq(c.bytes.data, bytes);
	ck_assert_uint_eq(c.bytes.size + c.bytes.slack, c.image.size + GENCSPEC_SLACK);
}
END_TEST

/* What is converted again stays as it is: the first copy is complete. */
START_TEST(test_again)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN), again = c;

	c.spec.data_size = 0x2000; /* the section headers survive */
	c.options.resettable = true;
	check_regions(&c, 0x20);
	again.image.bytes = malloc(c.bytes.size);
	again.image.size = c.bytes.size;
	again.options.resettable = true;
	ck_assert_ptr_nonnull(again.image.bytes);
	memcpy(again.image.bytes, c.bytes.data, c.bytes.size);
	convert(&again);
	conversion_patch(&again);
	ck_assert_uint_eq(again.bytes.size, c.bytes.size);
	ck_assert_mem_eq(again.bytes.data, c.bytes.data, c.bytes.size);
	ck_assert_str_eq(again.component->document, c.component->document);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gencspec");
	TCase *tcase = tcase_create("binary");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60); /* seconds; machines may be busy */
	tcase_add_test(tcase, test_plain);
	tcase_add_test(tcase, test_nops);
	tcase_add_test(tcase, test_no_nops_without_restart);
	tcase_add_test(tcase, test_full_last_page);
	tcase_add_test(tcase, test_shared_pages);
	tcase_add_test(tcase, test_end_of_file);
	tcase_add_test(tcase, test_program_headers_elsewhere);
	tcase_add_test(tcase, test_slack);
	tcase_add_test(tcase, test_again);
	return run_suite(suite);
}
