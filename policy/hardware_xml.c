/* Reads hardware and platform descriptions. */
#include "policy/hardware.h"

#include "base/alloc.h"
#include "xml/xml.h"

#include <string.h>

#define CPUS_MAX 1024 /* far above what Muen supports */

static struct hardware_device *add_device(struct hardware *hardware, const char *name)
{
	struct hardware_device *device;

	array_grow(hardware->devices, hardware->device_count);
	device = &hardware->devices[hardware->device_count++];
	*device = (struct hardware_device){ .name = xstrdup(name) };
	return device;
}

/* The names of a device's memory, I/O ports and interrupts; of an alias's resources, also those
 * under a conditional: whether it holds is decided when the policy is merged. */
static void add_resources(struct hardware_device *device, const struct xml_node *node)
{
	xml_each (child, node, NULL) {
		const char *name = xml_get(child, "name");

		if (!strcmp(xml_name(child), "if")) {
			add_resources(device, child);
		} else if (name && strcmp(xml_name(child), "capabilities")) {
			array_grow(device->resources, device->resource_count);
			device->resources[device->resource_count++] = xstrdup(name);
		}
	}
}

static int read_devices(struct hardware *hardware, const struct xml_node *parent, const char *kind,
			struct error *err)
{
	if (parent)
		xml_each (node, parent, kind) {
			const char *name;

			if (xml_need(node, "name", &name, err) < 0)
				return -1;
			add_resources(add_device(hardware, name), node);
		}
	return 0;
}

static int read_processor(struct hardware *hardware, const struct xml_node *root, struct error *err)
{
	struct xml_node *processor = xml_first(root, "processor");
	uint64_t cpus;

	if (!processor)
		return xml_fail(root, err, "has no <processor>: the number of CPUs is not known");
	if (xml_need_number(processor, "cpuCores", &cpus, err) < 0)
		return -1;
	if (!cpus || cpus > CPUS_MAX)
		return xml_fail(processor, err, "cpuCores is %llu, 1 to %d was expected",
				(unsigned long long)cpus, CPUS_MAX);
	hardware->cpus = (unsigned)cpus;
	return 0;
}

static int read_block(struct hardware *hardware, const struct xml_node *node, struct error *err)
{
	struct memory_block block;
	const char *allocatable = xml_get(node, "allocatable");
	uint64_t end;

	if (xml_need_number(node, "physicalAddress", &block.address, err) < 0 ||
	    xml_need_number(node, "size", &block.size, err) < 0)
		return -1;
	if (__builtin_add_overflow(block.address, block.size, &end))
		return xml_fail(node, err, "the block ends above 16#ffff_ffff_ffff_ffff#");
	if (!allocatable || strcmp(allocatable, "true") || !block.size)
		return 0;
	array_grow(hardware->blocks, hardware->block_count);
	hardware->blocks[hardware->block_count++] = block;
	return 0;
}

static int compare_blocks(const void *left, const void *right)
{
	const struct memory_block *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static int check_blocks(const struct hardware *hardware, const struct xml_node *memory,
			struct error *err)
{
	for (size_t i = 1; i < hardware->block_count; i++) {
		const struct memory_block *before = &hardware->blocks[i - 1];

		if (before->address + before->size > hardware->blocks[i].address)
			return xml_fail(memory, err, "two blocks of RAM overlap");
	}
	if (!hardware->block_count)
		return xml_fail(memory, err, "has no <memoryBlock> with allocatable=\"true\"");
	return 0;
}

static int read_memory(struct hardware *hardware, const struct xml_node *root, struct error *err)
{
	struct xml_node *memory = xml_first(root, "memory");

	if (!memory)
		return xml_fail(root, err, "has no <memory>: the amount of RAM is not known");
	xml_each (node, memory, "memoryBlock")
		if (read_block(hardware, node, err) < 0)
			return -1;
	qsort(hardware->blocks, hardware->block_count, sizeof(*hardware->blocks), compare_blocks);
	return check_blocks(hardware, memory, err);
}

static struct xml_document *read_description(const char *path, const char *root_name,
					     struct error *err)
{
	cleanup_xml struct xml_document *document = xml_read(path, err);
	struct xml_node *root = document ? xml_root(document) : NULL;

	if (!root)
		return NULL;
	if (strcmp(xml_name(root), root_name)) {
		xml_fail(root, err, "the document is a <%s>, a <%s> description was expected",
			 xml_name(root), root_name);
		err_mend(err, "see the recipe's entries hardware, additional-hardware, platform");
		return NULL;
	}
	return steal(document);
}

static int read_hardware_file(struct hardware *hardware, const char *path, struct error *err)
{
	cleanup_xml struct xml_document *document = read_description(path, "hardware", err);
	struct xml_node *root;

	if (!document)
		return -1;
	root = xml_root(document);
	if (read_processor(hardware, root, err) < 0 || read_memory(hardware, root, err) < 0)
		return -1;
	return read_devices(hardware, xml_first(root, "devices"), "device", err);
}

static int read_additional_file(struct hardware *hardware, const char *path, struct error *err)
{
	cleanup_xml struct xml_document *document = read_description(path, "hardware", err);

	if (!document)
		return -1;
	return read_devices(hardware, xml_first(xml_root(document), "devices"), "device", err);
}

static int read_platform_file(struct hardware *hardware, const char *path, struct error *err)
{
	cleanup_xml struct xml_document *document = read_description(path, "platform", err);
	struct xml_node *root;

	if (!document)
		return -1;
	root = xml_root(document);
	if (read_devices(hardware, xml_path(root, "mappings/aliases"), "alias", err) < 0)
		return -1;
	return read_devices(hardware, xml_path(root, "mappings/classes"), "class", err);
}

struct hardware *hardware_read(const char *path, const char *additional, const char *platform,
			       struct error *err)
{
	cleanup_hardware struct hardware *hardware = xcalloc(1, sizeof(*hardware));

	hardware->description = xstrdup(path);
	if (read_hardware_file(hardware, path, err) < 0)
		return NULL;
	if (additional && read_additional_file(hardware, additional, err) < 0)
		return NULL;
	if (platform && read_platform_file(hardware, platform, err) < 0)
		return NULL;
	return steal(hardware);
}
