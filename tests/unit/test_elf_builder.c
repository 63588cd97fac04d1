/* The builder lays unikernels out as Solo5's toolchain does: its headers and notes are those
 * that readelf printed for real binaries of Solo5 0.12.1. */
#include "base/file.h"
#include "solo5/unikernel.h"
#include "tests/unit/elf_builder.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

struct real_binary {
	const char *name;
	uint32_t target;
	uint64_t text, rodata, eh_frame, data, bss; /* sizes of sections */
	struct {
		const char *name;
		uint32_t type;
	} devices[2];
};

static const struct real_binary binaries[] = {
	{ "test_hello.muen", SOLO5_MUEN, 0x4793, 0x8e0, 0xd40, 0x120, 0x4da0, { { 0 } } },
	{ "test_net_2if.muen",
	  SOLO5_MUEN,
	  0x50cb,
	  0xa5d,
	  0xdd8,
	  0x180,
	  0x4db0,
	  { { "service0", SOLO5_NET_BASIC }, { "service1", SOLO5_NET_BASIC } } },
	{ "test_hello.hvt", SOLO5_HVT, 0x4083, 0x670, 0xa08, 0x120, 0x203ca0, { { 0 } } },
	{ "test_blk.hvt",
	  SOLO5_HVT,
	  0x4363,
	  0x66b,
	  0xa3c,
	  0x120,
	  0x203ca0,
	  { { "storage", SOLO5_BLOCK_BASIC } } },
};
#define BINARIES (int)(sizeof(binaries) / sizeof(binaries[0]))

static struct elf_image build_like(const struct real_binary *binary)
{
	struct elf_spec spec = elf_spec_of(binary->target);

	spec.text_size = binary->text;
	spec.rodata_size = binary->rodata;
	spec.eh_frame_size = binary->eh_frame;
	spec.data_size = binary->data;
	spec.bss_size = binary->bss;
	for (size_t i = 0; i < 2 && binary->devices[i].name; i++)
		elf_spec_device(&spec, binary->devices[i].name, binary->devices[i].type);
	return elf_build(&spec);
}

/* Opens what readelf printed for a binary; NULL, and a line that says so, if it is not here. */
static FILE *readelf_output(const char *binary, const char *what)
{
	char relative[128];
	const char *path;

	snprintf(relative, sizeof(relative), "facts/elf-layout/%s.%s.txt", binary, what);
	path = shared_path(relative);
	if (!path) {
		printf("# SKIP %s is not here\n", relative);
		return NULL;
	}
	return fopen(path, "r");
}

static uint32_t segment_type(const char *name)
{
	static const struct {
		const char *name;
		uint32_t type;
	} types[] = {
		{ "INTERP", PT_INTERP }, { "LOAD", PT_LOAD }, { "TLS", PT_TLS }, { "NOTE", PT_NOTE }
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, name))
			return types[i].type;
	return PT_NULL;
}

static uint32_t segment_flags(const char *letters)
{
	return (letters[0] == 'R' ? PF_R : 0u) | (letters[1] == 'W' ? PF_W : 0u) |
	       (letters[2] == 'E' ? PF_X : 0u);
}

START_TEST(test_programs)
{
	const struct real_binary *binary = &binaries[_i];
	cleanup_fclose FILE *real = readelf_output(binary->name, "phdrs");
	cleanup_elf_image struct elf_image image = build_like(binary);
	char line[256], type[16];
	unsigned count = 0;

	while (real && fgets(line, sizeof(line), real)) {
		unsigned long long offset, vaddr, paddr, filesz, memsz, align;
		const Elf64_Phdr *program;
		int end = 0;

		if (sscanf(line, "Entry point %llx", &vaddr) == 1)
			ck_assert_uint_eq(elf_image_header(&image)->e_entry, vaddr);
		if (sscanf(line, "%15s %llx %llx %llx %llx %llx%n", type, &offset, &vaddr, &paddr,
			   &filesz, &memsz, &end) < 6)
			continue;
		program = elf_image_program(&image, count);
		ck_assert_uint_eq(program->p_type, segment_type(type));
		ck_assert_uint_eq(program->p_offset, offset);
		ck_assert_uint_eq(program->p_vaddr, vaddr);
		ck_assert_uint_eq(program->p_paddr, paddr);
		ck_assert_uint_eq(program->p_filesz, filesz);
		ck_assert_uint_eq(program->p_memsz, memsz);
		ck_assert_uint_eq(program->p_flags, segment_flags(line + end + 1));
		ck_assert_int_eq(sscanf(line + end + 5, "%llx", &align), 1);
		ck_assert_uint_eq(program->p_align, align);
		count++;
	}
	ck_assert_uint_eq(count, real ? PH_COUNT : 0);
}
END_TEST

static const char *section_type_name(uint32_t type)
{
	switch (type) {
	case SHT_PROGBITS:
		return "PROGBITS";
	case SHT_NOBITS:
		return "NOBITS";
	case SHT_NOTE:
		return "NOTE";
	default:
		return "";
	}
}

/* All sections that make up the image, and .comment; a real binary has more behind them. */
START_TEST(test_sections)
{
	const struct real_binary *binary = &binaries[_i];
	cleanup_fclose FILE *real = readelf_output(binary->name, "sections");
	cleanup_elf_image struct elf_image image = build_like(binary);
	const char *names = (const char *)image.bytes + image.section_names;
	char line[256], name[32], type[16];
	unsigned count = 0;

	while (real && fgets(line, sizeof(line), real)) {
		unsigned long long address, offset, size;
		const Elf64_Shdr *section;
		unsigned number;

		if (sscanf(line, " [%u] %31s %15s %llx %llx %llx", &number, name, type, &address,
			   &offset, &size) < 6 ||
		    number == SH_NULL || number > SH_COMMENT)
			continue;
		section = elf_image_section(&image, number);
		ck_assert_str_eq(names + section->sh_name, name);
		ck_assert_str_eq(section_type_name(section->sh_type), type);
		ck_assert_uint_eq(section->sh_addr, address);
		ck_assert_uint_eq(section->sh_offset, offset);
		ck_assert_uint_eq(section->sh_size, size);
		count++;
	}
	ck_assert_uint_eq(count, real ? SH_COMMENT : 0);
}
END_TEST

/* Compares the contents of a note with what readelf printed: bytes in hexadecimal. */
static void check_contents(const unsigned char *note, const char *printed)
{
	Elf64_Nhdr header;
	unsigned count = 0;
	unsigned byte;
	int length;

	memcpy(&header, note, sizeof(header));
	note += sizeof(header) + (header.n_namesz + 3) / 4 * 4;
	while (sscanf(printed, " %2x%n", &byte, &length) == 1) {
		ck_assert_uint_eq(note[count++], byte);
		printed += length;
	}
	ck_assert_uint_eq(count, header.n_descsz);
}

START_TEST(test_notes)
{
	const struct real_binary *binary = &binaries[_i];
	cleanup_fclose FILE *real = readelf_output(binary->name, "notes");
	cleanup_elf_image struct elf_image image = build_like(binary);
	char line[4096], name[32];
	unsigned section = SH_NULL, count = 0;
	unsigned long long size;

	while (real && fgets(line, sizeof(line), real)) {
		const char *contents = strstr(line, "description data:");

		if (strstr(line, "Displaying notes"))
			section = strstr(line, "manifest") ? SH_NOTE_MANIFEST
				  : strstr(line, "abi")	   ? SH_NOTE_ABI
							   : SH_NOTE_OPENBSD;
		if (!contents)
			continue;
		ck_assert_int_eq(sscanf(line, "%31s %llx", name, &size), 2);
		contents += strlen("description data:");
		check_contents(image.bytes + elf_image_section(&image, section)->sh_offset,
			       contents);
		count++;
	}
	ck_assert_uint_eq(count, real ? 3 : 0);
}
END_TEST

/* The same spec gives the same bytes; the compact form differs in offsets only. */
START_TEST(test_forms)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image first = elf_build(&spec);
	cleanup_elf_image struct elf_image second = elf_build(&spec);
	cleanup_elf_image struct elf_image compact = { 0 };

	ck_assert_uint_eq(first.size, second.size);
	ck_assert_mem_eq(first.bytes, second.bytes, first.size);
	spec.compact = true;
	compact = elf_build(&spec);
	ck_assert_uint_lt(compact.size + 4096, first.size);
	for (unsigned i = 0; i < PH_COUNT; i++) {
		const Elf64_Phdr *wide = elf_image_program(&first, i);
		const Elf64_Phdr *narrow = elf_image_program(&compact, i);

		ck_assert_uint_eq(wide->p_vaddr, narrow->p_vaddr);
		ck_assert_uint_eq(wide->p_memsz, narrow->p_memsz);
		ck_assert_mem_eq(first.bytes + wide->p_offset, compact.bytes + narrow->p_offset,
				 wide->p_filesz);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elf_builder");
	TCase *cases = tcase_create("layout");

	tcase_add_loop_test(cases, test_programs, 0, BINARIES);
	tcase_add_loop_test(cases, test_sections, 0, BINARIES);
	tcase_add_loop_test(cases, test_notes, 0, BINARIES);
	tcase_add_test(cases, test_forms);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
