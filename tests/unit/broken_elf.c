#include "tests/unit/broken_elf.h"

#include "solo5/unikernel.h"

#include <string.h>

const struct broken_elf *broken_elf_at(size_t index)
{
	if (index < broken_file_count)
		return &broken_files[index];
	index -= broken_file_count;
	if (index < broken_note_count)
		return &broken_notes[index];
	index -= broken_note_count;
	return index < broken_image_count ? &broken_images[index] : NULL;
}

const struct broken_elf *broken_elf_named(const char *name)
{
	const struct broken_elf *broken;

	for (size_t i = 0; (broken = broken_elf_at(i)); i++)
		if (!strcmp(broken->name, name))
			return broken;
	return NULL;
}

const char *broken_outcome_name(enum broken_outcome outcome)
{
	static const char *const names[] = {
		[BROKEN_REFUSED] = "parse-error",
		[BROKEN_ERROR] = "muen-error",
		[BROKEN_WARNING] = "muen-warning",
		[BROKEN_NOT] = "good",
	};

	return names[outcome];
}

static size_t file_offset(const struct elf_image *image, const struct broken_patch *patch)
{
	switch (patch->place) {
	case AT_PROGRAM:
		return sizeof(Elf64_Ehdr) + patch->number * sizeof(Elf64_Phdr) + patch->offset;
	case AT_SECTION:
		return image->section_headers + patch->number * sizeof(Elf64_Shdr) + patch->offset;
	case AT_TEXT:
		return image->text + patch->offset;
	case AT_ABI:
		return image->note_abi + patch->offset;
	case AT_MANIFEST:
		return image->note_manifest + patch->offset;
	case AT_NAMES:
		return image->section_names + patch->offset;
	case AT_NOTHING:
	case AT_FILE:
		break;
	}
	return patch->offset;
}

struct elf_image broken_elf_build(const struct broken_elf *broken)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	struct elf_image image;

	if (broken->prepare)
		broken->prepare(&spec);
	image = elf_build(&spec);
	for (size_t i = 0; i < sizeof(broken->patches) / sizeof(broken->patches[0]); i++) {
		const struct broken_patch *patch = &broken->patches[i];

		if (patch->place != AT_NOTHING)
			elf_image_patch(&image, file_offset(&image, patch), patch->width,
					patch->value);
	}
	if (broken->finish)
		broken->finish(&image);
	if (broken->cut.place != AT_NOTHING)
		image.size = file_offset(&image, &broken->cut);
	return image;
}
