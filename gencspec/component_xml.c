/* Reads a component specification into the model. */
#include "gencspec/component.h"

#include "base/alloc.h"
#include "gencspec/component_xml.h"

#include <string.h>

static int check_page_multiple(const struct xml_node *node, const char *what, uint64_t value,
			       struct error *err)
{
	char text[ADA_HEX_MAX];

	if (value % MUEN_PAGE == 0)
		return 0;
	xml_fail(node, err, "%s is %s, a multiple of 16#1000# was expected", what,
		 ada_hex(value, text));
	return -1;
}

static int check_name(const struct xml_node *node, const char *name, struct error *err)
{
	size_t length = strlen(name);

	if (length >= 1 && length <= MUEN_NAME_MAX)
		return 0;
	xml_fail(node, err, "the name '%s' has %zu characters, Muen accepts 1 to %d", name, length,
		 MUEN_NAME_MAX);
	return -1;
}

static int read_content(const struct xml_node *node, struct component_region *region,
			struct error *err)
{
	struct xml_node *file = xml_first(node, "file");
	const char *name, *offset;

	if (xml_first(node, "fill"))
		region->content = REGION_FILL;
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
	struct component_region *region = component_add_region(component);
	const char *logical;

	if (xml_need(node, "logical", &logical, err) < 0)
		return -1;
	region->logical = xstrdup(logical);
	if (check_name(node, logical, err) < 0 ||
	    xml_need_number(node, "virtualAddress", &region->address, err) < 0 ||
	    xml_need_number(node, "size", &region->size, err) < 0 ||
	    xml_need_bool(node, "writable", &region->writable, err) < 0 ||
	    xml_need_bool(node, "executable", &region->executable, err) < 0)
		return -1;
	if (check_page_multiple(node, "virtualAddress", region->address, err) < 0 ||
	    check_page_multiple(node, "size", region->size, err) < 0)
		return -1;
	return read_content(node, region, err);
}

static int read_channel(const struct xml_node *node, struct component *component, struct error *err)
{
	struct component_channel *channel = component_add_channel(component);
	const char *logical, *address = xml_get(node, "virtualAddress");

	if (xml_need(node, "logical", &logical, err) < 0)
		return -1;
	channel->logical = xstrdup(logical);
	channel->writer = !strcmp(xml_name(node), "writer");
	if (check_name(node, logical, err) < 0 ||
	    xml_need_number(node, "size", &channel->size, err) < 0 ||
	    check_page_multiple(node, "size", channel->size, err) < 0)
		return -1;
	channel->placed = address && strcmp(address, "auto");
	if (!channel->placed)
		return 0;
	if (xml_need_number(node, "virtualAddress", &channel->address, err) < 0)
		return -1;
	return check_page_multiple(node, "virtualAddress", channel->address, err);
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
	if (read_config(root, component, err) < 0)
		return -1;
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
