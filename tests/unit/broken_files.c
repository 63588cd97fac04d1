/* Files that are no 64-bit ELF file, and ELF files with broken headers. */
#include "tests/unit/broken_elf.h"

#include <string.h>

/* Makes the file something else: a mark at an offset among bytes that are neither text nor
 * zero. */
static void become(struct elf_image *image, size_t offset, const char *mark, size_t length)
{
	memset(image->bytes, 0x8f, image->size);
	memcpy(image->bytes + offset, mark, length);
}

#define BECOME(name, offset, mark)                                                                 \
	static void become_##name(struct elf_image *image)                                         \
	{                                                                                          \
		become(image, (offset), (mark), sizeof(mark) - 1);                                 \
	}

BECOME(noise, 0, "")
BECOME(gzip, 0, "\x1f\x8b\x08")
BECOME(xz, 0, "\xfd\x37\x7a\x58\x5a\0")
BECOME(zstd, 0, "\x28\xb5\x2f\xfd")
BECOME(bzip2, 0, "BZh9")
BECOME(lz4, 0, "\x04\x22\x4d\x18")
BECOME(zip, 0, "PK\3\4")
BECOME(tar, 257, "ustar")
BECOME(iso, 32769, "CD001")
BECOME(pe, 0, "MZ\x90\0")
BECOME(bzimage, 514, "HdrS")
BECOME(csl, 0, "\x5e\xb6\x8c\x44\xa2\x5f\xdc\x8a")
BECOME(old_csl, 16, "\x32\xd2\x38\xd6\x14\xf4\xc6\x9e")
BECOME(script, 0, "#!/bin/sh\nexec true\n")
BECOME(xml, 0, "<?xml version=\"1.0\"?>\n<system/>\n")
BECOME(lfs, 0, "version https://git-lfs.github.com/spec/v1\n")

static void become_zeroes(struct elf_image *image)
{
	memset(image->bytes, 0, image->size);
}

static void become_text(struct elf_image *image)
{
	static const char text[] = "Not\tfound\x1b\nhere\n";

	memset(image->bytes, ' ', image->size);
	memcpy(image->bytes, text, sizeof(text) - 1);
	image->bytes[9] = ' '; /* the escape character would make it binary */
}

static void become_elf32(struct elf_image *image)
{
	image->bytes[EI_CLASS] = ELFCLASS32;
	elf_image_header(image)->e_machine = EM_386;
}

static void become_big_endian(struct elf_image *image)
{
	image->bytes[EI_DATA] = ELFDATA2MSB;
	elf_image_header(image)->e_machine = __builtin_bswap16(EM_S390);
}

/* A table of section names that is one long name. */
static void long_name(struct elf_image *image)
{
	memset(image->bytes + 0x1100, 'x', 1999);
	image->bytes[0x1100 + 1999] = '\0';
}

#define KIND(name, word)                                                                           \
	{                                                                                          \
#name, BROKEN_REFUSED, (word), .finish = become_##name                             \
	}
#define TRUNCATED(name, word, place, number, offset)                                               \
	{                                                                                          \
		(name), BROKEN_REFUSED, (word), .cut = CUT(place, number, offset)                  \
	}
#define REFUSED(name, word, ...)                                                                   \
	{                                                                                          \
		(name), BROKEN_REFUSED, (word), .patches = { __VA_ARGS__ }                         \
	}

const struct broken_elf broken_files[] = {
	TRUNCATED("empty", "empty file", AT_FILE, 0, 0),
	KIND(noise, "8f 8f 8f 8f"),
	KIND(zeroes, "zero bytes"),
	KIND(text, "Not\\x09found"),
	KIND(gzip, "gzip"),
	KIND(xz, "xz"),
	KIND(zstd, "zstd"),
	KIND(bzip2, "bzip2"),
	KIND(lz4, "lz4"),
	KIND(zip, "ZIP"),
	KIND(tar, "tar archive"),
	KIND(iso, "ISO 9660"),
	KIND(pe, "PE file"),
	KIND(bzimage, "Linux kernel"),
	KIND(csl, "CSL"),
	KIND(old_csl, "an older revision (CSL)"),
	KIND(script, "script"),
	KIND(xml, "XML"),
	KIND(lfs, "Git LFS"),
	KIND(elf32, "32-bit ELF file for x86 (32-bit)"),
	{ "big-endian", BROKEN_REFUSED, "big-endian ELF file for IBM Z",
	  .finish = become_big_endian },

	TRUNCATED("cut-in-magic", "7f 45 4c 00", AT_FILE, 0, 3),
	TRUNCATED("cut-in-ident", "ELF header ends at byte 64 of the file, the file has 10 bytes",
		  AT_FILE, 0, 10),
	TRUNCATED("cut-in-header", "the file has 63 bytes", AT_FILE, 0, 63),
	TRUNCATED("cut-after-header", "program header table ends", AT_PROGRAM, PH_INTERP, 0),
	TRUNCATED("cut-in-programs", "program header table ends", AT_PROGRAM, PH_TLS, 20),
	TRUNCATED("cut-after-programs", "segment 0 ends", AT_PROGRAM, PH_COUNT, 0),
	TRUNCATED("cut-before-text", "segment 1 ends", AT_TEXT, 0, 0),
	TRUNCATED("cut-in-text", "segment 1 ends", AT_TEXT, 0, 1000),
	TRUNCATED("cut-in-manifest", "segment 2 ends", AT_MANIFEST, 0, 30),
	TRUNCATED("cut-in-abi", "segment 2 ends", AT_ABI, 0, 4),
	TRUNCATED("cut-in-data", "segment 3 ends", AT_FILE, 0, 0x8010),
	TRUNCATED("cut-in-names", "section header table ends", AT_NAMES, 0, 10),
	TRUNCATED("cut-before-sections", "section header table ends", AT_SECTION, SH_NULL, 0),
	TRUNCATED("cut-in-sections", "section header table ends", AT_SECTION, SH_DATA, 60),
	TRUNCATED("cut-last-byte", "section header table ends", AT_SECTION, SH_SHSTRTAB, 63),

	REFUSED("class", "class is 7", BYTES(AT_FILE, EI_CLASS, 1, 7)),
	REFUSED("byte-order", "byte order is 9", BYTES(AT_FILE, EI_DATA, 1, 9)),
	REFUSED("ident-version", "version is 0", BYTES(AT_FILE, EI_VERSION, 1, 0)),
	REFUSED("version", "version is 1 and 2", HEADER(e_version, 2)),
	REFUSED("header-size", "e_ehsize", HEADER(e_ehsize, 52)),
	REFUSED("program-size", "e_phentsize", HEADER(e_phentsize, 32)),
	REFUSED("programs-xnum", "PN_XNUM", HEADER(e_phnum, PN_XNUM)),
	REFUSED("programs-many", "600 program headers", HEADER(e_phnum, 600)),
	REFUSED("programs-outside", "program header table ends", HEADER(e_phoff, 0x7fffffff)),
	REFUSED("programs-wrap", "more than any file", HEADER(e_phoff, UINT64_MAX - 63)),

	REFUSED("segment-outside", "segment 3 ends at byte 4294967",
		PROGRAM(PH_DATA, p_offset, 0xffffffff)),
	REFUSED("segment-wraps", "segment 2 claims", PROGRAM(PH_RODATA, p_offset, UINT64_MAX - 15)),
	REFUSED("segment-size-wraps", "segment 7 claims",
		PROGRAM(PH_NOTE_OPENBSD, p_filesz, UINT64_MAX - 15)),
	REFUSED("segment-memory-wraps", "beyond the end of the address space",
		PROGRAM(PH_BSS, p_vaddr, UINT64_MAX - 4095)),
	REFUSED("segment-no-memory", "p_memsz", PROGRAM(PH_DATA, p_memsz, 0x100)),
	REFUSED("segment-file-huge", "segment 1 ends", PROGRAM(PH_TEXT, p_filesz, 5ull << 30),
		PROGRAM(PH_TEXT, p_memsz, 5ull << 30)),

	REFUSED("section-size", "e_shentsize", HEADER(e_shentsize, 40)),
	REFUSED("sections-none", "has 0 entries", HEADER(e_shnum, 0)),
	REFUSED("sections-huge", "has 1099511627776 entries", HEADER(e_shnum, 0),
		SECTION(SH_NULL, sh_size, 1ull << 40)),
	REFUSED("sections-many", "section header table ends", HEADER(e_shnum, 0xfeff)),
	REFUSED("sections-outside", "section header table ends", HEADER(e_shoff, 0x7fffffff)),
	REFUSED("sections-wrap", "more than any file", HEADER(e_shoff, UINT64_MAX - 63)),
	REFUSED("sections-nowhere", "e_shoff is 0", HEADER(e_shoff, 0)),
	REFUSED("names-index", "there are only 13 sections", HEADER(e_shstrndx, 13)),
	REFUSED("names-type", "string table", HEADER(e_shstrndx, SH_DATA)),
	REFUSED("names-outside", "table of section names ends",
		SECTION(SH_SHSTRTAB, sh_offset, 0x7fffffff)),
	REFUSED("names-empty", "does not end with NUL", SECTION(SH_SHSTRTAB, sh_size, 0)),
	REFUSED("names-unterminated", "does not end with NUL", SECTION(SH_SHSTRTAB, sh_size, 5)),
	{ "name-long", BROKEN_REFUSED, "section 1: its name has more than 1023",
	  .patches = { SECTION(SH_SHSTRTAB, sh_offset, 0x1100),
		       SECTION(SH_SHSTRTAB, sh_size, 2000) },
	  .finish = long_name },
	REFUSED("name-outside", "section 8: its name", SECTION(SH_DATA, sh_name, 0x10000)),
	REFUSED("section-outside", "section 6 (.rodata)", SECTION(SH_RODATA, sh_size, 1ull << 32)),
	REFUSED("section-wraps", "section 8 (.data) claims",
		SECTION(SH_DATA, sh_offset, UINT64_MAX)),
	REFUSED("section-size-wraps", "section 11 (.comment) claims",
		SECTION(SH_COMMENT, sh_size, UINT64_MAX - 15)),
	REFUSED("section-memory-wraps", "section 10 (.bss) claims",
		SECTION(SH_BSS, sh_addr, UINT64_MAX - 1)),
	{ "sections-extended", BROKEN_NOT, "",
	  .patches = { HEADER(e_shnum, 0), HEADER(e_shstrndx, SHN_XINDEX),
		       SECTION(SH_NULL, sh_size, SH_COUNT),
		       SECTION(SH_NULL, sh_link, SH_SHSTRTAB) } },
	{ "segment-empty-outside", BROKEN_NOT, "",
	  .patches = { PROGRAM(PH_BSS, p_offset, UINT64_MAX) } },
};
const size_t broken_file_count = sizeof(broken_files) / sizeof(broken_files[0]);
