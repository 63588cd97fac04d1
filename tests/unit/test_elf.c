#include "base/alloc.h"
#include "tests/unit/elf_builder.h"
#include "tests/unit/elf_contract.h"
#include "tests/unit/support.h"

#include <string.h>

/* Each byte of the file right behind the others in memory of just that size, so that a
 * sanitizer sees every read beyond it. */
static unsigned char *exact_copy(const unsigned char *bytes, size_t size)
{
	unsigned char *copy = xcalloc(size, 1);

	memcpy(copy, bytes, size);
	return copy;
}

static struct elf_image build_compact(void)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);

	spec.compact = true;
	spec.text_size = ELF_SPEC_TEXT_LEAST;
	spec.rodata_size = spec.eh_frame_size = spec.data_size = 16;
	elf_spec_device(&spec, "service0", SOLO5_NET_BASIC);
	return elf_build(&spec);
}

START_TEST(test_sound)
{
	const struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = elf_build(&spec);
	cleanup_elf struct elf elf = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(elf_parse(&elf, image.bytes, image.size, &err), 0);
	ck_assert_ptr_eq(elf.bytes, image.bytes);
	ck_assert_uint_eq(elf.size, image.size);
	ck_assert_uint_eq(elf.type, ET_EXEC);
	ck_assert_uint_eq(elf.machine, EM_X86_64);
	ck_assert_uint_eq(elf.entry, 0x200020);
	ck_assert_uint_eq(elf.section_headers, image.section_headers);
	ck_assert_uint_eq(elf.segment_count, PH_COUNT);
	ck_assert_uint_eq(elf.section_count, SH_COUNT - 1);
	for (unsigned i = 0; i < PH_COUNT; i++) {
		const Elf64_Phdr *program = elf_image_program(&image, i);

		ck_assert_uint_eq(elf.segments[i].index, i);
		ck_assert_uint_eq(elf.segments[i].type, program->p_type);
		ck_assert_uint_eq(elf.segments[i].flags, program->p_flags);
		ck_assert_uint_eq(elf.segments[i].offset, program->p_offset);
		ck_assert_uint_eq(elf.segments[i].vaddr, program->p_vaddr);
		ck_assert_uint_eq(elf.segments[i].filesz, program->p_filesz);
		ck_assert_uint_eq(elf.segments[i].memsz, program->p_memsz);
		ck_assert_uint_eq(elf.segments[i].align, program->p_align);
	}
	for (unsigned i = SH_INTERP; i < SH_COUNT; i++) {
		const Elf64_Shdr *section = elf_image_section(&image, i);
		const struct elf_section *read = &elf.sections[i - 1];

		ck_assert_uint_eq(read->type, section->sh_type);
		ck_assert_uint_eq(read->flags, section->sh_flags);
		ck_assert_uint_eq(read->addr, section->sh_addr);
		ck_assert_uint_eq(read->offset, section->sh_offset);
		ck_assert_uint_eq(read->size, section->sh_size);
	}
	ck_assert_str_eq(elf.sections[SH_EH_FRAME - 1].name, ".eh_frame");
	ck_assert_ptr_null(elf_breach(&elf));
}
END_TEST

START_TEST(test_section_named)
{
	cleanup_elf_image struct elf_image image = build_compact();
	cleanup_elf struct elf elf = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(elf_parse(&elf, image.bytes, image.size, &err), 0);
	ck_assert_ptr_eq(elf_section_named(&elf, ".text"), &elf.sections[SH_TEXT - 1]);
	ck_assert_ptr_eq(elf_section_named(&elf, ".bss"), &elf.sections[SH_BSS - 1]);
	ck_assert_ptr_null(elf_section_named(&elf, ".tex"));
	ck_assert_ptr_null(elf_section_named(&elf, ""));
}
END_TEST

/* The section headers come last, so no shorter file is whole. */
START_TEST(test_every_length)
{
	cleanup_elf_image struct elf_image image = build_compact();

	for (size_t size = 0; size < image.size; size++) {
		cleanup_free unsigned char *bytes = exact_copy(image.bytes, size);
		struct elf elf = { 0 };
		struct error err = { 0 };

		ck_assert_msg(elf_parse(&elf, bytes, size, &err) < 0, "%zu bytes were accepted",
			      size);
		ck_assert_msg(!error_breach(&err), "%zu bytes: %s", size, error_breach(&err));
		ck_assert_ptr_null(elf.segments);
		ck_assert_ptr_null(elf.sections);
	}
}
END_TEST

/* Whatever stands in a byte of the file, nothing outside of it is read, and what is accepted
 * keeps the promises of elf.h. */
START_TEST(test_every_byte)
{
	static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	cleanup_elf_image struct elf_image image = build_compact();
	size_t accepted = 0, refused = 0;

	for (size_t at = 0; at < image.size; at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			cleanup_free unsigned char *bytes = exact_copy(image.bytes, image.size);
			cleanup_unikernel struct unikernel unikernel = { 0 };
			struct error err = { 0 };

			bytes[at] = values[i];
			if (unikernel_parse(&unikernel, bytes, image.size, &err) < 0) {
				refused++;
				ck_assert_msg(!error_breach(&err), "byte %zu = %u: %s", at,
					      values[i], error_breach(&err));
			} else {
				accepted++;
				ck_assert_msg(!unikernel_breach(&unikernel), "byte %zu = %u: %s",
					      at, values[i], unikernel_breach(&unikernel));
			}
		}
	}
	/* Both must have happened, or the loop proves nothing. */
	ck_assert_uint_gt(accepted, 1000);
	ck_assert_uint_gt(refused, 500);
}
END_TEST

/* Refused before anything behind the magic is looked at: there is nothing. */
START_TEST(test_too_large)
{
	static const unsigned char magic[] = { 0x7f, 'E', 'L', 'F' };
	struct elf elf = { 0 };
	struct error err = { 0 };

	ck_assert_int_lt(elf_parse(&elf, magic, ELF_FILE_MAX + 1, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "1073741825 bytes"));
}
END_TEST

/* Text whose sample ends in the middle of a character is text all the same. */
START_TEST(test_text)
{
	unsigned char text[600];
	struct elf elf = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	ck_assert_int_lt(elf_parse(&elf, text, sizeof(text), &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "text that begins"));
	ck_assert_int_lt(elf_parse(&elf, text, 4, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "e2 82 ac e2"));
	ck_assert_int_lt(elf_parse(&elf, (const unsigned char *)"hello\n", 6, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "\"hello\""));
}
END_TEST

/* A long name is cut in messages, not in the section. */
START_TEST(test_long_name)
{
	cleanup_elf_image struct elf_image image = build_compact();
	Elf64_Shdr *names = elf_image_section(&image, SH_SHSTRTAB);
	cleanup_elf struct elf elf = { 0 };
	struct error err = { 0 };

	names->sh_offset = image.text;
	names->sh_size = 120;
	memset(image.bytes + image.text, 'x', 119);
	image.bytes[image.text + 119] = '\0';
	for (unsigned i = 1; i < SH_COUNT; i++)
		elf_image_section(&image, i)->sh_name = 0;
	ck_assert_int_eq(elf_parse(&elf, image.bytes, image.size, &err), 0);
	ck_assert_uint_eq(strlen(elf.sections[3].name), 119);
	elf_free(&elf);
	elf_image_section(&image, SH_DATA)->sh_offset = image.size;
	ck_assert_int_lt(elf_parse(&elf, image.bytes, image.size, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "xxx...)"));
}
END_TEST

START_TEST(test_permissions)
{
	char text[4];

	ck_assert_str_eq(elf_permissions(0, text), "---");
	ck_assert_str_eq(elf_permissions(PF_R, text), "r--");
	ck_assert_str_eq(elf_permissions(PF_R | PF_W, text), "rw-");
	ck_assert_str_eq(elf_permissions(PF_X, text), "--x");
	ck_assert_str_eq(elf_permissions(~0u, text), "rwx");
}
END_TEST

START_TEST(test_machine_names)
{
	char text[24];

	ck_assert_str_eq(elf_machine_name(EM_X86_64, text), "x86-64");
	ck_assert_str_eq(elf_machine_name(EM_AARCH64, text), "AArch64");
	ck_assert_str_eq(elf_machine_name(65535, text), "machine 65535");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elf");
	TCase *cases = tcase_create("elf");

	tcase_add_test(cases, test_sound);
	tcase_add_test(cases, test_section_named);
	tcase_add_test(cases, test_every_length);
	tcase_add_test(cases, test_every_byte);
	tcase_add_test(cases, test_too_large);
	tcase_add_test(cases, test_text);
	tcase_add_test(cases, test_long_name);
	tcase_add_test(cases, test_permissions);
	tcase_add_test(cases, test_machine_names);
	tcase_set_timeout(cases, 60);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
