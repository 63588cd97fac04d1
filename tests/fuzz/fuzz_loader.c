/* What the loader is given: a memory map (its size in two bytes in front of it, the next byte tells
 * its layout), then a command stream. What it accepts must be possible. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/endian.h"
#include "image/loader/plan.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t values[4])
{
	for (unsigned i = 0; i < 4; i++)
		values[i] = leaf + subleaf + i;
}

static void check_map(const struct ram_map *ram)
{
	for (uint32_t i = 0; i < ram->count; i++)
		if (ram->ranges[i].start >= ram->ranges[i].end ||
		    (i && ram->ranges[i].start < ram->ranges[i - 1].end))
			abort();
}

static bool overlaps(uint64_t start, uint64_t end, struct plan_area area)
{
	return start < (uint64_t)area.start + area.size && area.start < end;
}

static void check_plan(const struct plan *plan, const struct ram_map *ram)
{
	for (uint32_t i = 0; i < plan->target_count; i++) {
		const struct csl_target *target = &plan->targets[i];

		if (!ram_map_find(ram, target->start, target->end) ||
		    (i && target->start < target[-1].end))
			abort();
	}
}

static void check_place(const struct plan *plan, const struct ram_map *ram, struct plan_area area)
{
	uint64_t end = (uint64_t)area.start + area.size;

	if (area.start < PLAN_LOWEST || end > UINT64_C(1) << 32 ||
	    !ram_map_find(ram, area.start, end))
		abort();
	for (uint32_t i = 0; i < plan->target_count; i++)
		if (overlaps(plan->targets[i].start, plan->targets[i].end, area))
			abort();
}

static void check_places(const struct plan *plan, const struct ram_map *ram, uint32_t size)
{
	const struct plan_area loader = { 0x100000, 0x90000 }, stream = { 0x190000, size };
	struct plan_places places = { .executor.size = 0x7000, .stream = stream };
	struct line why = { 0 };

	if (!plan_places_find(plan, ram, loader, &places, &why)) {
		if (!why.length)
			abort();
		return;
	}
	check_place(plan, ram, places.executor);
	check_place(plan, ram, places.stream);
	if (overlaps(loader.start, loader.start + loader.size, places.executor) ||
	    overlaps(loader.start, loader.start + loader.size, places.stream) ||
	    overlaps(stream.start, (uint64_t)stream.start + size, places.executor) ||
	    overlaps(places.stream.start, (uint64_t)places.stream.start + size, places.executor))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct plan_cpu cpu = { .cpuid = cpuid };
	cleanup_free struct plan *plan = xcalloc(1, sizeof(*plan));
	cleanup_free struct ram_map *ram = xcalloc(1, sizeof(*ram));
	cleanup_free struct csl_target *targets = NULL;
	struct line why = { 0 };
	uint32_t map_size;

	if (size < 3 || get_le16(data) > size - 3)
		return 0;
	map_size = get_le16(data);
	if (!ram_map_read(ram, data + 3, map_size, (struct ram_layout){ data[2] }, &why)) {
		if (!why.length)
			abort();
		return 0;
	}
	check_map(ram);
	data += 3 + map_size;
	size -= 3 + map_size;
	if (plan_read(plan, data, (uint32_t)size, &why)) {
		targets = xcalloc(plan->target_count, sizeof(*targets));
		plan->targets = targets;
	}
	if (!targets || !plan_make(plan, data, (uint32_t)size, ram, &cpu, &why)) {
		if (!why.length || why.length != strlen(why.text))
			abort();
		return 0;
	}
	check_plan(plan, ram);
	check_places(plan, ram, (uint32_t)size);
	return 0;
}
