#include "solo5/elf.h"

#include "base/alloc.h"
#include "base/text.h"
#include "solo5/file_kind.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Headers are copied into <elf.h>'s structs as they are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian machine is needed");

#define MEND_DAMAGED "the file is damaged: build or copy it again"
#define MEND_TRUNCATED "it was probably not copied completely: build or copy it again"

static bool inside(const struct elf *elf, uint64_t offset, uint64_t length)
{
	return offset <= elf->size && length <= elf->size - offset;
}

static int fail_damaged(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail_damaged(struct error *err, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err_fail(err, ERR_INPUT, "%s", text);
	return err_mend(err, MEND_DAMAGED);
}

/* For a part of the file that is not (wholly) there. */
static int fail_outside(const struct elf *elf, const char *what, uint64_t offset, uint64_t length,
			struct error *err)
{
	uint64_t end;

	if (__builtin_add_overflow(offset, length, &end))
		return fail_damaged(err,
				    "%s claims %#" PRIx64 " bytes from offset %#" PRIx64
				    " on, more than any file can have",
				    what, length, offset);
	err_fail(err, ERR_INPUT,
		 "is truncated: %s ends at byte %" PRIu64 " of the file, the file has %zu bytes",
		 what, end, elf->size);
	return err_mend(err, MEND_TRUNCATED);
}

/* ---- the ELF header ------------------------------------------------------ */

static const struct {
	uint16_t machine;
	const char *name;
} machines[] = {
	{ EM_X86_64, "x86-64" },    { EM_386, "x86 (32-bit)" },
	{ EM_AARCH64, "AArch64" },  { EM_ARM, "ARM (32-bit)" },
	{ EM_PPC64, "PowerPC 64" }, { EM_PPC, "PowerPC" },
	{ EM_RISCV, "RISC-V" },	    { EM_S390, "IBM Z" },
	{ EM_SPARCV9, "SPARC 64" }, { EM_MIPS, "MIPS" },
	{ EM_IA_64, "Itanium" },    { EM_SPARC, "SPARC" },
	{ EM_BPF, "BPF" },	    { 258 /* LoongArch */, "LoongArch" },
};

const char *elf_machine_name(uint16_t machine, char text[static 24])
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	snprintf(text, 24, "machine %u", machine);
	return text;
}

/* An ELF file of the wrong width or byte order: named with its machine if it has one. */
static int fail_other_elf(const struct elf *elf, const char *what, bool big_endian,
			  struct error *err)
{
	const size_t at = offsetof(Elf64_Ehdr, e_machine);
	char text[24], machine[64] = "";

	if (elf->size >= at + 2) {
		const unsigned char *bytes = elf->bytes + at;
		unsigned number = big_endian ? bytes[0] << 8 | bytes[1] : bytes[1] << 8 | bytes[0];

		snprintf(machine, sizeof(machine), " for %s",
			 elf_machine_name((uint16_t)number, text));
	}
	err_fail(err, ERR_INPUT, "is a %s ELF file%s, a 64-bit little-endian one was expected",
		 what, machine);
	return err_mend(err, "build the unikernel for x86-64");
}

static int check_identification(const struct elf *elf, struct error *err)
{
	const unsigned char *ident = elf->bytes;

	if (elf->size < SELFMAG || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return file_kind_fail(elf->bytes, elf->size, err);
	if (elf->size > ELF_FILE_MAX) {
		err_fail(err, ERR_INPUT, "is %zu bytes large, at most %llu are accepted", elf->size,
			 ELF_FILE_MAX);
		return err_mend(err, "check that this is the unikernel that you meant; strip -g "
				     "removes debugging information");
	}
	if (elf->size < EI_NIDENT)
		return fail_outside(elf, "the ELF header", 0, sizeof(Elf64_Ehdr), err);
	if (ident[EI_CLASS] == ELFCLASS32)
		return fail_other_elf(elf, "32-bit", ident[EI_DATA] == ELFDATA2MSB, err);
	if (ident[EI_CLASS] != ELFCLASS64)
		return fail_damaged(err, "the ELF header's class is %u, %u (64-bit) was expected",
				    ident[EI_CLASS], ELFCLASS64);
	if (ident[EI_DATA] == ELFDATA2MSB)
		return fail_other_elf(elf, "big-endian", true, err);
	if (ident[EI_DATA] != ELFDATA2LSB)
		return fail_damaged(
			err, "the ELF header's byte order is %u, %u (little-endian) was expected",
			ident[EI_DATA], ELFDATA2LSB);
	if (elf->size < sizeof(Elf64_Ehdr))
		return fail_outside(elf, "the ELF header", 0, sizeof(Elf64_Ehdr), err);
	return 0;
}

static int read_header(struct elf *elf, Elf64_Ehdr *header, struct error *err)
{
	memcpy(header, elf->bytes, sizeof(*header));
	if (header->e_ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
		return fail_damaged(err, "the ELF header's version is %u and %u, %u was expected",
				    header->e_ident[EI_VERSION], header->e_version, EV_CURRENT);
	if (header->e_ehsize != sizeof(*header))
		return fail_damaged(err,
				    "the ELF header says that it has %u bytes (e_ehsize), "
				    "%zu were expected",
				    header->e_ehsize, sizeof(*header));
	elf->type = header->e_type;
	elf->machine = header->e_machine;
	elf->entry = header->e_entry;
	elf->section_headers = header->e_shoff;
	return 0;
}

/* ---- segments ------------------------------------------------------------ */

static int check_segment(const struct elf *elf, const struct elf_segment *segment,
			 struct error *err)
{
	char what[48];
	uint64_t end;

	snprintf(what, sizeof(what), "segment %zu", segment->index);
	if (segment->filesz && !inside(elf, segment->offset, segment->filesz))
		return fail_outside(elf, what, segment->offset, segment->filesz, err);
	if (__builtin_add_overflow(segment->vaddr, segment->memsz, &end))
		return fail_damaged(err,
				    "%s claims %#" PRIx64 " bytes of memory from address %#" PRIx64
				    " on, beyond the end of the address space",
				    what, segment->memsz, segment->vaddr);
	if (segment->type == PT_LOAD && segment->filesz > segment->memsz)
		return fail_damaged(err,
				    "%s has %#" PRIx64 " bytes in the file (p_filesz), more than "
				    "its %#" PRIx64 " bytes of memory (p_memsz)",
				    what, segment->filesz, segment->memsz);
	return 0;
}

static int check_segment_table(const struct elf *elf, const Elf64_Ehdr *header, struct error *err)
{
	uint64_t length = header->e_phnum * sizeof(Elf64_Phdr);

	if (header->e_phnum == PN_XNUM)
		return fail_damaged(err,
				    "has 65535 program headers or more (e_phnum is PN_XNUM), "
				    "at most %u are accepted",
				    ELF_SEGMENTS_MAX);
	if (header->e_phnum > ELF_SEGMENTS_MAX)
		return fail_damaged(err, "has %u program headers, at most %u are accepted",
				    header->e_phnum, ELF_SEGMENTS_MAX);
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return fail_damaged(err,
				    "the ELF header says that a program header has %u bytes "
				    "(e_phentsize), %zu were expected",
				    header->e_phentsize, sizeof(Elf64_Phdr));
	if (!inside(elf, header->e_phoff, length))
		return fail_outside(elf, "the program header table", header->e_phoff, length, err);
	return 0;
}

static int read_segments(struct elf *elf, const Elf64_Ehdr *header, struct error *err)
{
	if (!header->e_phnum)
		return 0;
	if (check_segment_table(elf, header, err) < 0)
		return -1;
	elf->segments = xcalloc(header->e_phnum, sizeof(*elf->segments));
	for (size_t i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr program;

		memcpy(&program, elf->bytes + header->e_phoff + i * sizeof(program),
		       sizeof(program));
		elf->segments[i] = (struct elf_segment){
			.index = i,
			.type = program.p_type,
			.flags = program.p_flags,
			.offset = program.p_offset,
			.vaddr = program.p_vaddr,
			.filesz = program.p_filesz,
			.memsz = program.p_memsz,
			.align = program.p_align,
		};
		if (check_segment(elf, &elf->segments[i], err) < 0)
			return -1;
		elf->segment_count++;
	}
	return 0;
}

/* ---- sections ------------------------------------------------------------ */

/* The section header table: where it is, how many there are and where their names are, also
 * where section 0 holds what the ELF header has no room for. */
struct section_table {
	uint64_t offset;
	uint64_t count;
	uint32_t names_index;
	const char *names; /* NULL: no section has a name */
	uint64_t names_size;
};

static void section_header(const struct elf *elf, const struct section_table *table, uint64_t index,
			   Elf64_Shdr *section)
{
	memcpy(section, elf->bytes + table->offset + index * sizeof(*section), sizeof(*section));
}

static int find_section_table(const struct elf *elf, const Elf64_Ehdr *header,
			      struct section_table *table, struct error *err)
{
	Elf64_Shdr first;

	*table = (struct section_table){ .offset = header->e_shoff,
					 .count = header->e_shnum,
					 .names_index = header->e_shstrndx };
	if (header->e_shentsize != sizeof(first))
		return fail_damaged(err,
				    "the ELF header says that a section header has %u bytes "
				    "(e_shentsize), %zu were expected",
				    header->e_shentsize, sizeof(first));
	if (!inside(elf, table->offset, sizeof(first)))
		return fail_outside(elf, "the section header table", table->offset,
				    table->count ? table->count * sizeof(first) : sizeof(first),
				    err);
	section_header(elf, table, 0, &first);
	if (!header->e_shnum)
		table->count = first.sh_size;
	if (header->e_shstrndx == SHN_XINDEX)
		table->names_index = first.sh_link;
	if (table->count < 1 || table->count > ELF_SECTIONS_MAX)
		return fail_damaged(err,
				    "the section header table has %" PRIu64
				    " entries, 1 to %u are accepted",
				    table->count, ELF_SECTIONS_MAX);
	if (!inside(elf, table->offset, table->count * sizeof(first)))
		return fail_outside(elf, "the section header table", table->offset,
				    table->count * sizeof(first), err);
	return 0;
}

static int find_section_names(const struct elf *elf, struct section_table *table, struct error *err)
{
	Elf64_Shdr section;

	if (table->names_index == SHN_UNDEF)
		return 0;
	if (table->names_index >= table->count)
		return fail_damaged(err,
				    "the section names are said to be in section %u, there are "
				    "only %" PRIu64 " sections",
				    table->names_index, table->count);
	section_header(elf, table, table->names_index, &section);
	if (section.sh_type != SHT_STRTAB)
		return fail_damaged(err,
				    "section %u, said to hold the section names, has type %u, "
				    "%u (a string table) was expected",
				    table->names_index, section.sh_type, SHT_STRTAB);
	if (!inside(elf, section.sh_offset, section.sh_size))
		return fail_outside(elf, "the table of section names", section.sh_offset,
				    section.sh_size, err);
	/* One NUL at the very end bounds every name in it. */
	if (!section.sh_size || elf->bytes[section.sh_offset + section.sh_size - 1])
		return fail_damaged(err,
				    "the table of section names (section %u, %" PRIu64
				    " bytes) does not end with NUL",
				    table->names_index, section.sh_size);
	table->names = (const char *)elf->bytes + section.sh_offset;
	table->names_size = section.sh_size;
	return 0;
}

static int check_name(const struct section_table *table, uint32_t at, size_t index,
		      struct error *err)
{
	if (!table->names)
		return 0;
	if (at >= table->names_size)
		return fail_damaged(err,
				    "section %zu: its name is said to be at byte %u of the section "
				    "names, which have %" PRIu64 " bytes",
				    index, at, table->names_size);
	/* The table ends with NUL: no name runs out of it. */
	if (strnlen(table->names + at, ELF_NAME_MAX + 1) > ELF_NAME_MAX)
		return fail_damaged(err, "section %zu: its name has more than %u characters", index,
				    ELF_NAME_MAX);
	return 0;
}

static int check_section(const struct elf *elf, const struct elf_section *section, size_t index,
			 struct error *err)
{
	char name[64], what[96];
	uint64_t end;

	text_printable(section->name, strnlen(section->name, sizeof(name)), name, sizeof(name));
	snprintf(what, sizeof(what), "section %zu (%s)", index, name);
	if (section->type != SHT_NOBITS && section->type != SHT_NULL &&
	    !inside(elf, section->offset, section->size))
		return fail_outside(elf, what, section->offset, section->size, err);
	if (__builtin_add_overflow(section->addr, section->size, &end))
		return fail_damaged(err,
				    "%s claims %#" PRIx64 " bytes of memory from address %#" PRIx64
				    " on, beyond the end of the address space",
				    what, section->size, section->addr);
	return 0;
}

static int read_section(struct elf *elf, const struct section_table *table, size_t index,
			struct error *err)
{
	struct elf_section *section = &elf->sections[elf->section_count];
	Elf64_Shdr header;

	section_header(elf, table, index, &header);
	if (check_name(table, header.sh_name, index, err) < 0)
		return -1;
	*section = (struct elf_section){
		.name = table->names ? table->names + header.sh_name : "",
		.type = header.sh_type,
		.flags = header.sh_flags,
		.addr = header.sh_addr,
		.offset = header.sh_offset,
		.size = header.sh_size,
	};
	if (check_section(elf, section, index, err) < 0)
		return -1;
	elf->section_count++;
	return 0;
}

static int read_sections(struct elf *elf, const Elf64_Ehdr *header, struct error *err)
{
	struct section_table table;

	if (!header->e_shoff && header->e_shnum)
		return fail_damaged(err,
				    "the ELF header counts %u sections (e_shnum), but says that "
				    "there is no section header table (e_shoff is 0)",
				    header->e_shnum);
	if (!header->e_shoff)
		return 0;
	if (find_section_table(elf, header, &table, err) < 0 ||
	    find_section_names(elf, &table, err) < 0)
		return -1;
	elf->sections = xcalloc(table.count, sizeof(*elf->sections));
	for (size_t i = 1; i < table.count; i++)
		if (read_section(elf, &table, i, err) < 0)
			return -1;
	return 0;
}

/* ---- the whole ----------------------------------------------------------- */

int elf_parse(struct elf *elf, const unsigned char *bytes, size_t size, struct error *err)
{
	Elf64_Ehdr header;

	*elf = (struct elf){ .bytes = bytes, .size = size };
	if (check_identification(elf, err) < 0 || read_header(elf, &header, err) < 0 ||
	    read_segments(elf, &header, err) < 0 || read_sections(elf, &header, err) < 0) {
		elf_free(elf);
		return -1;
	}
	return 0;
}

void elf_free(struct elf *elf)
{
	free(elf->segments);
	free(elf->sections);
	*elf = (struct elf){ 0 };
}

const struct elf_section *elf_section_named(const struct elf *elf, const char *name)
{
	for (size_t i = 0; i < elf->section_count; i++)
		if (!strcmp(elf->sections[i].name, name))
			return &elf->sections[i];
	return NULL;
}

const char *elf_permissions(uint32_t flags, char text[static 4])
{
	text[0] = flags & PF_R ? 'r' : '-';
	text[1] = flags & PF_W ? 'w' : '-';
	text[2] = flags & PF_X ? 'x' : '-';
	text[3] = '\0';
	return text;
}
