#include "tests/unit/elf_contract.h"

#include "base/text.h"

#include <string.h>

static bool inside(const struct elf *elf, uint64_t offset, uint64_t size)
{
	return offset <= elf->size && size <= elf->size - offset;
}

const char *elf_breach(const struct elf *elf)
{
	if (elf->segment_count > ELF_SEGMENTS_MAX || elf->section_count > ELF_SECTIONS_MAX)
		return "limits";
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];

		if (segment->index != i)
			return "a segment's index";
		if (segment->filesz && !inside(elf, segment->offset, segment->filesz))
			return "a segment's file range";
		if (segment->vaddr > UINT64_MAX - segment->memsz)
			return "a segment's memory range";
		if (segment->type == PT_LOAD && segment->filesz > segment->memsz)
			return "a segment's sizes";
	}
	for (size_t i = 0; i < elf->section_count; i++) {
		const struct elf_section *section = &elf->sections[i];
		uintptr_t name = (uintptr_t)section->name, bytes = (uintptr_t)elf->bytes;

		if (section->type != SHT_NOBITS && section->type != SHT_NULL &&
		    !inside(elf, section->offset, section->size))
			return "a section's file range";
		if (section->addr > UINT64_MAX - section->size)
			return "a section's memory range";
		if (!*section->name)
			continue;
		if (strnlen(section->name, ELF_NAME_MAX + 1) > ELF_NAME_MAX)
			return "the length of a section's name";
		if (name < bytes || name >= bytes + elf->size ||
		    !memchr(section->name, 0, bytes + elf->size - name))
			return "a section's name";
	}
	return NULL;
}

const char *unikernel_breach(const struct unikernel *unikernel)
{
	if (unikernel->device_count > SOLO5_DEVICES_MAX)
		return "the number of devices";
	for (size_t i = 0; i < unikernel->device_count; i++) {
		const char *name = unikernel->devices[i].name;
		size_t length = strnlen(name, SOLO5_NAME_MAX + 1);

		if (unikernel->devices[i].handle != i + 1)
			return "a device's handle";
		if (!length || length > SOLO5_NAME_MAX)
			return "the length of a device's name";
		if (name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789")])
			return "a device's name";
	}
	if (unikernel->sinfo_revision && (unikernel->sinfo_revision < SINFO_REVISION_MIN ||
					  unikernel->sinfo_revision > SINFO_REVISION_MAX))
		return "the subject-info revision";
	if (unikernel->sinfo_revision && unikernel->target != SOLO5_MUEN)
		return "a subject-info revision of another target";
	return elf_breach(&unikernel->elf);
}

static bool printable(const char *text)
{
	char shown[8192];

	return !strcmp(text_printable(text, strlen(text), shown, sizeof(shown)), text);
}

const char *error_breach(const struct error *err)
{
	if (err->kind != ERR_INPUT)
		return "the kind of the error";
	if (!err->message[0] || !printable(err->message))
		return "the message of the error";
	if (!err->mend[0] || !printable(err->mend))
		return "the mend of the error";
	return NULL;
}

const char *findings_breach(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		if (!finding->text[0] || !printable(finding->text))
			return "the text of a finding";
		if (finding->severity != FINDING_NOTE && !finding->mend[0])
			return "the mend of a finding";
	}
	return NULL;
}
