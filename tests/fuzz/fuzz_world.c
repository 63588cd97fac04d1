/* Any bytes are the text of a sound world, or are refused; a world that was read is written as a
 * text that reads back as the same, and its pages can be made. */
#include "solo5/unikernel.h"
#include "subject/paging.h"
#include "subject/subject_info.h"
#include "subject/world_text.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check_regions(const struct subject_world *world)
{
	uint64_t end = 0;

	demand(world->count <= WORLD_REGIONS_MAX, "the number of regions");
	for (size_t i = 0; i < world->count; i++) {
		const struct world_region *region = &world->regions[i];

		demand(region->size && (region->address | region->size) % MUEN_PAGE == 0,
		       "whole pages");
		demand(region->address >= end, "ascending, no overlap");
		end = region->address + region->size;
		demand(end <= MUEN_ADDRESS_END, "below the end");
		demand(world_region_at(world, end - 1) == region, "found by its address");
	}
	demand(world_region_at(world, world->entry)->executable, "the entry point");
	demand(world_region_at(world, world->stack)->writable, "the stack");
	demand(world_memory_end(world) > world_binary_end(world), "RAM behind the image");
}

static void check_places(const struct subject_world *world)
{
	struct paging_mapping mappings[WORLD_REGIONS_MAX];
	uint64_t physical[WORLD_REGIONS_MAX], bytes = 0;
	unsigned char *tables;

	world_place(world, 0x100000, NULL, physical);
	for (size_t i = 0; i < world->count; i++) {
		mappings[i] = (struct paging_mapping){ .address = world->regions[i].address,
						       .physical = physical[i],
						       .size = world->regions[i].size };
		bytes += world->regions[i].size;
	}
	if (bytes > 1ull << 30)
		return; /* too slow to fuzz */
	bytes = paging_size(mappings, world->count);
	tables = calloc(1, bytes);
	paging_write(mappings, world->count, 0x1000, tables);
	free(tables);
}

static void check_pages(const struct subject_world *world)
{
	unsigned char *page = malloc(MUEN_SINFO_SIZE);
	unsigned char *boot_info = malloc(MUEN_PAGE);

	subject_info_write(world, 0, page);
	boot_info_write(world, boot_info);
	free(page);
	free(boot_info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_world struct subject_world *world = NULL, *again = NULL;
	cleanup_buffer struct buffer first = { 0 }, second = { 0 };
	struct error err = { 0 };

	world = world_read_text("fuzz", (const char *)data, size, &err);
	if (!world) {
		demand(err.kind == ERR_INPUT && *err.message && *err.mend, "the error");
		return 0;
	}
	check_regions(world);
	check_pages(world);
	check_places(world);
	world_write_text(world, &first);
	again = world_read_text("fuzz", first.data, first.length, &err);
	demand(again != NULL, "what was written can be read");
	world_write_text(again, &second);
	demand(first.length == second.length && !memcmp(first.data, second.data, first.length),
	       "what was read is written as it was");
	return 0;
}
