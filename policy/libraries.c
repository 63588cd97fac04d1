#include "policy/libraries.h"

#include "gencspec/component.h"

#include <string.h>

struct resource {
	const char *section; /* of <requires>, or "provides" */
	const char *element;
	const char *logical;
	uint64_t address, size; /* size 0: the variable logchannel_size */
	bool writable, executable;
};

/* Sources: Muen's component specifications of these names. */
static const struct library {
	const char *name;
	const char *depends; /* on this library, or NULL */
	struct resource resources[2];
	size_t resource_count;
} libraries[] = {
	{ "libmudebuglog",
	  NULL,
	  { { "channels", "writer", "debuglog", MUEN_DEBUG_LOG, 0, true, false } },
	  1 },
	{ "libmutime",
	  NULL,
	  { { "channels", "reader", "time_info", MUEN_TIME_INFO, MUEN_PAGE, false, false } },
	  1 },
	{ "libmucontrol",
	  NULL,
	  { { "memory", "memory", "control", MUEN_CONTROL_PAGE, MUEN_PAGE, false, false },
	    { "memory", "memory", "status", MUEN_STATUS_PAGE, MUEN_PAGE, true, false } },
	  2 },
	{ "libmuinit", "libmucontrol", { { 0 } }, 0 },
	{ "muinit",
	  "libmuinit",
	  { { "provides", "memory", "muinit", MUEN_MUINIT, MUEN_MUINIT_SIZE, false, true } },
	  1 },
};

static struct xml_node *find_section(struct xml_node *root, const struct resource *resource)
{
	static const char *const any[] = { NULL };

	if (!strcmp(resource->section, "provides"))
		return xml_child(root, "provides", any);
	return xml_child(xml_child(root, "requires", any), resource->section, any);
}

static void write_resource(struct xml_node *root, const struct resource *resource)
{
	struct xml_node *node, *file;

	node = xml_add(find_section(root, resource), resource->element);
	xml_set(node, "logical", resource->logical);
	if (resource->size)
		xml_set_number(node, "size", resource->size);
	else
		xml_set(node, "size", "$logchannel_size");
	xml_set_number(node, "virtualAddress", resource->address);
	if (strcmp(resource->element, "memory") != 0)
		return;
	xml_set_bool(node, "executable", resource->executable);
	xml_set_bool(node, "writable", resource->writable);
	if (strcmp(resource->section, "provides") != 0)
		return;
	xml_set(node, "type", MEMORY_BINARY);
	file = xml_add(node, "file");
	xml_set(file, "filename", resource->logical);
	xml_set(file, "offset", "none");
}

static struct xml_document *write_library(const struct library *library)
{
	struct xml_document *document = xml_new(library->name, "library");
	struct xml_node *root = xml_root(document);

	xml_set(root, "name", library->name);
	if (library->depends)
		xml_set(xml_add(xml_add(root, "depends"), "library"), "ref", library->depends);
	for (size_t i = 0; i < library->resource_count; i++)
		write_resource(root, &library->resources[i]);
	return document;
}

struct xml_document *library_document(const char *name)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		if (!strcmp(libraries[i].name, name))
			return write_library(&libraries[i]);
	return NULL;
}
