/* Solo5's ELF notes, read as Solo5's own tenders read them (tenders/common/elf.c of Solo5). */
#include "solo5/internal.h"

#include <inttypes.h>
#include <string.h>

#define NOTE_TYPE(a, b, c, d) ((uint32_t)(a) | (b) << 8 | (c) << 16 | (uint32_t)(d) << 24)

#define NOTE_NAME "Solo5"
/* A note's header with Solo5's name, padded to a multiple of 4. */
#define NOTE_HEADER_SIZE (sizeof(Elf64_Nhdr) + 8)

#define MEND_NOTE "the file is damaged, or was linked without Solo5's linker script: build it again"

const struct note_kind note_abi = {
	.name = "ABI1",
	.type = NOTE_TYPE('A', 'B', 'I', '1'),
	.align = 4,
	.payload_least = 8, /* target and version; releases add two reserved words */
	.descsz_most = 32,
	.most_is = "",
	.section = ".note.solo5.abi",
};

const struct note_kind note_manifest = {
	.name = "MFT1",
	.type = NOTE_TYPE('M', 'F', 'T', '1'),
	.align = 8,
	.payload_least = 8,		 /* version and number of entries */
	.descsz_most = 4 + 8 + 64 * 104, /* padding, those two, 64 entries */
	.most_is = " (63 devices)",
	.section = ".note.solo5.manifest",
};

/* Whether the note at `bytes`, of which `size` bytes are there, is Solo5's of that kind. */
static bool is_note(const unsigned char *bytes, uint64_t size, const struct note_kind *kind,
		    Elf64_Nhdr *header)
{
	if (size < NOTE_HEADER_SIZE)
		return false;
	memcpy(header, bytes, sizeof(*header));
	return header->n_namesz == sizeof(NOTE_NAME) && header->n_type == kind->type &&
	       !memcmp(bytes + sizeof(*header), NOTE_NAME, sizeof(NOTE_NAME));
}

static int read_note(const struct elf_segment *segment, const unsigned char *bytes,
		     const Elf64_Nhdr *header, const struct note_kind *kind, struct note *note,
		     struct error *err)
{
	const size_t start = (NOTE_HEADER_SIZE + kind->align - 1) / kind->align * kind->align;
	const size_t padding = start - NOTE_HEADER_SIZE;

	if (header->n_descsz < 1 || header->n_descsz > kind->descsz_most) {
		err_fail(err, ERR_INPUT,
			 "Solo5's note %s (segment %zu) claims %u bytes of contents, 1 to %zu%s "
			 "are possible",
			 kind->name, segment->index, header->n_descsz, kind->descsz_most,
			 kind->most_is);
		return err_mend(err, MEND_NOTE);
	}
	if (header->n_descsz > segment->filesz - NOTE_HEADER_SIZE) {
		err_fail(
			err, ERR_INPUT,
			"Solo5's note %s claims %u bytes of contents, but its segment %zu has only "
			"%" PRIu64 " bytes for them",
			kind->name, header->n_descsz, segment->index,
			segment->filesz - NOTE_HEADER_SIZE);
		return err_mend(err, MEND_NOTE);
	}
	if (header->n_descsz < padding + kind->payload_least) {
		err_fail(
			err, ERR_INPUT,
			"Solo5's note %s (segment %zu) has %u bytes of contents, at least %zu were "
			"expected",
			kind->name, segment->index, header->n_descsz,
			padding + kind->payload_least);
		return err_mend(err, MEND_NOTE);
	}
	note->payload = bytes + start;
	note->size = header->n_descsz - padding;
	return 0;
}

int note_find(const struct elf *elf, const struct note_kind *kind, struct note *note,
	      struct error *err)
{
	*note = (struct note){ 0 };
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		const unsigned char *bytes;
		Elf64_Nhdr header;

		if (segment->type != PT_NOTE)
			continue;
		if (segment->filesz < sizeof(header)) {
			err_fail(err, ERR_INPUT,
				 "segment %zu is a note of %" PRIu64
				 " bytes, a note has at least %zu",
				 segment->index, segment->filesz, sizeof(header));
			return err_mend(err, MEND_NOTE);
		}
		bytes = elf->bytes + segment->offset;
		if (is_note(bytes, segment->filesz, kind, &header))
			return read_note(segment, bytes, &header, kind, note, err);
	}
	return 0;
}

/* So that a hostile file, all tiny notes, costs nothing. */
#define NOTES_MAX 1000

/* Whether one of the first notes in a run of them is Solo5's of that kind. */
static bool notes_have(const unsigned char *bytes, uint64_t size, const struct note_kind *kind)
{
	for (int i = 0; i < NOTES_MAX && size >= sizeof(Elf64_Nhdr); i++) {
		Elf64_Nhdr header;
		uint64_t length;

		if (is_note(bytes, size, kind, &header))
			return true;
		memcpy(&header, bytes, sizeof(header));
		length = sizeof(header) + ((uint64_t)header.n_namesz + 3) / 4 * 4 +
			 ((uint64_t)header.n_descsz + 3) / 4 * 4;
		if (length > size)
			return false;
		bytes += length;
		size -= length;
	}
	return false;
}

enum note_place note_misplaced(const struct elf *elf, const struct note_kind *kind)
{
	const struct elf_section *section = elf_section_named(elf, kind->section);

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];

		if (segment->type == PT_NOTE && segment->filesz &&
		    notes_have(elf->bytes + segment->offset, segment->filesz, kind))
			return NOTE_NOT_FIRST;
	}
	if (section && section->type != SHT_NOBITS && section->type != SHT_NULL &&
	    notes_have(elf->bytes + section->offset, section->size, kind))
		return NOTE_SECTION_ONLY;
	return NOTE_NOWHERE;
}
