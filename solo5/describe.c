/* What an ELF file is that is no Solo5 unikernel, as far as its headers tell. */
#include "solo5/internal.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* What Solo5 makes the "program interpreter" of its unikernels, so that no host runs them. */
#define SOLO5_INTERPRETER "/nonexistent/solo5/"

#define NOT_HERE "a Solo5 unikernel was expected: it would carry the notes ABI1 and MFT1"
#define MEND_NAME "name the unikernel itself: for MirageOS, dist/NAME.muen as `make` leaves it"

/* Addresses of the upper half: kernels of 64-bit systems live there. */
#define UPPER_HALF (1ull << 63)

static bool has_interpreter(const struct elf *elf, char *text, size_t size)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		const char *path;

		if (segment->type != PT_INTERP || !segment->filesz)
			continue;
		path = (const char *)elf->bytes + segment->offset;
		text_printable(path, strnlen(path, segment->filesz), text, size);
		return true;
	}
	return false;
}

static bool in_upper_half(const struct elf *elf)
{
	for (size_t i = 0; i < elf->segment_count; i++)
		if (elf->segments[i].type == PT_LOAD && elf->segments[i].vaddr >= UPPER_HALF)
			return true;
	return false;
}

/* A multiboot header (version 1 or 2), which stands in the first 8 or 32 KiB. */
static bool has_multiboot(const struct elf *elf)
{
	size_t end = elf->size < 32768 ? elf->size : 32768;

	for (size_t at = 0; at + 4 <= end; at += 4) {
		uint32_t word;

		memcpy(&word, elf->bytes + at, sizeof(word));
		if ((word == 0x1badb002 && at < 8192) || word == 0xe85250d6)
			return true;
	}
	return false;
}

static bool is_kernel(const struct elf *elf)
{
	return in_upper_half(elf) || elf_section_named(elf, "__ksymtab") || has_multiboot(elf);
}

/* What the file is in a few words, into text. */
static void describe_kind(const struct elf *elf, char *text, size_t size)
{
	char interpreter[128];

	if (elf->type == ET_REL && elf_section_named(elf, ".modinfo"))
		snprintf(text, size, "a Linux kernel module");
	else if (elf->type == ET_REL)
		snprintf(text, size, "an object file that is not linked yet");
	else if (elf->type == ET_CORE)
		snprintf(text, size, "the core file of a crashed program");
	else if (elf->type != ET_EXEC && elf->type != ET_DYN)
		snprintf(text, size, "an ELF file of type %u", elf->type);
	else if (has_interpreter(elf, interpreter, sizeof(interpreter)))
		snprintf(text, size, "a %sprogram (interpreter %s)",
			 strstr(interpreter, "ld-linux") || strstr(interpreter, "ld-musl")
				 ? "Linux "
				 : "host ",
			 interpreter);
	else if (is_kernel(elf))
		snprintf(text, size, "an operating system kernel");
	else if (elf->type == ET_DYN)
		snprintf(text, size, "a shared library or static position-independent program");
	else
		snprintf(text, size, "a statically linked program");
}

static int fail_stripped(struct error *err)
{
	err_fail(err, ERR_INPUT,
		 "is a Solo5 unikernel (interpreter %s) that lost its notes ABI1 and MFT1, so that "
		 "nothing tells its target and its devices",
		 SOLO5_INTERPRETER);
	return err_mend(err, "take the file as the build left it; if it must be stripped, use "
			     "`strip`, without removing sections or notes");
}

/* The note is somewhere, but not where Solo5 looks. */
static int fail_misplaced(const struct note_kind *kind, enum note_place place, struct error *err)
{
	if (place == NOTE_NOT_FIRST)
		err_fail(err, ERR_INPUT,
			 "Solo5's note %s stands behind another note in its PT_NOTE segment; only "
			 "the first note of a segment counts",
			 kind->name);
	else
		err_fail(err, ERR_INPUT,
			 "Solo5's note %s is in section %s, but no PT_NOTE program header says so; "
			 "one was expected",
			 kind->name, kind->section);
	return err_mend(err, "link the unikernel with Solo5's own linker script for its target, "
			     "which gives each note a program header of its own");
}

static int fail_half(bool has_abi, struct error *err)
{
	const struct note_kind *there = has_abi ? &note_abi : &note_manifest;
	const struct note_kind *missing = has_abi ? &note_manifest : &note_abi;

	err_fail(err, ERR_INPUT, "has Solo5's note %s, but no note %s; a unikernel has both",
		 there->name, missing->name);
	if (has_abi)
		return err_mend(err, "link the unikernel with its manifest, as compiled from what "
				     "`solo5-elftool gen-manifest` writes");
	return err_mend(err, "build the unikernel with Solo5 0.6 or later");
}

int describe_fail(const struct elf *elf, bool has_abi, bool has_manifest, struct error *err)
{
	char what[256], machine[24], interpreter[64] = "";
	enum note_place place = has_abi ? NOTE_NOWHERE : note_misplaced(elf, &note_abi);

	if (place != NOTE_NOWHERE)
		return fail_misplaced(&note_abi, place, err);
	place = has_manifest ? NOTE_NOWHERE : note_misplaced(elf, &note_manifest);
	if (place != NOTE_NOWHERE)
		return fail_misplaced(&note_manifest, place, err);
	if (has_abi || has_manifest)
		return fail_half(has_abi, err);
	if (elf->type == ET_EXEC && has_interpreter(elf, interpreter, sizeof(interpreter)) &&
	    !strcmp(interpreter, SOLO5_INTERPRETER))
		return fail_stripped(err);
	describe_kind(elf, what, sizeof(what));
	err_fail(err, ERR_INPUT, "is %s for %s; %s", what, elf_machine_name(elf->machine, machine),
		 NOT_HERE);
	return err_mend(err, MEND_NAME);
}
