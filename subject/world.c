#include "subject/world.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const char *const role_names[WORLD_ROLES] = {
	[WORLD_BINARY] = "binary",	 [WORLD_RAM] = "ram",
	[WORLD_BOOT_INFO] = "boot_info", [WORLD_SINFO] = "sinfo",
	[WORLD_SCHEDULE] = "schedule",	 [WORLD_TIMED_EVENT] = "timed_event",
	[WORLD_TIME_INFO] = "time_info", [WORLD_DEBUG_LOG] = "debug_log",
	[WORLD_CHANNEL] = "channel",	 [WORLD_CONTROL] = "control",
	[WORLD_STATUS] = "status",	 [WORLD_MEMORY] = "memory",
};

const char *world_role_name(enum world_role role)
{
	return role_names[role];
}

struct subject_world *world_new(void)
{
	struct subject_world *world = xcalloc(1, sizeof(*world));

	world->name = xstrdup("");
	world->bootparams = xstrdup("");
	world->exit_event = -1;
	return world;
}

void world_free(struct subject_world *world)
{
	for (size_t i = 0; i < world->count; i++) {
		free(world->regions[i].name);
		free(world->regions[i].file);
		free(world->regions[i].physical);
		free(world->regions[i].origin);
	}
	free(world->regions);
	free(world->name);
	free(world->unikernel);
	free(world->bootparams);
	free(world);
}

struct world_region *world_add(struct subject_world *world, enum world_role role, const char *name,
			       uint64_t address, uint64_t size, bool writable, bool executable,
			       const char *origin)
{
	struct world_region *region;

	array_grow(world->regions, world->count);
	region = &world->regions[world->count++];
	*region = (struct world_region){ .role = role,
					 .name = xstrdup(name),
					 .address = address,
					 .size = size,
					 .writable = writable,
					 .executable = executable,
					 .content = REGION_EMPTY,
					 .shared_fd = -1,
					 .origin = xstrdup(origin) };
	return region;
}

/* For bsearch(): where an address lies, seen from a region. */
static int address_to_region(const void *key, const void *element)
{
	const uint64_t address = *(const uint64_t *)key;
	const struct world_region *region = element;

	if (address < region->address)
		return -1;
	return address - region->address >= region->size;
}

const struct world_region *world_region_at(const struct subject_world *world, uint64_t address)
{
	if (!world->count)
		return NULL;
	return bsearch(&address, world->regions, world->count, sizeof(*world->regions),
		       address_to_region);
}

const struct world_region *world_region_of(const struct subject_world *world, enum world_role role)
{
	for (size_t i = 0; i < world->count; i++)
		if (world->regions[i].role == role)
			return &world->regions[i];
	return NULL;
}

const struct world_region *world_region_named(const struct subject_world *world, const char *name)
{
	for (size_t i = 0; i < world->count; i++)
		if (!strcmp(world->regions[i].name, name))
			return &world->regions[i];
	return NULL;
}

static const struct world_region *last_of(const struct subject_world *world, enum world_role role)
{
	for (size_t i = world->count; i; i--)
		if (world->regions[i - 1].role == role)
			return &world->regions[i - 1];
	return NULL;
}

uint64_t world_memory_end(const struct subject_world *world)
{
	const struct world_region *ram = last_of(world, WORLD_RAM);

	return ram ? ram->address + ram->size : 0;
}

uint64_t world_binary_end(const struct subject_world *world)
{
	const struct world_region *binary = last_of(world, WORLD_BINARY);

	return binary ? binary->address + binary->size : 0;
}
