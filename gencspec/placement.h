/* Where each segment's bytes lie in the file that a component refers to. Inside gencspec. */
#ifndef GENCSPEC_PLACEMENT_H
#define GENCSPEC_PLACEMENT_H

#include "solo5/elf.h"

struct placement {
	const struct elf_segment *segment;
	uint64_t offset; /* in the component's file; the segment's own, unless it was moved */
	uint64_t length; /* bytes of whole pages, filled up with zeroes behind filesz */
	bool moved;
};

struct placements {
	struct placement *list; /* one per PT_LOAD segment with bytes in the file, in order */
	size_t count;
	uint64_t file_size; /* of the component's file, in bytes */
};

struct placements place_segments(const struct elf *elf);
void placements_free(struct placements *placements);

#define cleanup_placements cleanup_with(placements_free)

#endif
