/* The place of a world's regions in physical memory. */
#include "subject/paging.h"

static uint64_t round_up(uint64_t value, uint64_t multiple)
{
	return value + (multiple - value % multiple) % multiple;
}

/* Whether the region has a large page's range of addresses. */
static bool has_large(const struct world_region *region)
{
	uint64_t start = round_up(region->address, PAGING_LARGE);

	return start + PAGING_LARGE <= region->address + region->size;
}

/* The first address from `from` on that suits the region. */
static uint64_t suiting(const struct world_region *region, uint64_t from)
{
	uint64_t offset = region->address % PAGING_LARGE;

	if (!has_large(region))
		return from;
	return from + (offset + PAGING_LARGE - from % PAGING_LARGE) % PAGING_LARGE;
}

/* Behind the region that keeps its place and is hit by [start, start + size); 0 if none is. */
static uint64_t behind_kept(const struct subject_world *world, const bool *leave,
			    const uint64_t *physical, uint64_t start, uint64_t size)
{
	for (size_t i = 0; leave && i < world->count; i++)
		if (leave[i] && start < physical[i] + world->regions[i].size &&
		    physical[i] < start + size)
			return physical[i] + world->regions[i].size;
	return 0;
}

uint64_t world_place(const struct subject_world *world, uint64_t start, const bool *leave,
		     uint64_t *physical)
{
	uint64_t end = start;

	for (size_t i = 0; i < world->count; i++) {
		const struct world_region *region = &world->regions[i];
		uint64_t at, behind;

		if (leave && leave[i])
			continue;
		at = suiting(region, end);
		while ((behind = behind_kept(world, leave, physical, at, region->size)))
			at = suiting(region, behind);
		physical[i] = at;
		end = at + region->size;
	}
	return end;
}
