#include "gencspec/convert.h"
#include "gencspec/placement.h"

#include "base/alloc.h"

#include <string.h>

#define X86_NOP 0x90

static void grow_to(struct bytes *bytes, uint64_t size)
{
	if (size > bytes->size + bytes->slack) {
		bytes->data = xrealloc(bytes->data, size + 1, 1);
		bytes->slack = size - bytes->size;
	}
	memset(bytes->data + bytes->size, 0, size - bytes->size);
	bytes->slack -= size - bytes->size;
	bytes->size = size;
}

static bool destroys(const struct placement *placement, uint64_t offset, uint64_t size)
{
	uint64_t tail = placement->offset + placement->segment->filesz;
	uint64_t end = placement->offset + placement->length;

	return size && offset < end && tail < offset + size;
}

/* Zeroes in a last page may have hit the section headers or their names, which lie behind
 * the segments: the file then says that it has none, so that it stays a valid ELF file. */
static void drop_damaged_sections(const struct elf *elf, const struct placements *placements,
				  struct bytes *bytes)
{
	uint64_t table_size = (elf->section_count + 1) * sizeof(Elf64_Shdr);
	Elf64_Ehdr header;
	bool damaged = false;

	memcpy(&header, bytes->data, sizeof(header));
	for (size_t i = 0; i < placements->count && elf->section_count; i++) {
		const struct placement *placement = &placements->list[i];

		damaged |= destroys(placement, elf->section_headers, table_size);
		for (size_t k = 0; k < elf->section_count; k++)
			if (elf->sections[k].type == SHT_STRTAB)
				damaged |= destroys(placement, elf->sections[k].offset,
						    elf->sections[k].size);
	}
	if (!damaged)
		return;
	header.e_shoff = 0;
	header.e_shnum = 0;
	header.e_shstrndx = SHN_UNDEF;
	memcpy(bytes->data, &header, sizeof(header));
}

/* muinit jumps to the start of the region "text", where Solo5 has the name of a program
 * interpreter that does not exist: make it run through to the code. */
static void cover_interpreter(const struct elf *elf, const struct placements *placements,
			      struct bytes *bytes)
{
	const struct elf_section *interpreter = elf_section_named(elf, ".interp");
	const struct elf_section *text = elf_section_named(elf, ".text");

	if (!interpreter || !text || interpreter->addr >= text->addr)
		return;
	for (size_t i = 0; i < placements->count; i++) {
		const struct placement *placement = &placements->list[i];
		const struct elf_segment *segment = placement->segment;

		if (text->addr < segment->vaddr || interpreter->addr < segment->vaddr ||
		    text->addr - segment->vaddr > segment->filesz)
			continue;
		memset(bytes->data + segment->offset + (interpreter->addr - segment->vaddr),
		       X86_NOP, text->addr - interpreter->addr);
		return;
	}
}

void gencspec_patch_binary(const struct unikernel *unikernel, const struct component *component,
			   struct bytes *bytes)
{
	const struct elf *elf = &unikernel->elf;
	cleanup_placements struct placements placements = place_segments(elf);

	/* Before anything moves: the section names point into the bytes. */
	if (component->resettable)
		cover_interpreter(elf, &placements, bytes);
	grow_to(bytes, placements.file_size);
	for (size_t i = 0; i < placements.count; i++) {
		const struct placement *placement = &placements.list[i];
		uint64_t filesz = placement->segment->filesz;

		if (placement->moved)
			memcpy(bytes->data + placement->offset,
			       bytes->data + placement->segment->offset, filesz);
		memset(bytes->data + placement->offset + filesz, 0, placement->length - filesz);
	}
	drop_damaged_sections(elf, &placements, bytes);
}
