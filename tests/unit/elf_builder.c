#include "tests/unit/elf_builder.h"

#include "base/alloc.h"
#include "solo5/unikernel.h"

#include <string.h>

#define PAGE 4096u
#define TEXT_OFFSET 0x1000u

#define INTERPRETER "/nonexistent/solo5/\0\0\0\0" /* and a NUL: 24 bytes */

#define ABI_NOTE_SIZE 36u
#define OPENBSD_NOTE_SIZE 24u
#define ENTRY_SIZE 104u
#define NAME_FIELD 68u

#define COMMENT "GCC: (Debian 12.2.0-14+deb12u1) 12.2.0" /* and its NUL: 39 bytes */

static const char section_names[] =
	"\0.interp\0.text\0.note.solo5.manifest\0.note.solo5.abi\0.note.solo5.not_openbsd\0"
	".rodata\0.eh_frame\0.data\0.tdata\0.bss\0.comment\0.shstrtab";

static const char *const names[SH_COUNT] = {
	"",
	".interp",
	".text",
	".note.solo5.manifest",
	".note.solo5.abi",
	".note.solo5.not_openbsd",
	".rodata",
	".eh_frame",
	".data",
	".tdata",
	".bss",
	".comment",
	".shstrtab",
};

/* ---- the spec ------------------------------------------------------------ */

struct elf_spec elf_spec_of(uint32_t target)
{
	struct elf_spec spec = {
		.target = target,
		.abi_version = target == SOLO5_HVT || target == SOLO5_SPT ? 2 : 1,
		.base = 0x100000,
		.text_size = 0x4793,
		.rodata_size = 0x8e0,
		.eh_frame_size = 0xd40,
		.data_size = 0x120,
		.bss_size = 0x4da0,
	};

	if (target == SOLO5_MUEN) {
		spec.abi_version = 4;
		spec.base = 0x200000;
		spec.sinfo_count = 3;
		memset(spec.sinfo, 5, spec.sinfo_count);
	}
	if (target == SOLO5_HVT) {
		spec.text_size = 0x4083;
		spec.rodata_size = 0x670;
		spec.eh_frame_size = 0xa08;
		spec.bss_size = 0x203ca0;
	}
	return spec;
}

void elf_spec_device(struct elf_spec *spec, const char *name, uint32_t type)
{
	spec->devices[spec->device_count].name = name;
	spec->devices[spec->device_count].type = type;
	spec->device_count++;
}

/* ---- where everything lies ----------------------------------------------- */

struct placed {
	uint64_t address;
	uint64_t offset;
	uint64_t size;
};

struct layout {
	struct placed sections[SH_COUNT];
	struct placed text, rodata, data, bss; /* segments */
	uint64_t section_headers;
};

static uint64_t round_up(uint64_t number, uint64_t multiple)
{
	return (number + multiple - 1) / multiple * multiple;
}

/* Puts a section behind the last one of its segment. */
static void place(struct layout *layout, unsigned number, struct placed *segment, uint64_t align,
		  uint64_t size)
{
	uint64_t start = round_up(segment->address + segment->size, align) - segment->address;

	layout->sections[number] =
		(struct placed){ segment->address + start, segment->offset + start, size };
	segment->size = start + size;
}

/* Where the segment behind this one begins. */
static struct placed behind(const struct elf_spec *spec, const struct placed *segment)
{
	return (struct placed){
		round_up(segment->address + segment->size, PAGE),
		round_up(segment->offset + segment->size, spec->compact ? 16 : PAGE),
		0,
	};
}

static uint64_t manifest_note_size(const struct elf_spec *spec)
{
	return 20 + 4 + 8 + (spec->device_count + 1) * ENTRY_SIZE;
}

static struct layout lay_out(const struct elf_spec *spec)
{
	struct layout layout = { 0 };
	uint64_t end;

	layout.text = (struct placed){
		spec->base,
		spec->compact ? round_up(sizeof(Elf64_Ehdr) + PH_COUNT * sizeof(Elf64_Phdr), 16)
			      : TEXT_OFFSET,
		0,
	};
	place(&layout, SH_INTERP, &layout.text, 8, sizeof(INTERPRETER));
	place(&layout, SH_TEXT, &layout.text, 16, spec->text_size);
	layout.rodata = behind(spec, &layout.text);
	place(&layout, SH_NOTE_MANIFEST, &layout.rodata, 4, manifest_note_size(spec));
	place(&layout, SH_NOTE_ABI, &layout.rodata, 4, ABI_NOTE_SIZE);
	place(&layout, SH_NOTE_OPENBSD, &layout.rodata, 4, OPENBSD_NOTE_SIZE);
	place(&layout, SH_RODATA, &layout.rodata, 32, spec->rodata_size);
	place(&layout, SH_EH_FRAME, &layout.rodata, 8, spec->eh_frame_size);
	layout.data = behind(spec, &layout.rodata);
	place(&layout, SH_DATA, &layout.data, 32, spec->data_size);
	layout.bss = behind(spec, &layout.data);
	place(&layout, SH_BSS, &layout.bss, 32, spec->bss_size);
	end = layout.data.offset + layout.data.size;
	layout.sections[SH_TDATA] = (struct placed){ layout.bss.address, end, 0 };
	layout.sections[SH_COMMENT] = (struct placed){ 0, end, sizeof(COMMENT) };
	end += sizeof(COMMENT);
	layout.sections[SH_SHSTRTAB] = (struct placed){ 0, end, sizeof(section_names) };
	layout.section_headers = round_up(end + sizeof(section_names), 8);
	return layout;
}

/* ---- contents ------------------------------------------------------------ */

/* cli; hlt; jump back to hlt. Then the subject-info constants, each as the bindings compare
 * it (mov rax, imm64), and bytes that compress as badly as code. */
static void fill_text(const struct elf_spec *spec, unsigned char *text)
{
	static const unsigned char halt[] = { 0xfa, 0xf4, 0xeb, 0xfd };
	static const unsigned char compare[] = { 0x48, 0xb8, 'm', 'u', 'i', 'n', 'f', 'o', 0 };
	uint64_t state = 0x9e3779b97f4a7c15;
	size_t at = 16;

	memcpy(text, halt, sizeof(halt));
	for (size_t i = 0; i < spec->sinfo_count; i++, at += sizeof(compare) + 1) {
		memcpy(text + at, compare, sizeof(compare));
		text[at + sizeof(compare)] = spec->sinfo[i];
	}
	for (; at < spec->text_size; at++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		text[at] = (unsigned char)state;
	}
}

/* A note's header and name; its contents follow at the returned place. */
static unsigned char *start_note(unsigned char *at, const char *name, uint32_t size, uint32_t type)
{
	Elf64_Nhdr header = { (uint32_t)strlen(name) + 1, size, type };

	memcpy(at, &header, sizeof(header));
	memcpy(at + sizeof(header), name, header.n_namesz);
	return at + sizeof(header) + 8;
}

static void fill_notes(const struct elf_spec *spec, const struct layout *layout,
		       unsigned char *bytes)
{
	const uint32_t abi[4] = { spec->target, spec->abi_version };
	const uint32_t manifest[2] = { 1, (uint32_t)spec->device_count + 1 };
	const uint32_t reserved_first = 0x40000000;
	unsigned char *at;

	start_note(bytes + layout->sections[SH_NOTE_OPENBSD].offset, "OpenBSD", 4, 1);
	at = start_note(bytes + layout->sections[SH_NOTE_ABI].offset, "Solo5", sizeof(abi),
			0x31494241);
	memcpy(at, abi, sizeof(abi));
	at = start_note(bytes + layout->sections[SH_NOTE_MANIFEST].offset, "Solo5",
			(uint32_t)manifest_note_size(spec) - 20, 0x3154464d);
	memcpy(at + 4, manifest, sizeof(manifest));
	at += 4 + sizeof(manifest);
	memcpy(at + NAME_FIELD, &reserved_first, sizeof(reserved_first));
	for (size_t i = 0; i < spec->device_count; i++) {
		at += ENTRY_SIZE;
		memcpy(at, spec->devices[i].name, strlen(spec->devices[i].name));
		memcpy(at + NAME_FIELD, &spec->devices[i].type, sizeof(spec->devices[i].type));
	}
}

static void fill_contents(const struct elf_spec *spec, const struct layout *layout,
			  unsigned char *bytes)
{
	const struct placed *sections = layout->sections;

	memcpy(bytes + sections[SH_INTERP].offset, INTERPRETER, sizeof(INTERPRETER));
	fill_text(spec, bytes + sections[SH_TEXT].offset);
	fill_notes(spec, layout, bytes);
	memset(bytes + sections[SH_RODATA].offset, 'r', spec->rodata_size);
	memset(bytes + sections[SH_EH_FRAME].offset, 'e', spec->eh_frame_size);
	memset(bytes + sections[SH_DATA].offset, 'd', spec->data_size);
	memcpy(bytes + sections[SH_COMMENT].offset, COMMENT, sizeof(COMMENT));
	memcpy(bytes + sections[SH_SHSTRTAB].offset, section_names, sizeof(section_names));
}

/* ---- headers ------------------------------------------------------------- */

static Elf64_Phdr program(uint32_t type, uint32_t flags, const struct placed *placed,
			  uint64_t align)
{
	return (Elf64_Phdr){
		.p_type = type,
		.p_flags = flags,
		.p_offset = placed->offset,
		.p_vaddr = placed->address,
		.p_paddr = placed->address,
		.p_filesz = placed->size,
		.p_memsz = placed->size,
		.p_align = align,
	};
}

static void fill_programs(const struct elf_spec *spec, const struct layout *layout,
			  struct elf_image *image)
{
	const struct placed *sections = layout->sections;
	const struct placed nothing = { 0 };
	const struct placed empty = { 0, sizeof(Elf64_Ehdr) + PH_COUNT * sizeof(Elf64_Phdr), 0 };
	const uint32_t code = spec->target == SOLO5_HVT ? PF_X : PF_R | PF_X;
	const Elf64_Phdr programs[PH_COUNT] = {
		[PH_INTERP] = program(PT_INTERP, PF_R, &sections[SH_INTERP], 8),
		[PH_TEXT] = program(PT_LOAD, code, &layout->text, PAGE),
		[PH_RODATA] = program(PT_LOAD, PF_R, &layout->rodata, PAGE),
		[PH_DATA] = program(PT_LOAD, PF_R | PF_W, &layout->data, PAGE),
		[PH_EMPTY] = program(PT_LOAD, PF_R, &empty, PAGE),
		[PH_TLS] = program(PT_TLS, 0, &nothing, 8),
		[PH_BSS] = program(PT_LOAD, PF_R | PF_W, &layout->bss, PAGE),
		[PH_NOTE_OPENBSD] = program(PT_NOTE, PF_R, &sections[SH_NOTE_OPENBSD], 4),
		[PH_NOTE_ABI] = program(PT_NOTE, PF_R, &sections[SH_NOTE_ABI], 4),
		[PH_NOTE_MANIFEST] = program(PT_NOTE, PF_R, &sections[SH_NOTE_MANIFEST], 4),
	};

	memcpy(image->bytes + sizeof(Elf64_Ehdr), programs, sizeof(programs));
	elf_image_program(image, PH_BSS)->p_offset = 0;
	elf_image_program(image, PH_BSS)->p_filesz = 0;
}

static void fill_sections(const struct layout *layout, struct elf_image *image)
{
	static const struct {
		uint32_t type;
		uint64_t flags;
		uint64_t align;
	} kinds[SH_COUNT] = {
		[SH_INTERP] = { SHT_PROGBITS, SHF_ALLOC, 8 },
		[SH_TEXT] = { SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16 },
		[SH_NOTE_MANIFEST] = { SHT_NOTE, SHF_ALLOC, 4 },
		[SH_NOTE_ABI] = { SHT_NOTE, SHF_ALLOC, 4 },
		[SH_NOTE_OPENBSD] = { SHT_NOTE, SHF_ALLOC, 4 },
		[SH_RODATA] = { SHT_PROGBITS, SHF_ALLOC, 32 },
		[SH_EH_FRAME] = { SHT_PROGBITS, SHF_ALLOC, 8 },
		[SH_DATA] = { SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 32 },
		[SH_TDATA] = { SHT_PROGBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS, 1 },
		[SH_BSS] = { SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 32 },
		[SH_COMMENT] = { SHT_PROGBITS, SHF_MERGE | SHF_STRINGS, 1 },
		[SH_SHSTRTAB] = { SHT_STRTAB, 0, 1 },
	};

	for (unsigned i = SH_INTERP; i < SH_COUNT; i++) {
		const struct placed *placed = &layout->sections[i];
		const char *name = memmem(section_names, sizeof(section_names), names[i],
					  strlen(names[i]) + 1);

		*elf_image_section(image, i) = (Elf64_Shdr){
			.sh_name = (uint32_t)(name - section_names),
			.sh_type = kinds[i].type,
			.sh_flags = kinds[i].flags,
			.sh_addr = placed->address,
			.sh_offset = placed->offset,
			.sh_size = placed->size,
			.sh_addralign = kinds[i].align,
			.sh_entsize = i == SH_COMMENT,
		};
	}
}

static void fill_header(const struct layout *layout, struct elf_image *image)
{
	*elf_image_header(image) = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = layout->sections[SH_TEXT].address,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_shoff = layout->section_headers,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = PH_COUNT,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SH_COUNT,
		.e_shstrndx = SH_SHSTRTAB,
	};
}

/* ---- the image ----------------------------------------------------------- */

struct elf_image elf_build(const struct elf_spec *spec)
{
	struct layout layout = lay_out(spec);
	struct elf_image image = {
		.size = layout.section_headers + SH_COUNT * sizeof(Elf64_Shdr),
		.text = layout.sections[SH_TEXT].offset,
		.note_abi = layout.sections[SH_NOTE_ABI].offset,
		.note_manifest = layout.sections[SH_NOTE_MANIFEST].offset,
		.section_headers = layout.section_headers,
		.section_names = layout.sections[SH_SHSTRTAB].offset,
	};

	image.bytes = xcalloc(image.size, 1);
	fill_contents(spec, &layout, image.bytes);
	fill_header(&layout, &image);
	fill_programs(spec, &layout, &image);
	fill_sections(&layout, &image);
	return image;
}

void elf_image_free(struct elf_image *image)
{
	free(image->bytes);
	*image = (struct elf_image){ 0 };
}

Elf64_Ehdr *elf_image_header(struct elf_image *image)
{
	return (void *)image->bytes;
}

Elf64_Phdr *elf_image_program(struct elf_image *image, unsigned number)
{
	return (Elf64_Phdr *)(void *)(image->bytes + sizeof(Elf64_Ehdr)) + number;
}

Elf64_Shdr *elf_image_section(struct elf_image *image, unsigned number)
{
	return (Elf64_Shdr *)(void *)(image->bytes + image->section_headers) + number;
}

void elf_image_patch(struct elf_image *image, size_t offset, unsigned width, uint64_t value)
{
	memcpy(image->bytes + offset, &value, width);
}
