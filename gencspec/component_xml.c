/* Reads a component specification into the model. */
#include "gencspec/component.h"

#include "base/alloc.h"
#include "gencspec/component_xml.h"
#include "solo5/muen_ranges.h"

#include <string.h>

static int check_page_multiple(const struct xml_node *node, const char *what, uint64_t value,
			       struct error *err)
{
	char text[ADA_HEX_MAX];

	if (value % MUEN_PAGE == 0)
		return 0;
	xml_fail(node, err, "%s is %s, a multiple of 16#1000# was expected", what,
		 ada_hex(value, text));
	return err_mend(err, "sizes and addresses are whole pages of 4 KiB");
}

/* The bounds keep every sum of addresses and sizes far from overflow. */
static int check_place(const struct xml_node *node, uint64_t address, uint64_t size,
		       struct error *err)
{
	char address_text[ADA_HEX_MAX], size_text[ADA_HEX_MAX];

	if (check_page_multiple(node, "virtualAddress", address, err) < 0 ||
	    check_page_multiple(node, "size", size, err) < 0)
		return -1;
	if (size && size <= MUEN_ADDRESS_END && address <= MUEN_ADDRESS_END - size)
		return 0;
	xml_fail(node, err, "has %s bytes at %s, at least a page below %s was expected",
		 ada_hex(size, size_text), ada_hex(address, address_text),
		 ada_hex(MUEN_ADDRESS_END, (char[ADA_HEX_MAX]){ 0 }));
	return err_mend(err, "a subject's address space has 128 TiB");
}

static int check_name(const struct xml_node *node, const char *name, struct error *err)
{
	size_t length = strlen(name);

	if (length >= 1 && length <= MUEN_NAME_MAX)
		return 0;
	xml_fail(node, err, "the name '%s' has %zu characters, Muen accepts 1 to %d", name, length,
		 MUEN_NAME_MAX);
	return err_mend(err, "choose a shorter name");
}

/* Regions and channels of a subject have one name space. */
static int check_logical(const struct xml_node *node, const char *logical,
			 const struct component *component, struct error *err)
{
	bool taken = component_region_named(component, logical) != NULL;

	if (check_name(node, logical, err) < 0)
		return -1;
	for (size_t i = 0; i < component->channel_count; i++)
		taken |= !strcmp(component->channels[i].logical, logical);
	if (!taken)
		return 0;
	xml_fail(node, err, "there is a region or channel '%s' already", logical);
	return err_mend(err, "give each region and each channel of a component a name of its own");
}

static int read_pattern(const struct xml_node *fill, struct component_region *region,
			struct error *err)
{
	uint64_t pattern;

	if (xml_need_number(fill, "pattern", &pattern, err) < 0)
		return -1;
	region->content = REGION_FILL;
	region->pattern = (uint8_t)pattern;
	if (pattern <= UINT8_MAX)
		return 0;
	xml_fail(fill, err, "the pattern is %s, a byte was expected",
		 ada_hex(pattern, (char[ADA_HEX_MAX]){ 0 }));
	return err_mend(err, "fill the region with a byte from 16#00# to 16#ff#");
}

static int read_content(const struct xml_node *node, struct component_region *region,
			struct error *err)
{
	struct xml_node *file = xml_first(node, "file"), *fill = xml_first(node, "fill");
	const char *name, *offset;

	if (fill && read_pattern(fill, region, err) < 0)
		return -1;
	if (!file)
		return 0;
	region->content = REGION_FILE;
	if (xml_need(file, "filename", &name, err) < 0 ||
	    xml_need(file, "offset", &offset, err) < 0)
		return -1;
	region->file = xstrdup(name);
	if (!strcmp(offset, "none"))
		return 0;
	return xml_need_number(file, "offset", &region->file_offset, err);
}

static int read_region(const struct xml_node *node, struct component *component, struct error *err)
{
	struct component_region *region;
	const char *logical, *type = xml_get(node, "type");

	if (xml_need(node, "logical", &logical, err) < 0 ||
	    check_logical(node, logical, component, err) < 0)
		return -1;
	region = component_add_region(component);
	region->logical = xstrdup(logical);
	region->type = xstrdup(type ? type : MEMORY_PLAIN);
	if (xml_need_number(node, "virtualAddress", &region->address, err) < 0 ||
	    xml_need_number(node, "size", &region->size, err) < 0 ||
	    xml_need_bool(node, "writable", &region->writable, err) < 0 ||
	    xml_need_bool(node, "executable", &region->executable, err) < 0 ||
	    check_place(node, region->address, region->size, err) < 0)
		return -1;
	return read_content(node, region, err);
}

static int read_channel(const struct xml_node *node, struct component *component, struct error *err)
{
	const char *logical, *address = xml_get(node, "virtualAddress");
	struct component_channel *channel;

	if (xml_need(node, "logical", &logical, err) < 0 ||
	    check_logical(node, logical, component, err) < 0)
		return -1;
	channel = component_add_channel(component);
	channel->logical = xstrdup(logical);
	channel->writer = !strcmp(xml_name(node), "writer");
	channel->placed = address && strcmp(address, "auto");
	if (xml_need_number(node, "size", &channel->size, err) < 0)
		return -1;
	if (channel->placed && xml_need_number(node, "virtualAddress", &channel->address, err) < 0)
		return -1;
	return check_place(node, channel->address, channel->size, err);
}

static int read_depends(const struct xml_node *root, struct component *component, struct error *err)
{
	struct xml_node *depends = xml_first(root, "depends");
	const char *name;

	if (depends)
		xml_each (node, depends, "library") {
			if (xml_need(node, "ref", &name, err) < 0)
				return -1;
			component_add_library(component, name);
		}
	return 0;
}

/* What has to be mapped, but is no plain channel: the first one is enough to know. */
static void note_other(const struct xml_node *root, struct component *component)
{
	static const struct {
		const char *path, *element, *what;
	} others[] = {
		{ "requires/memory", "memory", "the memory region" },
		{ "requires/channels", "array", "the channel array" },
		{ "requires/devices", "device", "the device" },
		{ "requires/events/source", "event", "the event" },
		{ "requires/events/target", "event", "the event" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && !component->other; i++) {
		struct xml_node *parent = xml_path(root, others[i].path);
		struct xml_node *node = parent ? xml_first(parent, others[i].element) : NULL;
		const char *logical = node ? xml_get(node, "logical") : NULL;

		if (node)
			component->other = xasprintf("%s '%s'", others[i].what,
						     logical ? logical : "(without a name)");
	}
}

static int read_config(const struct xml_node *root, struct component *component, struct error *err)
{
	struct xml_node *config = xml_first(root, "config");
	struct xml_node *resettable =
		config ? xml_find(config, "boolean", "name", "resettable") : NULL;
	struct xml_node *bootparams =
		config ? xml_find(config, "string", "name", "bootparams") : NULL;
	const char *text = "";

	if (resettable && xml_need_bool(resettable, "value", &component->resettable, err) < 0)
		return -1;
	if (bootparams && xml_need(bootparams, "value", &text, err) < 0)
		return -1;
	component->bootparams = xstrdup(text);
	return 0;
}

/* A register may also be a variable of the policy. */
static uint64_t read_register(const struct xml_node *root, const char *path)
{
	struct xml_node *node = xml_path(root, path);
	cleanup_free char *text = node ? xml_text(node) : NULL;
	uint64_t value;

	return text && ada_number(text, &value) == 0 ? value : 0;
}

static void read_registers(const struct xml_node *root, struct component *component)
{
	component->entry = read_register(root, "requires/vcpu/registers/gpr/rip");
	component->stack = read_register(root, "requires/vcpu/registers/gpr/rsp");
	component->boot_info = read_register(root, "requires/vcpu/registers/gpr/rdi");
}

static int read_component(const struct xml_document *document, struct component *component,
			  struct error *err)
{
	struct xml_node *root = xml_root(document);
	struct xml_node *channels = xml_path(root, "requires/channels");
	struct xml_node *provides = xml_first(root, "provides");
	const char *name;

	if (strcmp(xml_name(root), "component")) {
		xml_fail(root, err, "the document is a <%s>, a <component> was expected",
			 xml_name(root));
		return err_mend(err, "name a component specification, as gencspec writes it");
	}
	if (xml_need(root, "name", &name, err) < 0 || check_name(root, name, err) < 0)
		return -1;
	component->name = xstrdup(name);
	if (read_config(root, component, err) < 0 || read_depends(root, component, err) < 0)
		return -1;
	note_other(root, component);
	read_registers(root, component);
	if (provides)
		xml_each (node, provides, "memory")
			if (read_region(node, component, err) < 0)
				return -1;
	if (channels)
		xml_each (node, channels, NULL)
			if (strcmp(xml_name(node), "array") &&
			    read_channel(node, component, err) < 0)
				return -1;
	return 0;
}

struct component *component_from_document(const struct xml_document *document, struct error *err)
{
	cleanup_component struct component *component = xcalloc(1, sizeof(*component));
	cleanup_buffer struct buffer text = { 0 };

	if (read_component(document, component, err) < 0)
		return NULL;
	xml_write(document, &text);
	component->document = steal(text.data);
	return steal(component);
}

struct component *component_parse(const char *name, const char *text, size_t length,
				  struct error *err)
{
	cleanup_xml struct xml_document *document = xml_parse(name, text, length, err);

	return document ? component_from_document(document, err) : NULL;
}
