#include "gencspec/component_plan.h"

#include "base/alloc.h"
#include "base/text.h"
#include "gencspec/check.h"
#include "gencspec/layout.h"
#include "gencspec/naming.h"
#include "gencspec/placement.h"
#include "gencspec/source.h"

#include <inttypes.h>
#include <string.h>

/* A plan on its way. */
struct plan {
	struct component *component;
	const struct unikernel *unikernel;
	const struct conversion_options *options;
	uint64_t end; /* of the highest region so far */
};

/* ---- libraries ----------------------------------------------------------- */

static void link_library(struct component *component, const char *name)
{
	if (!component_depends(component, name))
		component_add_library(component, name);
}

static void unlink_library(struct component *component, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < component->library_count; i++) {
		if (strcmp(component->libraries[i], name) != 0)
			component->libraries[kept++] = component->libraries[i];
		else
			free(component->libraries[i]);
	}
	component->library_count = kept;
}

/* The libraries of every Solo5 unikernel, and muinit exactly if it can be restarted. */
static void set_libraries(const struct plan *plan)
{
	link_library(plan->component, "libmudebuglog");
	link_library(plan->component, "libmutime");
	if (plan->options->resettable)
		link_library(plan->component, "muinit");
	else
		unlink_library(plan->component, "muinit");
}

/* ---- regions ------------------------------------------------------------- */

/* A name of its own for each region: of two that are alike, the second gets a number. Takes
 * ownership of `name`. */
static char *unique_name(const struct component *component, char *name, int room)
{
	cleanup_free char *base = name;
	char *unique = xstrdup(base);

	for (unsigned number = 2; component_region_named(component, unique); number++) {
		free(unique);
		unique = region_name_numbered(base, number, room);
	}
	return unique;
}

/* Adds a region; its name gets at most `room` characters, `suffix` included. */
static struct component_region *add_region(const struct plan *plan, const char *name,
					   const char *suffix, int room, uint64_t address,
					   uint64_t size, uint32_t flags)
{
	char *unique = unique_name(plan->component, region_name_fit(name, suffix, room), room);
	struct component_region *region = component_add_region(plan->component);

	region->logical = unique;
	region->type = xstrdup(MEMORY_BINARY);
	region->address = address;
	region->size = size;
	region->writable = flags & PF_W;
	region->executable = flags & PF_X;
	return region;
}

static void add_file_region(const struct plan *plan, const struct elf_segment *segment,
			    const char *name, uint64_t offset)
{
	bool restored = plan->options->resettable && segment->flags & PF_W;
	int room = region_name_room(plan->component->name, restored);
	struct component_region *region = add_region(plan, name, "", room, segment->vaddr,
						     muen_page_up(segment->filesz), segment->flags);

	region->content = REGION_FILE;
	region->file = xstrdup(plan->options->file);
	region->file_offset = offset;
}

static void add_fill_region(const struct plan *plan, const struct elf_segment *segment,
			    const char *name)
{
	uint64_t start = segment->vaddr + muen_page_up(segment->filesz);
	uint64_t size = muen_page_up(segment->memsz) - muen_page_up(segment->filesz);
	int room = region_name_room(plan->component->name, false);

	add_region(plan, name, "|fill", room, start, size, segment->flags)->content = REGION_FILL;
}

static int add_segment(struct plan *plan, const struct elf_segment *segment, uint64_t offset,
		       struct error *err)
{
	cleanup_free char *name = segment_name(&plan->unikernel->elf, segment);
	uint64_t end = segment->vaddr + muen_page_up(segment->memsz);

	if (!segment->memsz)
		return 0;
	if (!name) {
		err_fail(err, ERR_INPUT,
			 "program header %zu (PT_LOAD at 0x%" PRIx64 ") holds no "
			 "section to name its region after",
			 segment->index, segment->vaddr);
		return err_mend(err, "keep the section headers: strip with 'strip', not 'sstrip'");
	}
	if (segment->filesz)
		add_file_region(plan, segment, name, offset);
	if (muen_page_up(segment->memsz) > muen_page_up(segment->filesz))
		add_fill_region(plan, segment, name);
	if (end > plan->end)
		plan->end = end;
	return 0;
}

static int add_image(struct plan *plan, struct error *err)
{
	const struct elf *elf = &plan->unikernel->elf;
	cleanup_placements struct placements placements = place_segments(elf);
	size_t placed = 0;

	if (placements.file_size > ELF_FILE_MAX) {
		char size[32];

		err_fail(err, ERR_INPUT,
			 "its segments share pages of the file: apart from each other they would "
			 "take "
			 "%s, at most 1 GiB is accepted",
			 size_to_text(placements.file_size, size));
		return err_mend(err, "link it with Solo5's own linker script");
	}
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		uint64_t offset = 0;

		if (segment->type != PT_LOAD)
			continue;
		if (segment->filesz)
			offset = placements.list[placed++].offset;
		if (add_segment(plan, segment, offset, err) < 0)
			return -1;
	}
	return 0;
}

static void add_ram(struct plan *plan)
{
	int room = region_name_room(plan->component->name, false);
	struct component_region *region =
		add_region(plan, "ram", "", room, plan->end, plan->options->ram, PF_R | PF_W);

	free(region->type);
	region->type = xstrdup(MEMORY_PLAIN);
	plan->end += plan->options->ram;
	plan->component->stack = plan->end - 8;
}

/* The page's file is made later, one per subject: two components of one system must not share its
 * name. */
static void add_boot_info(const struct plan *plan)
{
	struct component_region *region = component_add_region(plan->component);

	*region = (struct component_region){ .logical = xstrdup("boot_info"),
					     .type = xstrdup(MEMORY_BOOT_INFO),
					     .address = MUEN_BOOT_INFO,
					     .size = MUEN_PAGE,
					     .content = REGION_FILE,
					     .file = xasprintf("%s_bi", plan->component->name) };
	plan->component->boot_info = MUEN_BOOT_INFO;
}

/* ---- channels ------------------------------------------------------------ */

static void add_channel(struct plan *plan, const char *device, const char *direction, bool writer)
{
	struct component_channel *channel = component_add_channel(plan->component);

	channel->logical = xasprintf("%s|%s", device, direction);
	channel->writer = writer;
	channel->placed = true;
	channel->address = plan->end;
	channel->size = plan->options->channel_size;
	plan->end += channel->size;
}

static void add_devices(struct plan *plan)
{
	const struct unikernel *unikernel = plan->unikernel;

	for (size_t i = 0; i < unikernel->device_count; i++) {
		const struct solo5_device *device = &unikernel->devices[i];

		if (device->type != SOLO5_NET_BASIC)
			continue;
		add_channel(plan, device->name, "in", false);
		add_channel(plan, device->name, "out", true);
	}
}

/* ---- all of it ----------------------------------------------------------- */

static int check_end(const struct plan *plan, struct error *err)
{
	char text[32];

	if (plan->end <= MUEN_ADDRESS_END)
		return 0;
	err_fail(err, ERR_INPUT,
		 "with %s of RAM%s the unikernel reaches up to 0x%" PRIx64
		 ", a subject's address space ends at 0x%llx",
		 size_to_text(plan->options->ram, text),
		 plan->unikernel->device_count ? " and its channels" : "", plan->end,
		 MUEN_ADDRESS_END);
	return err_mend(err, "give it less RAM (--ram) or smaller channels (--channel-size)");
}

int component_plan(struct component *component, const struct unikernel *unikernel,
		   const struct conversion_options *options, struct error *err)
{
	struct plan plan = { .component = component, .unikernel = unikernel, .options = options };

	component->resettable = options->resettable;
	free(component->bootparams);
	component->bootparams = xstrdup(options->bootparams);
	component->entry = unikernel->elf.entry;
	set_libraries(&plan);
	if (!options->source)
		add_boot_info(&plan);
	if (add_image(&plan, err) < 0)
		return -1;
	add_ram(&plan);
	add_devices(&plan);
	return check_end(&plan, err);
}

struct component *gencspec_plan(const struct unikernel *unikernel,
				const struct conversion_options *options, struct findings *findings,
				struct error *err)
{
	cleanup_component struct component *component = xcalloc(1, sizeof(*component));

	component->name = xstrdup(options->name ? options->name : BUILTIN_COMPONENT_NAME);
	if (check_options(options, err) < 0 ||
	    check_unikernel(unikernel, options, findings, err) < 0 ||
	    check_component_name(component->name, err) < 0 ||
	    component_plan(component, unikernel, options, err) < 0 ||
	    layout_check(component, options->log_channel_size, err) < 0 ||
	    check_restart_region(component, &unikernel->elf, err) < 0)
		return NULL;
	return steal(component);
}
