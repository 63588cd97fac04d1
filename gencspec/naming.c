#include "gencspec/naming.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "gencspec/component.h"

#include <stdio.h>
#include <string.h>

/* By address where the section has one, the segment's end included, so that an empty .tdata at
 * the start of .bss counts; else by file offset. What takes no memory (.comment) is in no
 * segment, wherever it lies in the file. */
static bool segment_holds(const struct elf_segment *segment, const struct elf_section *section)
{
	uint64_t start = section->addr ? segment->vaddr : segment->offset;
	uint64_t size = section->addr ? segment->memsz : segment->filesz;
	uint64_t at = section->addr ? section->addr : section->offset;

	return section->flags & SHF_ALLOC && *section->name && at >= start && at - start <= size &&
	       section->size <= size - (at - start);
}

char *segment_name(const struct elf *elf, const struct elf_segment *segment)
{
	cleanup_buffer struct buffer name = { 0 };

	for (size_t i = 0; i < elf->section_count; i++) {
		const struct elf_section *section = &elf->sections[i];

		if (!segment_holds(segment, section))
			continue;
		if (!strcmp(section->name, ".text"))
			return xstrdup("text");
		/* What is longer than any name can be is cut anyway. */
		if (name.length <= MUEN_NAME_MAX)
			buffer_printf(&name, "%s%s", name.length ? "+" : "", section->name);
	}
	return name.length ? steal(name.data) : NULL;
}

int region_name_room(const char *component, bool restored)
{
	int length = (int)strlen(component);

	return MUEN_NAME_MAX - (length + 1) - (restored ? length + 1 : 0);
}

char *region_name_fit(const char *name, const char *suffix, int room)
{
	int left = room - (int)strlen(suffix);

	if ((int)strlen(name) <= left)
		return xasprintf("%s%s", name, suffix);
	return xasprintf("%.*s..%s", left > 2 ? left - 2 : 0, name, suffix);
}

char *region_name_numbered(const char *name, unsigned number, int room)
{
	char digits[16];
	int length = (int)strlen(name),
	    left = room - snprintf(digits, sizeof(digits), "%u", number);

	return xasprintf("%.*s%s", length < left ? length : left, name, digits);
}
