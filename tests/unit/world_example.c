#include "tests/unit/world_example.h"

#include "base/alloc.h"
#include "tests/unit/support.h"

#include <string.h>

#define FROM "component_web.xml"

static void add_image(struct subject_world *world)
{
	struct world_region *region;

	region = world_add(world, WORLD_BINARY, "text", 0x200000, 0x3000, false, true, FROM ":61");
	region->content = REGION_FILE;
	region->file_offset = 0x1000;
	region = world_add(world, WORLD_BINARY, ".data", 0x203000, 0x1000, true, false, FROM ":64");
	region->content = REGION_FILE;
	region->file_offset = 0x4000;
	region = world_add(world, WORLD_BINARY, ".bss", 0x204000, 0x2000, true, false, FROM ":67");
	region->content = REGION_FILL;
	world_add(world, WORLD_RAM, "ram", EXAMPLE_RAM, EXAMPLE_RAM_END - EXAMPLE_RAM, true, false,
		  FROM ":70");
}

struct subject_world *world_example(void)
{
	struct subject_world *world = world_new();

	free(world->name);
	world->name = xstrdup("web");
	world->sinfo_revision = 5;
	world->entry = 0x200020;
	world->stack = EXAMPLE_RAM_END - 8;
	world->boot_info = 0x1000;
	/* Not in order: settling sorts. */
	world_add(world, WORLD_SINFO, "sinfo", 0xe00000000, 0x8000, false, false, "Muen");
	world_add(world, WORLD_SCHEDULE, "scheduling_info", 0xe00008000, 0x1000, false, false,
		  "Muen");
	world_add(world, WORLD_TIMED_EVENT, "timed_event", 0xe00010000, 0x1000, true, false,
		  "Muen");
	world_add(world, WORLD_DEBUG_LOG, "debuglog", 0xffff00000, 0x20000, true, false, "Muen");
	world_add(world, WORLD_TIME_INFO, "time_info", 0xfffd00000, 0x1000, false, false, "Muen");
	add_image(world);
	world_add(world, WORLD_CHANNEL, "net|in", 0x306000, 0x10000, false, false, FROM ":40");
	world_add(world, WORLD_CHANNEL, "net|out", 0x316000, 0x10000, true, false, FROM ":41");
	world_add(world, WORLD_BOOT_INFO, "boot_info", 0x1000, 0x1000, false, false, FROM ":58");
	return world;
}

struct world_region *example_region(struct subject_world *world, const char *name)
{
	for (size_t i = 0; i < world->count; i++)
		if (!strcmp(world->regions[i].name, name))
			return &world->regions[i];
	ck_abort_msg("no region '%s'", name);
}
