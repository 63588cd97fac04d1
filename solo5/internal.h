/* What the files of this room share, and nobody else needs. */
#ifndef SOLO5_INTERNAL_H
#define SOLO5_INTERNAL_H

#include "solo5/unikernel.h"

/* ---- notes.c: Solo5's notes ---------------------------------------------- */

struct note_kind {
	const char *name; /* as people call it: "ABI1" */
	uint32_t type;	  /* n_type: those four characters, the first in the lowest byte */
	size_t align;	  /* the payload's, counted from the start of the note */
	size_t payload_least;
	size_t descsz_most;
	const char *most_is; /* what that many bytes are, to be added to the number */
	const char *section; /* where Solo5's bindings put it */
};

extern const struct note_kind note_abi;
extern const struct note_kind note_manifest;

struct note {
	const unsigned char *payload; /* in the file's bytes, unaligned; NULL: no such note */
	size_t size;
};

/* Finds a note as Solo5's tenders do: only the first note of each PT_NOTE segment counts,
 * and the first that fits wins. Fails with ERR_INPUT if a size in a note is a lie. */
int note_find(const struct elf *elf, const struct note_kind *kind, struct note *note,
	      struct error *err);

/* Where a note is that note_find() does not count. */
enum note_place {
	NOTE_NOWHERE,
	NOTE_NOT_FIRST,	   /* in a PT_NOTE segment, behind another note */
	NOTE_SECTION_ONLY, /* in a section that no PT_NOTE segment covers */
};
enum note_place note_misplaced(const struct elf *elf, const struct note_kind *kind);

/* ---- manifest.c ---------------------------------------------------------- */

/* Reads and checks the manifest, the payload of note MFT1, into the unikernel's devices. */
int manifest_parse(struct unikernel *unikernel, const struct note *note, struct error *err);

/* ---- describe.c ---------------------------------------------------------- */

/* Sets an ERR_INPUT error that says what an ELF file is that lacks one or both of
 * Solo5's notes. Always returns -1. */
int describe_fail(const struct elf *elf, bool has_abi, bool has_manifest, struct error *err);

/* ---- sinfo.c ------------------------------------------------------------- */

/* Finds which revision of Muen's subject info the code expects; sets the unikernel's
 * sinfo_revision and sinfo_ambiguous. Reads no byte of the file more than twice. */
void sinfo_find(struct unikernel *unikernel);

/* ---- muen_image.c: how the image lies in memory -------------------------- */

/* The part of unikernel_check_muen() that judges segments, entry point and sections. */
void check_muen_image(const struct unikernel *unikernel, struct findings *findings);

#endif
