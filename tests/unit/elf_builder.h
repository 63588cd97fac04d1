/* Synthetic Solo5 unikernels for tests, in memory, laid out as Solo5's linker script lays out
 * real ones: .interp first in the text segment, read-only data that begins with the three
 * notes, writable data, an empty PT_LOAD, an empty TLS segment, a PT_LOAD that is all .bss, three
 * PT_NOTE, section headers at the end. Their code only halts.
 */
#ifndef TESTS_UNIT_ELF_BUILDER_H
#define TESTS_UNIT_ELF_BUILDER_H

#include "base/cleanup.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than a manifest can have, so that tests can overfill it. */
#define ELF_SPEC_DEVICES 80

/* What to build. Sizes are of the sections, in bytes. */
struct elf_spec {
	uint32_t target; /* enum solo5_target; hvt has execute-only text, as in reality */
	uint32_t abi_version;
	uint64_t base; /* address of the text segment, multiple of 4096 */
	struct {
		const char *name; /* at most 67 characters, not copied */
		uint32_t type;	  /* enum solo5_device_type */
	} devices[ELF_SPEC_DEVICES];
	size_t device_count;
	uint8_t sinfo[8];   /* revisions of the subject-info constants in the text, in order */
	size_t sinfo_count; /* none: 0 */
	uint64_t text_size; /* at least ELF_SPEC_TEXT_LEAST */
	uint64_t rodata_size;
	uint64_t eh_frame_size;
	uint64_t data_size;
	uint64_t bss_size;
	bool compact; /* file offsets at multiples of 16 instead of 4096: for small files */
};

/* Room for the halting code and all of `sinfo`. */
#define ELF_SPEC_TEXT_LEAST 128

/* The unikernel with the sizes of Solo5 0.12.1's test_hello for muen (ABI 4, subject info 05)
 * or hvt, without devices; other targets get muen's sizes at their own base address. */
struct elf_spec elf_spec_of(uint32_t target);

/* Adds a device. */
void elf_spec_device(struct elf_spec *spec, const char *name, uint32_t type);

/* Numbers of the program headers. */
enum {
	PH_INTERP,
	PH_TEXT,
	PH_RODATA,
	PH_DATA,
	PH_EMPTY,
	PH_TLS,
	PH_BSS,
	PH_NOTE_OPENBSD,
	PH_NOTE_ABI,
	PH_NOTE_MANIFEST,
	PH_COUNT
};

/* Numbers of the section headers. */
enum {
	SH_NULL,
	SH_INTERP,
	SH_TEXT,
	SH_NOTE_MANIFEST,
	SH_NOTE_ABI,
	SH_NOTE_OPENBSD,
	SH_RODATA,
	SH_EH_FRAME,
	SH_DATA,
	SH_TDATA,
	SH_BSS,
	SH_COMMENT,
	SH_SHSTRTAB,
	SH_COUNT
};

/* A file in memory. The offsets are where tests patch it. */
struct elf_image {
	unsigned char *bytes; /* owned, 16-byte aligned */
	size_t size;
	size_t text;	      /* of section .text */
	size_t note_abi;      /* of the note's header; its contents begin 20 bytes later */
	size_t note_manifest; /* of the note's header; struct mft begins 24 bytes later */
	size_t section_headers;
	size_t section_names;
};

/* Builds it. The same spec gives the same bytes. Release with elf_image_free(). */
struct elf_image elf_build(const struct elf_spec *spec);
void elf_image_free(struct elf_image *image);
#define cleanup_elf_image cleanup_with(elf_image_free)

/* The headers in the image's bytes, to be read and changed in place. Valid as long as the
 * image has its section headers where the builder put them. */
Elf64_Ehdr *elf_image_header(struct elf_image *image);
Elf64_Phdr *elf_image_program(struct elf_image *image, unsigned number);
Elf64_Shdr *elf_image_section(struct elf_image *image, unsigned number);

/* Overwrites `width` bytes (1 to 8) at an offset with a little-endian number. */
void elf_image_patch(struct elf_image *image, size_t offset, unsigned width, uint64_t value);

#endif
