#include "gencspec/convert.h"

#include "base/alloc.h"
#include "base/text.h"
#include "gencspec/check.h"
#include "gencspec/component_xml.h"
#include "gencspec/layout.h"
#include "gencspec/naming.h"
#include "gencspec/placement.h"
#include "gencspec/source.h"
#include "solo5/muen_ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The order of child elements that Muen's component schema wants. */
static const char *const component_order[] = { "config", "depends", "requires", "provides", NULL };
static const char *const config_order[] = { "boolean", "integer", "string", NULL };
static const char *const requires_order[] = { "vcpu",	 "memory", "channels",
					      "devices", "events", NULL };
static const char *const vcpu_order[] = { "vmx", "msrs", "registers", NULL };
static const char *const registers_order[] = { "gpr",	    "cr0",	"cr0Shadow", "cr4",
					       "cr4Shadow", "segments", NULL };
static const char *const gpr_order[] = { "rip", "rsp", "rax", "rbx", "rcx", "rdx", "rdi", NULL };

/* A conversion on its way. */
struct conversion {
	const struct unikernel *unikernel;
	const struct conversion_options *options;
	struct xml_node *root;
	const char *name; /* the component's */
	uint64_t end;	  /* of the highest region so far */
};

/* ---- building the specification ------------------------------------------ */

static void set_config(const struct conversion *conversion)
{
	struct xml_node *config = xml_child(conversion->root, "config", component_order);
	struct xml_node *resettable = xml_find(config, "boolean", "name", "resettable");
	struct xml_node *bootparams = xml_find(config, "string", "name", "bootparams");

	if (!resettable)
		resettable = xml_add_first(config, "boolean");
	xml_set(resettable, "name", "resettable");
	xml_set_bool(resettable, "value", conversion->options->resettable);
	if (!bootparams)
		bootparams = xml_add(config, config_order[2]);
	xml_set(bootparams, "name", "bootparams");
	xml_set(bootparams, "value", conversion->options->bootparams);
}

static void link_library(struct xml_node *depends, const char *name)
{
	if (!xml_find(depends, "library", "ref", name))
		xml_set(xml_add(depends, "library"), "ref", name);
}

/* The libraries of every Solo5 unikernel, and muinit exactly if it can be restarted. */
static void set_libraries(const struct conversion *conversion)
{
	struct xml_node *depends = xml_child(conversion->root, "depends", component_order);
	struct xml_node *muinit;

	link_library(depends, "libmudebuglog");
	link_library(depends, "libmutime");
	if (conversion->options->resettable) {
		link_library(depends, "muinit");
		return;
	}
	while ((muinit = xml_find(depends, "library", "ref", "muinit")))
		xml_remove(muinit);
}

static void set_register(const struct conversion *conversion, const char *name, uint64_t value)
{
	struct xml_node *requires = xml_child(conversion->root, "requires", component_order);
	struct xml_node *vcpu = xml_child(requires, "vcpu", requires_order);
	struct xml_node *registers = xml_child(vcpu, "registers", vcpu_order);
	struct xml_node *gpr = xml_child(registers, "gpr", registers_order);

	xml_set_text_number(xml_child(gpr, name, gpr_order), value);
}

/* A name of its own for each region: of two that are alike, the second gets a number. Takes
 * ownership of `name`. */
static char *unique_name(const struct xml_node *provides, char *name, int room)
{
	cleanup_free char *base = name;
	char *unique = xstrdup(base);

	for (unsigned number = 2; xml_find(provides, "memory", "logical", unique); number++) {
		free(unique);
		unique = region_name_numbered(base, number, room);
	}
	return unique;
}

/* Adds a region; its name gets at most `room` characters, `suffix` included. */
static struct xml_node *add_region(struct xml_node *provides, const char *name, const char *suffix,
				   int room, uint64_t address, uint64_t size, uint32_t flags)
{
	cleanup_free char *unique =
		unique_name(provides, region_name_fit(name, suffix, room), room);
	struct xml_node *memory = xml_add(provides, "memory");

	xml_set(memory, "logical", unique);
	xml_set_number(memory, "virtualAddress", address);
	xml_set_number(memory, "size", size);
	xml_set_bool(memory, "executable", flags & PF_X);
	xml_set_bool(memory, "writable", flags & PF_W);
	xml_set(memory, "type", "subject_binary");
	return memory;
}

static void add_file_region(const struct conversion *conversion, struct xml_node *provides,
			    const struct elf_segment *segment, const char *name, uint64_t offset)
{
	bool restored = conversion->options->resettable && segment->flags & PF_W;
	int room = region_name_room(conversion->name, restored);
	struct xml_node *memory = add_region(provides, name, "", room, segment->vaddr,
					     muen_page_up(segment->filesz), segment->flags);
	struct xml_node *file = xml_add(memory, "file");

	xml_set(file, "filename", conversion->options->file);
	xml_set_number(file, "offset", offset);
}

static void add_fill_region(const struct conversion *conversion, struct xml_node *provides,
			    const struct elf_segment *segment, const char *name)
{
	uint64_t start = segment->vaddr + muen_page_up(segment->filesz);
	uint64_t size = muen_page_up(segment->memsz) - muen_page_up(segment->filesz);
	int room = region_name_room(conversion->name, false);
	struct xml_node *memory =
		add_region(provides, name, "|fill", room, start, size, segment->flags);

	xml_set_byte(xml_add(memory, "fill"), "pattern", 0);
}

static int add_segment(struct conversion *conversion, struct xml_node *provides,
		       const struct elf_segment *segment, uint64_t offset, struct error *err)
{
	cleanup_free char *name = segment_name(&conversion->unikernel->elf, segment);
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
		add_file_region(conversion, provides, segment, name, offset);
	if (muen_page_up(segment->memsz) > muen_page_up(segment->filesz))
		add_fill_region(conversion, provides, segment, name);
	if (end > conversion->end)
		conversion->end = end;
	return 0;
}

static int add_image(struct conversion *conversion, struct error *err)
{
	const struct elf *elf = &conversion->unikernel->elf;
	struct xml_node *provides = xml_child(conversion->root, "provides", component_order);
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
		if (add_segment(conversion, provides, segment, offset, err) < 0)
			return -1;
	}
	return 0;
}

static void add_ram(struct conversion *conversion)
{
	struct xml_node *provides = xml_child(conversion->root, "provides", component_order);
	int room = region_name_room(conversion->name, false);
	struct xml_node *memory = add_region(provides, "ram", "", room, conversion->end,
					     conversion->options->ram, PF_R | PF_W);

	xml_set(memory, "type", "subject");
	conversion->end += conversion->options->ram;
	set_register(conversion, "rsp", conversion->end - 8);
}

static void add_channel(struct conversion *conversion, struct xml_node *channels, const char *kind,
			const char *device, const char *direction)
{
	cleanup_free char *logical = xasprintf("%s|%s", device, direction);
	struct xml_node *channel = xml_add(channels, kind);

	xml_set(channel, "logical", logical);
	xml_set_number(channel, "virtualAddress", conversion->end);
	xml_set_number(channel, "size", conversion->options->channel_size);
	conversion->end += conversion->options->channel_size;
}

static void add_devices(struct conversion *conversion)
{
	const struct unikernel *unikernel = conversion->unikernel;
	struct xml_node *requires = xml_child(conversion->root, "requires", component_order);

	for (size_t i = 0; i < unikernel->device_count; i++) {
		const struct solo5_device *device = &unikernel->devices[i];
		struct xml_node *channels;

		if (device->type != SOLO5_NET_BASIC)
			continue;
		channels = xml_child(requires, "channels", requires_order);
		add_channel(conversion, channels, "reader", device->name, "in");
		add_channel(conversion, channels, "writer", device->name, "out");
	}
}

/* The boot info page's file is generated later, one per subject: two components of one
 * system must not share its name. */
static void name_boot_info(const struct conversion *conversion)
{
	struct xml_node *provides = xml_first(conversion->root, "provides");
	cleanup_free char *name = xasprintf("%s_bi", conversion->name);

	if (provides)
		xml_each (memory, provides, "memory") {
			const char *type = xml_get(memory, "type");
			struct xml_node *file = xml_first(memory, "file");

			if (file && type && !strcmp(type, "subject_solo5_boot_info"))
				xml_set(file, "filename", name);
		}
}

static struct xml_document *read_source(const struct conversion_options *options, struct error *err)
{
	if (options->source)
		return xml_read(options->source, err);
	return xml_parse(BUILTIN_SOURCE_NAME, builtin_source, strlen(builtin_source), err);
}

/* The source must be a component, and sane by itself, before anything is added to it. */
static int check_source(const struct xml_document *source, const char *name, struct error *err)
{
	cleanup_component struct component *component = component_from_document(source, err);

	return component ? check_component_name(name ? name : component->name, err) : -1;
}

static int check_end(const struct conversion *conversion, struct error *err)
{
	char text[32];

	if (conversion->end <= MUEN_ADDRESS_END)
		return 0;
	err_fail(err, ERR_INPUT,
		 "with %s of RAM%s the unikernel reaches up to 0x%" PRIx64
		 ", a subject's address space ends at 0x%llx",
		 size_to_text(conversion->options->ram, text),
		 conversion->unikernel->device_count ? " and its channels" : "", conversion->end,
		 MUEN_ADDRESS_END);
	return err_mend(err, "give it less RAM (--ram) or smaller channels (--channel-size)");
}

static int build(struct conversion *conversion, struct error *err)
{
	set_config(conversion);
	set_libraries(conversion);
	set_register(conversion, "rip", conversion->unikernel->elf.entry);
	if (conversion->options->name)
		name_boot_info(conversion);
	if (add_image(conversion, err) < 0)
		return -1;
	add_ram(conversion);
	add_devices(conversion);
	return check_end(conversion, err);
}

static void note_boot_info(const struct component *component, struct findings *findings)
{
	for (size_t i = 0; i < component->region_count; i++)
		if (component->regions[i].address == MUEN_BOOT_INFO)
			return;
	findings_add(
		findings, FINDING_WARNING,
		"add a region of type subject_solo5_boot_info there, as the built-in source "
		"specification has it",
		"component '%s' provides no boot info page at 0x%llx: the unikernel would find "
		"neither its boot parameters nor its memory",
		component->name, MUEN_BOOT_INFO);
}

struct component *gencspec_convert(const struct unikernel *unikernel,
				   const struct conversion_options *options,
				   struct findings *findings, struct error *err)
{
	struct conversion conversion = { .unikernel = unikernel, .options = options };
	cleanup_xml struct xml_document *document = NULL;
	cleanup_component struct component *component = NULL;

	if (check_options(options, err) < 0 ||
	    check_unikernel(unikernel, options, findings, err) < 0)
		return NULL;
	document = read_source(options, err);
	if (!document || check_source(document, options->name, err) < 0)
		return NULL;
	conversion.root = xml_root(document);
	if (options->name)
		xml_set(conversion.root, "name", options->name);
	conversion.name = xml_get(conversion.root, "name");
	if (build(&conversion, err) < 0)
		return NULL;
	component = component_from_document(document, err);
	if (!component || layout_check(component, options->log_channel_size, err) < 0 ||
	    check_restart_region(component, &unikernel->elf, err) < 0)
		return NULL;
	note_boot_info(component, findings);
	return steal(component);
}
