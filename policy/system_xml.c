/* Writes a composed system: the policy, its scheduling plan, its configuration. */
#include "policy/documents.h"
#include "policy/subject_xml.h"

#include "base/alloc.h"

#include <string.h>

static void add_variable(struct xml_node *config, const char *type, const char *name,
			 const char *value)
{
	struct xml_node *node = xml_add(config, type);

	xml_set(node, "name", name);
	xml_set(node, "value", value);
}

/* The variables that Muen's component specifications and platforms look up. */
static void write_config(struct xml_node *root, const struct system *system)
{
	struct xml_node *config = xml_add(root, "config");
	char size[ADA_HEX_MAX];

	add_variable(config, "boolean", "dbgserver_sink_serial", "true");
	add_variable(config, "boolean", "dbgserver_sink_xhcidbg", "false");
	add_variable(config, "boolean", "dbgserver_sink_shmem", "false");
	add_variable(config, "boolean", "dbgserver_sink_pcspkr", "false");
	add_variable(config, "boolean", "pciconf_emulation_enabled", "false");
	add_variable(config, "string", "logchannel_size", ada_hex(system->log_channel_size, size));
}

static void write_domain(struct xml_node *root, const struct device_domain *domain)
{
	struct xml_node *node, *device;

	if (!domain->name)
		return;
	node = xml_add(xml_add(root, "deviceDomains"), "domain");
	xml_set(node, "name", domain->name);
	xml_set(xml_add(xml_add(node, "memory"), "mapSubjectMemory"), "subject", domain->subject);
	device = xml_add(xml_add(node, "devices"), "device");
	xml_set(device, "logical", domain->logical);
	xml_set(device, "physical", domain->physical);
}

static int write_components(struct xml_node *root, const struct system *system, struct error *err)
{
	struct xml_node *components = xml_add(root, "components");

	for (size_t i = 0; i < system->component_count; i++) {
		const struct component *component = system->components[i];
		cleanup_xml struct xml_document *document = xml_parse(
			component->name, component->document, strlen(component->document), err);

		if (!document)
			return -1;
		xml_add_copy(components, xml_root(document));
	}
	return 0;
}

struct xml_document *system_document(const struct system *system, struct error *err)
{
	cleanup_xml struct xml_document *document = xml_new(system->name, "system");
	struct xml_node *root = xml_root(document), *section;

	write_config(root, system);
	section = xml_add(root, "memory");
	for (size_t i = 0; i < system->memory_count; i++)
		write_memory(section, &system->memory[i]);
	write_domain(root, &system->domain);
	section = xml_add(root, "events");
	for (size_t i = 0; i < system->event_count; i++)
		write_event(section, &system->events[i]);
	section = xml_add(root, "channels");
	for (size_t i = 0; i < system->channel_count; i++)
		write_channel(section, system->channels[i].name, system->channels[i].size,
			      system->channels[i].log);
	if (write_components(root, system, err) < 0)
		return NULL;
	section = xml_add(root, "subjects");
	for (size_t i = 0; i < system->subject_count; i++)
		write_subject(xml_add(section, "subject"), &system->subjects[i]);
	xml_set(xml_add(root, "include"), "href", SCHEDULING_PLAN_FILE);
	return steal(document);
}

/* ---- the scheduling plan ------------------------------------------------- */

static void write_partition(struct xml_node *parent, const struct partition *partition)
{
	struct xml_node *node = xml_add(parent, "partition");

	xml_set(node, "name", partition->name);
	for (size_t i = 0; i < partition->group_count; i++) {
		const struct scheduling_group *group = &partition->groups[i];
		struct xml_node *group_node = xml_add(node, "group");

		for (size_t k = 0; k < group->count; k++)
			xml_set(xml_add(group_node, "subject"), "name", group->subjects[k]);
	}
}

static void write_cpu(struct xml_node *major, const struct system *system, unsigned cpu)
{
	struct xml_node *node = xml_add(major, "cpu");

	xml_set_decimal(node, "id", cpu);
	for (size_t i = 0; i < system->partition_count; i++) {
		const struct partition *partition = &system->partitions[i];
		struct xml_node *minor;

		if (partition->cpu != cpu)
			continue;
		minor = xml_add(node, "minorFrame");
		xml_set(minor, "partition", partition->name);
		xml_set_decimal(minor, "ticks", partition->ticks);
	}
}

struct xml_document *schedule_document(const struct system *system)
{
	struct xml_document *document = xml_new("scheduling plan", "scheduling");
	struct xml_node *root = xml_root(document), *partitions, *major;

	xml_set_decimal(root, "tickRate", system->tick_rate);
	partitions = xml_add(root, "partitions");
	for (size_t i = 0; i < system->partition_count; i++)
		write_partition(partitions, &system->partitions[i]);
	major = xml_add(root, "majorFrame");
	for (unsigned cpu = 0; cpu < system->cpu_count; cpu++)
		write_cpu(major, system, cpu);
	return document;
}

/* ---- the system configuration -------------------------------------------- */

struct xml_document *system_config_document(const struct recipe *recipe, const char *system_file)
{
	struct xml_document *document = xml_new("system configuration", "system");
	struct xml_node *config = xml_add(xml_root(document), "config");

	add_variable(config, "string", "architecture", "x86_64");
	add_variable(config, "string", "system", system_file);
	if (recipe->hardware)
		add_variable(config, "string", "hardware", recipe->hardware);
	if (recipe->additional_hardware)
		add_variable(config, "string", "additional_hardware", recipe->additional_hardware);
	if (recipe->platform)
		add_variable(config, "string", "platform", recipe->platform);
	return document;
}
