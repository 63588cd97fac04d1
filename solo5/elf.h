/* The ELF file of a unikernel, checked once and then safe to walk.
 *
 * elf_parse() verifies every offset and size that later code uses: after it, each
 * segment's and each section's file range lies inside the file, and every section name is
 * a NUL-terminated string inside it. Source: System V ABI (ELF-64) and its AMD64 supplement.
 */
#ifndef SOLO5_ELF_H
#define SOLO5_ELF_H

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/* Limits far above what any linker makes, so that a hostile header costs nothing. */
#define ELF_SEGMENTS_MAX 512
#define ELF_SECTIONS_MAX 65535
#define ELF_NAME_MAX 1023	  /* bytes of a section's name */
#define ELF_FILE_MAX (1ull << 30) /* bytes; the largest unikernels have some 100 MB */

struct elf_segment {
	size_t index;	 /* number of its program header, from 0 */
	uint32_t type;	 /* PT_... */
	uint32_t flags;	 /* PF_R | PF_W | PF_X */
	uint64_t offset; /* in the file, bytes */
	uint64_t vaddr;
	uint64_t filesz; /* bytes in the file: if not 0, offset + filesz <= file size */
	uint64_t memsz;	 /* bytes in memory: vaddr + memsz does not overflow; of a PT_LOAD
			  * segment at least filesz */
	uint64_t align;
};

struct elf_section {
	const char *name; /* inside the file's bytes: at most ELF_NAME_MAX bytes of any value,
			   * then NUL; "" if the file has no name table */
	uint32_t type;	  /* SHT_... */
	uint64_t flags;	  /* SHF_... */
	uint64_t addr;
	uint64_t offset;
	uint64_t size; /* addr + size does not overflow; offset + size <= file size unless
			* the type is SHT_NOBITS or SHT_NULL */
};

struct elf {
	const unsigned char *bytes; /* borrowed: the caller's file, which must outlive this */
	size_t size;
	uint16_t type;	  /* ET_... */
	uint16_t machine; /* EM_... */
	uint64_t entry;
	uint64_t section_headers; /* file offset of the section header table, 0 if none */
	struct elf_segment *segments;
	size_t segment_count;
	struct elf_section *sections; /* without the null section 0 */
	size_t section_count;	      /* 0 in a file without section headers */
};

/* Reads headers, segments and sections. Accepts any 64-bit little-endian ELF file, so that
 * inspection can say what it is; fails with ERR_INPUT on anything else and names what the
 * file is instead when its first bytes tell (gzip, xz, zstd, 32-bit ELF, script, PE, ...).
 * `elf` must be released with elf_free() after success. */
int elf_parse(struct elf *elf, const unsigned char *bytes, size_t size, struct error *err);
void elf_free(struct elf *elf);

#define cleanup_elf cleanup_with(elf_free)

/* The section of that name, or NULL. */
const struct elf_section *elf_section_named(const struct elf *elf, const char *name);

/* "x86-64", "AArch64" and the like, or "machine NUMBER" written into text[24]. */
const char *elf_machine_name(uint16_t machine, char text[static 24]);

/* "r-x" and the like, for PF_ flags, into text[4]. */
const char *elf_permissions(uint32_t flags, char text[static 4]);

#endif
