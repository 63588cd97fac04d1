#include "gencspec/placement.h"

#include "base/alloc.h"
#include "solo5/muen_ranges.h"

#include <string.h>

static bool ranges_meet(uint64_t start, uint64_t end, uint64_t other_start, uint64_t other_end)
{
	return start < other_end && other_start < end;
}

/* Whether the range has a byte of the ELF header or of the program headers. */
static bool meets_headers(const struct elf *elf, uint64_t start, uint64_t end)
{
	Elf64_Ehdr header;

	memcpy(&header, elf->bytes, sizeof(header));
	return ranges_meet(start, end, 0, sizeof(header)) ||
	       ranges_meet(start, end, header.e_phoff,
			   header.e_phoff + elf->segment_count * sizeof(Elf64_Phdr));
}

/* Whether zeroes behind the segment's end, up to the end of its last page, would destroy the
 * ELF headers or another segment's bytes. */
static bool tail_is_taken(const struct elf *elf, const struct elf_segment *segment)
{
	uint64_t tail = segment->offset + segment->filesz;
	uint64_t end = segment->offset + muen_page_up(segment->filesz);

	if (tail == end)
		return false;
	if (meets_headers(elf, tail, end))
		return true;
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *other = &elf->segments[i];

		if (other != segment && other->type == PT_LOAD &&
		    ranges_meet(tail, end, other->offset, other->offset + other->filesz))
			return true;
	}
	return false;
}

struct placements place_segments(const struct elf *elf)
{
	struct placements placements = { .file_size = elf->size };

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		struct placement *placement;

		if (segment->type != PT_LOAD || !segment->filesz)
			continue;
		array_grow(placements.list, placements.count);
		placement = &placements.list[placements.count++];
		*placement = (struct placement){ .segment = segment,
						 .offset = segment->offset,
						 .length = muen_page_up(segment->filesz),
						 .moved = tail_is_taken(elf, segment) };
		if (!placement->moved &&
		    placement->offset + placement->length > placements.file_size)
			placements.file_size = placement->offset + placement->length;
	}
	for (size_t i = 0; i < placements.count; i++) {
		struct placement *placement = &placements.list[i];

		if (!placement->moved)
			continue;
		placement->offset = muen_page_up(placements.file_size);
		placements.file_size = placement->offset + placement->length;
	}
	return placements;
}

void placements_free(struct placements *placements)
{
	free(placements->list);
	*placements = (struct placements){ 0 };
}
