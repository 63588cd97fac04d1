/* A component to the world of its subject in the built-in policy. */
#include "subject/world.h"

#include "base/alloc.h"

#include <string.h>

#define EXIT_EVENT 0	     /* number of `solo5_exit` in the built-in policy */
#define SELF_CONTROLLED 0xff /* fills the control page: run without being told */

/* A world on its way. */
struct making {
	struct subject_world *world;
	const struct component *component;
	const struct world_options *options;
	const char *image; /* the file that has the code, or NULL */
};

static bool is_inside(const struct component_region *region, uint64_t address)
{
	return address >= region->address && address - region->address < region->size;
}

static const struct component_region *region_at(const struct component *component, uint64_t address)
{
	for (size_t i = 0; i < component->region_count; i++)
		if (is_inside(&component->regions[i], address))
			return &component->regions[i];
	return NULL;
}

static uint64_t entry_of(const struct component *component)
{
	const struct component_region *text = component_region_named(component, "text");

	return text && component_depends(component, "muinit") ? text->address : component->entry;
}

static enum world_role role_of(const struct component *component,
			       const struct component_region *region)
{
	if (!strcmp(region->type, MEMORY_BOOT_INFO))
		return WORLD_BOOT_INFO;
	if (!strcmp(region->type, MEMORY_BINARY))
		return WORLD_BINARY;
	return is_inside(region, component->stack) ? WORLD_RAM : WORLD_MEMORY;
}

static void add_component_region(const struct making *making, const struct component_region *from)
{
	enum world_role role = role_of(making->component, from);
	struct world_region *region =
		world_add(making->world, role, from->logical, from->address, from->size,
			  from->writable, from->executable, making->options->origin);

	if (role == WORLD_BOOT_INFO)
		return; /* its role says what it holds */
	region->content = from->content;
	region->pattern = from->pattern;
	region->file_offset = from->file_offset;
	if (from->content == REGION_FILE && (!making->image || strcmp(from->file, making->image)))
		region->file = xstrdup(from->file);
}

/* ---- channels ------------------------------------------------------------ */

static uint64_t last_end(const struct component *component)
{
	uint64_t end = 0;

	for (size_t i = 0; i < component->region_count; i++)
		if (component->regions[i].address + component->regions[i].size > end)
			end = component->regions[i].address + component->regions[i].size;
	for (size_t i = 0; i < component->channel_count; i++)
		if (component->channels[i].placed &&
		    component->channels[i].address + component->channels[i].size > end)
			end = component->channels[i].address + component->channels[i].size;
	return end;
}

/* The first address from `from` on where the channel meets nothing of Muen's. */
static uint64_t free_address(uint64_t from, uint64_t size, uint64_t log_channel_size)
{
	for (size_t i = 0; i < muen_range_count; i++) {
		const struct muen_range *range = &muen_ranges[i];
		uint64_t taken = range->start == MUEN_DEBUG_LOG ? log_channel_size : range->size;

		if (from < range->start + taken && range->start < from + size)
			from = range->start + taken;
	}
	return from;
}

static void add_channels(const struct making *making)
{
	const struct component *component = making->component;
	uint64_t end = last_end(component);

	for (size_t i = 0; i < component->channel_count; i++) {
		const struct component_channel *channel = &component->channels[i];
		uint64_t address = channel->address;

		if (!channel->placed) {
			address =
				free_address(end, channel->size, making->options->log_channel_size);
			end = address + channel->size;
		}
		world_add(making->world, WORLD_CHANNEL, channel->logical, address, channel->size,
			  channel->writer, false, making->options->origin)
			->content = REGION_FILL;
	}
}

/* ---- what Muen adds ------------------------------------------------------ */

static struct world_region *add_page(struct subject_world *world, enum world_role role,
				     const char *name, uint64_t address, bool writable,
				     const char *origin)
{
	return world_add(world, role, name, address, MUEN_PAGE, writable, false, origin);
}

static void add_muen(const struct making *making)
{
	static const char expander[] = "Muen, for every subject";
	struct subject_world *world = making->world;

	world_add(world, WORLD_SINFO, "sinfo", MUEN_SINFO, MUEN_SINFO_SIZE, false, false, expander);
	add_page(world, WORLD_SCHEDULE, "scheduling_info", MUEN_SCHEDULE_INFO, false, expander);
	add_page(world, WORLD_TIMED_EVENT, "timed_event", MUEN_TIMED_EVENT, true, expander);
	add_page(world, WORLD_TIME_INFO, "time_info", MUEN_TIME_INFO, false, "Muen's libmutime")
		->content = REGION_FILL;
	world_add(world, WORLD_DEBUG_LOG, "debuglog", MUEN_DEBUG_LOG,
		  making->options->log_channel_size, true, false, "Muen's libmudebuglog")
		->content = REGION_FILL;
}

/* What muinit needs, and the event that its restart is. */
static void add_lifecycle(const struct making *making)
{
	static const char library[] = "Muen's libmucontrol";
	struct world_region *region;

	region = add_page(making->world, WORLD_STATUS, "status", MUEN_STATUS_PAGE, true, library);
	region->content = REGION_FILL;
	region = add_page(making->world, WORLD_CONTROL, "control", MUEN_CONTROL_PAGE, false,
			  library);
	region->content = REGION_FILL;
	region->pattern = SELF_CONTROLLED;
	making->world->exit_event = EXIT_EVENT;
}

/* ---- all of it ----------------------------------------------------------- */

static void set_text(char **text, const char *value)
{
	free(*text);
	*text = value ? xstrdup(value) : NULL;
}

struct subject_world *world_from_component(const struct component *component,
					   const struct world_options *options, struct error *err)
{
	cleanup_world struct subject_world *world = world_new();
	const struct component_region *code = region_at(component, entry_of(component));
	struct making making = { world, component, options, code ? code->file : NULL };

	set_text(&world->name, options->name);
	set_text(&world->unikernel, options->unikernel);
	set_text(&world->bootparams, component->bootparams);
	world->sinfo_revision = options->sinfo_revision;
	world->entry = entry_of(component);
	world->stack = component->stack;
	world->boot_info = component->boot_info;
	for (size_t i = 0; i < component->region_count; i++)
		add_component_region(&making, &component->regions[i]);
	add_channels(&making);
	add_muen(&making);
	if (component_depends(component, "muinit"))
		add_lifecycle(&making);
	if (world_settle(world, err) < 0)
		return NULL;
	return steal(world);
}
