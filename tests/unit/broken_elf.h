/* Unikernels that are broken in one way each, and what must be said about them. */
#ifndef TESTS_UNIT_BROKEN_ELF_H
#define TESTS_UNIT_BROKEN_ELF_H

#include "tests/unit/elf_builder.h"

enum broken_outcome {
	BROKEN_REFUSED, /* unikernel_parse() fails with ERR_INPUT */
	BROKEN_ERROR,	/* it parses; unikernel_check_muen() finds an error */
	BROKEN_WARNING, /* it parses; unikernel_check_muen() finds warnings and no error */
	BROKEN_NOT,	/* strange, but good: it parses, nothing is found */
};

/* A place in a built image. */
enum broken_place {
	AT_NOTHING,
	AT_FILE,
	AT_PROGRAM,  /* program header `number` */
	AT_SECTION,  /* section header `number` */
	AT_TEXT,     /* section .text */
	AT_ABI,	     /* the note ABI1, with its header */
	AT_MANIFEST, /* the note MFT1, with its header */
	AT_NAMES,    /* the section names */
};

struct broken_patch {
	enum broken_place place;
	unsigned number;
	size_t offset; /* from that place, bytes */
	unsigned width;
	uint64_t value;
};

struct broken_elf {
	const char *name; /* [a-z0-9-]+ */
	enum broken_outcome outcome;
	/* What the error's message, or one finding of that severity, contains; "" for BROKEN_NOT.
	 */
	const char *word;
	/* How it is made from Solo5's test_hello for muen: change the spec, then the headers,
	 * then the file as a whole, then cut it off at a place. All may be left out. */
	void (*prepare)(struct elf_spec *spec);
	struct broken_patch patches[6];
	void (*finish)(struct elf_image *image);
	struct broken_patch cut;
};

/* In groups by what is broken. */
extern const struct broken_elf broken_files[];
extern const size_t broken_file_count;
extern const struct broken_elf broken_notes[];
extern const size_t broken_note_count;
extern const struct broken_elf broken_images[];
extern const size_t broken_image_count;

/* All of them, one after the other; NULL behind the last. */
const struct broken_elf *broken_elf_at(size_t index);
/* NULL if there is no such variant. */
const struct broken_elf *broken_elf_named(const char *name);

/* "parse-error", "muen-error", "muen-warning", "good". */
const char *broken_outcome_name(enum broken_outcome outcome);

/* Builds it. Release with elf_image_free(). */
struct elf_image broken_elf_build(const struct broken_elf *broken);

/* For the tables of patches. */
#define PATCH_FIELD(place, number, type, field, value)                                             \
	{                                                                                          \
		(place), (number), offsetof(type, field), sizeof(((type *)0)->field), (value)      \
	}
#define HEADER(field, value) PATCH_FIELD(AT_FILE, 0, Elf64_Ehdr, field, value)
#define PROGRAM(number, field, value) PATCH_FIELD(AT_PROGRAM, number, Elf64_Phdr, field, value)
#define SECTION(number, field, value) PATCH_FIELD(AT_SECTION, number, Elf64_Shdr, field, value)
#define BYTES(place, offset, width, value)                                                         \
	{                                                                                          \
		(place), 0, (offset), (width), (value)                                             \
	}
#define CUT(place, number, offset)                                                                 \
	{                                                                                          \
		(place), (number), (offset), 0, 0                                                  \
	}

#endif
