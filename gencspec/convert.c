#include "gencspec/convert.h"

#include "base/alloc.h"
#include "gencspec/check.h"
#include "gencspec/component_plan.h"
#include "gencspec/component_xml.h"
#include "gencspec/layout.h"
#include "gencspec/source.h"

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

/* ---- the plan into the specification ------------------------------------- */

static void write_config(struct xml_node *root, const struct component *component)
{
	struct xml_node *config = xml_child(root, "config", component_order);
	struct xml_node *resettable = xml_find(config, "boolean", "name", "resettable");
	struct xml_node *bootparams = xml_find(config, "string", "name", "bootparams");

	if (!resettable)
		resettable = xml_add_first(config, "boolean");
	xml_set(resettable, "name", "resettable");
	xml_set_bool(resettable, "value", component->resettable);
	if (!bootparams)
		bootparams = xml_add(config, config_order[2]);
	xml_set(bootparams, "name", "bootparams");
	xml_set(bootparams, "value", component->bootparams);
}

/* Adds the libraries that are new, removes those that are no more. */
static void write_libraries(struct xml_node *root, const struct component *component)
{
	struct xml_node *depends = xml_child(root, "depends", component_order);

	for (size_t i = 0; i < component->library_count; i++)
		if (!xml_find(depends, "library", "ref", component->libraries[i]))
			xml_set(xml_add(depends, "library"), "ref", component->libraries[i]);
	for (struct xml_node *node = xml_first(depends, "library"), *next; node; node = next) {
		next = xml_next(node, "library");
		if (!component_depends(component, xml_get(node, "ref")))
			xml_remove(node);
	}
}

static void write_register(struct xml_node *root, const char *name, uint64_t value)
{
	struct xml_node *requires = xml_child(root, "requires", component_order);
	struct xml_node *vcpu = xml_child(requires, "vcpu", requires_order);
	struct xml_node *registers = xml_child(vcpu, "registers", vcpu_order);
	struct xml_node *gpr = xml_child(registers, "gpr", registers_order);

	xml_set_text_number(xml_child(gpr, name, gpr_order), value);
}

static void write_region(struct xml_node *root, const struct component_region *region)
{
	struct xml_node *memory = xml_add(xml_child(root, "provides", component_order), "memory");
	struct xml_node *file;

	xml_set(memory, "logical", region->logical);
	xml_set_number(memory, "virtualAddress", region->address);
	xml_set_number(memory, "size", region->size);
	xml_set_bool(memory, "executable", region->executable);
	xml_set_bool(memory, "writable", region->writable);
	xml_set(memory, "type", region->type);
	if (region->content == REGION_FILL)
		xml_set_byte(xml_add(memory, "fill"), "pattern", region->pattern);
	if (region->content != REGION_FILE)
		return;
	file = xml_add(memory, "file");
	xml_set(file, "filename", region->file);
	if (!strcmp(region->type, MEMORY_BOOT_INFO))
		xml_set(file, "offset", "none");
	else
		xml_set_number(file, "offset", region->file_offset);
}

static void write_channel(struct xml_node *root, const struct component_channel *channel)
{
	struct xml_node *requires = xml_child(root, "requires", component_order);
	struct xml_node *channels = xml_child(requires, "channels", requires_order);
	struct xml_node *node = xml_add(channels, channel->writer ? "writer" : "reader");

	xml_set(node, "logical", channel->logical);
	xml_set_number(node, "virtualAddress", channel->address);
	xml_set_number(node, "size", channel->size);
}

/* The specification has the first `regions` and `channels` of them already. */
static void write_plan(struct xml_node *root, const struct component *component, size_t regions,
		       size_t channels)
{
	write_config(root, component);
	write_libraries(root, component);
	write_register(root, "rip", component->entry);
	write_register(root, "rsp", component->stack);
	for (size_t i = regions; i < component->region_count; i++)
		write_region(root, &component->regions[i]);
	for (size_t i = channels; i < component->channel_count; i++)
		write_channel(root, &component->channels[i]);
}

/* ---- the source ---------------------------------------------------------- */

static struct xml_document *read_source(const struct conversion_options *options, struct error *err)
{
	if (options->source)
		return xml_read(options->source, err);
	return xml_parse(BUILTIN_SOURCE_NAME, builtin_source, strlen(builtin_source), err);
}

/* As the built-in source has it: the boot info page's file has the component's name. */
static void rename_component(struct xml_node *root, const char *name)
{
	struct xml_node *provides = xml_first(root, "provides");
	cleanup_free char *file_name = xasprintf("%s_bi", name);

	xml_set(root, "name", name);
	if (provides)
		xml_each (memory, provides, "memory") {
			const char *type = xml_get(memory, "type");
			struct xml_node *file = xml_first(memory, "file");

			if (file && type && !strcmp(type, MEMORY_BOOT_INFO))
				xml_set(file, "filename", file_name);
		}
}

static void note_boot_info(const struct component *component, struct findings *findings)
{
	for (size_t i = 0; i < component->region_count; i++)
		if (component->regions[i].address == MUEN_BOOT_INFO)
			return;
	findings_add(
		findings, FINDING_WARNING,
		"add a region of type " MEMORY_BOOT_INFO " there, as the built-in source "
		"specification has it",
		"component '%s' provides no boot info page at 0x%llx: the unikernel would find "
		"neither its boot parameters nor its memory",
		component->name, MUEN_BOOT_INFO);
}

/* The source must be a component, and sane by itself, before anything is added to it. */
static struct component *component_of_source(const struct xml_document *source, const char *name,
					     struct error *err)
{
	cleanup_component struct component *component = component_from_document(source, err);

	if (!component || check_component_name(name ? name : component->name, err) < 0)
		return NULL;
	if (name) {
		free(component->name);
		component->name = xstrdup(name);
	}
	return steal(component);
}

struct component *gencspec_convert(const struct unikernel *unikernel,
				   const struct conversion_options *options,
				   struct findings *findings, struct error *err)
{
	cleanup_xml struct xml_document *document = NULL;
	cleanup_component struct component *plan = NULL, *component = NULL;
	size_t regions, channels;

	if (check_options(options, err) < 0 ||
	    check_unikernel(unikernel, options, findings, err) < 0)
		return NULL;
	document = read_source(options, err);
	plan = document ? component_of_source(document, options->name, err) : NULL;
	if (!plan)
		return NULL;
	regions = plan->region_count;
	channels = plan->channel_count;
	if (component_plan(plan, unikernel, options, err) < 0)
		return NULL;
	if (options->name)
		rename_component(xml_root(document), options->name);
	write_plan(xml_root(document), plan, regions, channels);
	component = component_from_document(document, err);
	if (!component || layout_check(component, options->log_channel_size, err) < 0 ||
	    check_restart_region(component, &unikernel->elf, err) < 0)
		return NULL;
	note_boot_info(component, findings);
	return steal(component);
}
