/* ELF files without Solo5's notes, or with broken ones. */
#include "tests/unit/broken_elf.h"

#include "solo5/unikernel.h"

#include <stdio.h>
#include <string.h>

#define ENTRY(handle, field) (24 + 8 + 104 * (handle) + (field))
#define NAME 0
#define TYPE 68
#define ATTACHED 96

#define NO_ABI BYTES(AT_ABI, 8, 4, 1)
#define NO_MANIFEST BYTES(AT_MANIFEST, 8, 4, 1)
#define NO_INTERPRETER PROGRAM(PH_INTERP, p_type, PT_NULL)

/* Prepares as many devices as asked for, called net0, net1 and so on. */
static void devices(struct elf_spec *spec, size_t count)
{
	static char names[ELF_SPEC_DEVICES][8];

	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "net%zu", i);
		elf_spec_device(spec, names[i], SOLO5_NET_BASIC);
	}
}

static void two_devices(struct elf_spec *spec)
{
	devices(spec, 2);
}

static void devices_63(struct elf_spec *spec)
{
	devices(spec, 63);
}

static void devices_64(struct elf_spec *spec)
{
	devices(spec, 64);
}

static void name_unended(struct elf_image *image)
{
	memset(image->bytes + image->note_manifest + ENTRY(2, NAME), 'a', 68);
}

static void name_escape(struct elf_image *image)
{
	static const char name[] = "\x1b[31m";

	memcpy(image->bytes + image->note_manifest + ENTRY(2, NAME), name, sizeof(name));
}

static void name_utf8(struct elf_image *image)
{
	static const char name[] = "caf\xc3\xa9";

	memcpy(image->bytes + image->note_manifest + ENTRY(2, NAME), name, sizeof(name));
}

static void interpret(struct elf_image *image, const char *path)
{
	Elf64_Phdr *interpreter = elf_image_program(image, PH_INTERP);

	memcpy(image->bytes + interpreter->p_offset, path, strlen(path) + 1);
	interpreter->p_filesz = interpreter->p_memsz = strlen(path) + 1;
}

static void linux_program(struct elf_image *image)
{
	interpret(image, "/lib64/ld-linux-x86-64.so.2");
}

static void bsd_program(struct elf_image *image)
{
	interpret(image, "/usr/libexec/ld.so");
}

/* One PT_NOTE over all three notes, as linkers make it by default. */
static void merge_notes(struct elf_image *image)
{
	Elf64_Phdr *first = elf_image_program(image, PH_NOTE_MANIFEST);
	Elf64_Phdr *abi = elf_image_program(image, PH_NOTE_ABI);
	Elf64_Phdr *openbsd = elf_image_program(image, PH_NOTE_OPENBSD);

	first->p_filesz += abi->p_filesz + openbsd->p_filesz;
	abi->p_type = openbsd->p_type = PT_NULL;
}

/* A second ABI1 note, for another target, in front of the program header of the first. */
static void second_abi(struct elf_image *image)
{
	static const uint32_t note[9] = { 6, 16, 0x31494241, 0x6f6c6f53, 0x35, SOLO5_HVT, 2 };
	Elf64_Phdr *text = elf_image_program(image, PH_TEXT);

	memcpy(image->bytes + image->text + 0x100, note, sizeof(note));
	*elf_image_program(image, PH_TLS) = *elf_image_program(image, PH_NOTE_MANIFEST);
	*elf_image_program(image, PH_NOTE_MANIFEST) = *elf_image_program(image, PH_NOTE_ABI);
	elf_image_program(image, PH_NOTE_MANIFEST)->p_offset = image->text + 0x100;
	elf_image_program(image, PH_NOTE_MANIFEST)->p_vaddr = text->p_vaddr + 0x120;
}

#define REFUSED(name, word, ...)                                                                   \
	{                                                                                          \
		(name), BROKEN_REFUSED, (word), .patches = { __VA_ARGS__ }                         \
	}
#define MANIFEST(name, word, ...)                                                                  \
	{                                                                                          \
		(name), BROKEN_REFUSED, (word), .prepare = two_devices, .patches = { __VA_ARGS__ } \
	}

const struct broken_elf broken_notes[] = {
	REFUSED("stripped", "lost its notes", NO_ABI, NO_MANIFEST),
	REFUSED("no-abi", "no note ABI1", NO_ABI),
	REFUSED("no-manifest", "no note MFT1", NO_MANIFEST),
	REFUSED("no-abi-header", "section .note.solo5.abi, but no PT_NOTE",
		PROGRAM(PH_NOTE_ABI, p_type, PT_NULL)),
	REFUSED("no-note-headers", "section .note.solo5.abi, but no PT_NOTE",
		PROGRAM(PH_NOTE_ABI, p_type, PT_NULL), PROGRAM(PH_NOTE_MANIFEST, p_type, PT_NULL)),
	{ "merged-notes", BROKEN_REFUSED, "ABI1 stands behind another note",
	  .finish = merge_notes },
	{ "second-abi", BROKEN_NOT, "", .finish = second_abi },
	{ "linux-program", BROKEN_REFUSED,
	  "is a Linux program (interpreter /lib64/ld-linux-x86-64.so.2) for x86-64",
	  .patches = { NO_ABI, NO_MANIFEST }, .finish = linux_program },
	{ "bsd-program", BROKEN_REFUSED, "host program (interpreter /usr/libexec/ld.so)",
	  .patches = { NO_ABI, NO_MANIFEST }, .finish = bsd_program },
	REFUSED("static-program", "statically linked program", NO_ABI, NO_MANIFEST, NO_INTERPRETER),
	REFUSED("arm-program", "for AArch64", NO_ABI, NO_MANIFEST, NO_INTERPRETER,
		HEADER(e_machine, EM_AARCH64)),
	REFUSED("odd-machine", "for machine 4711", NO_ABI, NO_MANIFEST, NO_INTERPRETER,
		HEADER(e_machine, 4711)),
	REFUSED("shared-library", "shared library", NO_ABI, NO_MANIFEST, NO_INTERPRETER,
		HEADER(e_type, ET_DYN)),
	REFUSED("object-file", "object file", NO_ABI, NO_MANIFEST, HEADER(e_type, ET_REL),
		HEADER(e_phnum, 0), HEADER(e_phentsize, 0)),
	REFUSED("core-file", "core file", NO_ABI, NO_MANIFEST, HEADER(e_type, ET_CORE)),
	REFUSED("odd-type", "ELF file of type 99", NO_ABI, NO_MANIFEST, HEADER(e_type, 99)),
	REFUSED("kernel", "an operating system kernel", NO_ABI, NO_MANIFEST, NO_INTERPRETER,
		PROGRAM(PH_TEXT, p_vaddr, 0xffffffff81000000)),
	REFUSED("multiboot-kernel", "an operating system kernel", NO_ABI, NO_MANIFEST,
		NO_INTERPRETER, BYTES(AT_TEXT, 0x20, 4, 0x1badb002)),

	REFUSED("note-tiny", "is a note of 8 bytes", PROGRAM(PH_NOTE_OPENBSD, p_filesz, 8)),
	{ "note-short", BROKEN_NOT, "", .patches = { PROGRAM(PH_NOTE_OPENBSD, p_filesz, 19) } },
	REFUSED("abi-name-size", "no note ABI1", BYTES(AT_ABI, 0, 4, 5)),
	REFUSED("abi-name-size-huge", "no note ABI1", BYTES(AT_ABI, 0, 4, 0xffffffff)),
	REFUSED("abi-name", "no note ABI1", BYTES(AT_ABI, 16, 1, '6')),
	REFUSED("abi-size-0", "claims 0 bytes", BYTES(AT_ABI, 4, 4, 0)),
	REFUSED("abi-size-4", "has 4 bytes of contents, at least 8", BYTES(AT_ABI, 4, 4, 4)),
	REFUSED("abi-size-32", "has only 16 bytes", BYTES(AT_ABI, 4, 4, 32)),
	REFUSED("abi-size-33", "claims 33 bytes", BYTES(AT_ABI, 4, 4, 33)),
	REFUSED("abi-size-huge", "claims 4294967295 bytes", BYTES(AT_ABI, 4, 4, 0xffffffff)),
	REFUSED("abi-segment-short", "has only 4 bytes", PROGRAM(PH_NOTE_ABI, p_filesz, 24)),

	MANIFEST("manifest-size-1", "has 1 bytes of contents, at least 12",
		 BYTES(AT_MANIFEST, 4, 4, 1)),
	MANIFEST("manifest-size-4", "has 4 bytes of contents", BYTES(AT_MANIFEST, 4, 4, 4)),
	MANIFEST("manifest-size-11", "has 11 bytes of contents, at least 12",
		 BYTES(AT_MANIFEST, 4, 4, 11)),
	MANIFEST("manifest-size-more", "has only 324 bytes", BYTES(AT_MANIFEST, 4, 4, 325)),
	MANIFEST("manifest-size-6669", "claims 6669 bytes", BYTES(AT_MANIFEST, 4, 4, 6669)),
	MANIFEST("manifest-size-less", "has 319 bytes, 320 were expected",
		 BYTES(AT_MANIFEST, 4, 4, 323)),
	MANIFEST("manifest-version", "has version 2", BYTES(AT_MANIFEST, 24, 4, 2)),
	MANIFEST("manifest-entries-0", "has 0 entries", BYTES(AT_MANIFEST, 28, 4, 0)),
	MANIFEST("manifest-entries-2", "has 320 bytes, 216 were expected",
		 BYTES(AT_MANIFEST, 28, 4, 2)),
	MANIFEST("manifest-entries-65", "has 65 entries", BYTES(AT_MANIFEST, 28, 4, 65)),
	MANIFEST("manifest-entries-huge", "has 4294967295 entries",
		 BYTES(AT_MANIFEST, 28, 4, 0xffffffff)),
	{ "devices-63", BROKEN_NOT, "", .prepare = devices_63 },
	{ "devices-64", BROKEN_REFUSED, "claims 6772 bytes of contents, 1 to 6668 (63 devices)",
	  .prepare = devices_64 },
	MANIFEST("first-type", "first entry has type 0x2",
		 BYTES(AT_MANIFEST, ENTRY(0, TYPE), 4, SOLO5_NET_BASIC)),
	MANIFEST("first-name", "first entry, which is reserved, has a name",
		 BYTES(AT_MANIFEST, ENTRY(0, NAME), 1, 'x')),
	MANIFEST("first-attached", "entry 0 is marked as attached",
		 BYTES(AT_MANIFEST, ENTRY(0, ATTACHED), 1, 1)),
	MANIFEST("device-attached", "entry 1 is marked as attached",
		 BYTES(AT_MANIFEST, ENTRY(1, ATTACHED), 1, 255)),
	{ "name-unended", BROKEN_REFUSED, "entry 2: its name is not ended", .prepare = two_devices,
	  .finish = name_unended },
	{ "name-escape", BROKEN_REFUSED, "\\x1b[31m", .prepare = two_devices,
	  .finish = name_escape },
	{ "name-utf8", BROKEN_REFUSED, "'caf\xc3\xa9' has other characters", .prepare = two_devices,
	  .finish = name_utf8 },
	MANIFEST("name-empty", "entry 1: the device has an empty name",
		 BYTES(AT_MANIFEST, ENTRY(1, NAME), 8, 0)),
	MANIFEST("name-dash", "'a-b' has other characters",
		 BYTES(AT_MANIFEST, ENTRY(1, NAME), 8, 0x622d61)),
	MANIFEST("name-twice", "entries 1 and 2 are both called 'net0'",
		 BYTES(AT_MANIFEST, ENTRY(2, NAME) + 3, 1, '0')),
};
const size_t broken_note_count = sizeof(broken_notes) / sizeof(broken_notes[0]);
