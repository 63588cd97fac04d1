/* Writes subjects and what is there for one of them. */
#include "policy/subject_xml.h"

#include "base/alloc.h"
#include "policy/documents.h"

#include <string.h>

/* ---- events -------------------------------------------------------------- */

static void write_action(struct xml_node *node, const struct event_end *end)
{
	struct xml_node *action;

	if (!end->action)
		return;
	action = xml_add(node, end->action);
	if (end->vector >= 0)
		xml_set_decimal(action, "vector", (unsigned)end->vector);
}

static void write_event_end(struct xml_node *parent, const struct event_end *end)
{
	struct xml_node *node = xml_add(parent, end->all_others ? "default" : "event");

	if (end->id >= 0)
		xml_set_decimal(node, "id", (unsigned)end->id);
	if (end->logical)
		xml_set(node, "logical", end->logical);
	xml_set(node, "physical", end->physical);
	write_action(node, end);
}

static void write_group(struct xml_node *parent, const struct subject *subject, const char *name)
{
	struct xml_node *group = NULL;

	for (size_t i = 0; i < subject->source_count; i++) {
		if (strcmp(subject->sources[i].group, name))
			continue;
		if (!group) {
			group = xml_add(parent, "group");
			xml_set(group, "name", name);
		}
		write_event_end(group, &subject->sources[i]);
	}
}

static void write_events(struct xml_node *parent, const struct subject *subject)
{
	struct xml_node *events = xml_add(parent, "events"), *source, *target;

	if (subject->source_count) {
		source = xml_add(events, "source");
		write_group(source, subject, "vmx_exit");
		write_group(source, subject, "vmcall");
	}
	if (!subject->target_count)
		return;
	target = xml_add(events, "target");
	for (size_t i = 0; i < subject->target_count; i++)
		write_event_end(target, &subject->targets[i]);
}

/* ---- the other parts ----------------------------------------------------- */

static void write_vcpu(struct xml_node *parent, const struct subject *subject)
{
	struct xml_node *node = parent;

	if (!subject->sleeps)
		return;
	for (const char *const *step =
		     (const char *const[]){ "vcpu", "vmx", "controls", "proc", "HLTExiting", NULL };
	     *step; step++)
		node = xml_add(node, *step);
	xml_set_text(node, "1");
}

static void write_mappings(struct xml_node *parent, const struct subject *subject)
{
	struct xml_node *section = subject->memory_count ? xml_add(parent, "memory") : NULL;

	for (size_t i = 0; i < subject->memory_count; i++) {
		const struct memory_mapping *mapping = &subject->memory[i];
		struct xml_node *node = xml_add(section, "memory");

		xml_set(node, "logical", mapping->logical);
		xml_set(node, "physical", mapping->physical);
		xml_set_number(node, "virtualAddress", mapping->address);
		xml_set_bool(node, "writable", false);
		xml_set_bool(node, "executable", false);
	}
}

static void write_devices(struct xml_node *parent, const struct subject *subject)
{
	struct xml_node *section = subject->device_count ? xml_add(parent, "devices") : NULL;

	for (size_t i = 0; i < subject->device_count; i++) {
		struct xml_node *node = xml_add(section, "device");

		xml_set(node, "logical", subject->devices[i].logical);
		xml_set(node, "physical", subject->devices[i].physical);
	}
}

static void write_channels(struct xml_node *parent, const struct subject *subject)
{
	struct xml_node *section = subject->channel_count ? xml_add(parent, "channels") : NULL;

	for (size_t i = 0; i < subject->channel_count; i++) {
		const struct channel_end *end = &subject->channels[i];
		struct xml_node *node = xml_add(section, end->writer ? "writer" : "reader");

		xml_set(node, "logical", end->logical);
		xml_set(node, "physical", end->physical);
		xml_set_number(node, "virtualAddress", end->address);
	}
}

/* States before loaders: the order that Muen's schema wants. */
static void write_monitored(struct xml_node *parent, const struct subject *subject)
{
	struct xml_node *section = subject->monitored_count ? xml_add(parent, "monitor") : NULL;

	for (size_t i = 0; i < subject->monitored_count; i++) {
		const struct monitored *monitored = &subject->monitored[i];
		struct xml_node *node = xml_add(section, monitored->kind);

		xml_set(node, "subject", monitored->subject);
		xml_set(node, "logical", monitored->logical);
		xml_set_number(node, "virtualAddress", monitored->address);
		if (!strcmp(monitored->kind, "state"))
			xml_set_bool(node, "writable", true);
	}
}

static void write_maps(struct xml_node *parent, const struct subject *subject)
{
	struct xml_node *component = xml_add(parent, "component");

	xml_set(component, "ref", subject->component);
	for (size_t i = 0; i < subject->map_count; i++) {
		const struct resource_map *map = &subject->maps[i];
		struct xml_node *node = xml_add(component, "map"), *part;

		xml_set(node, "logical", map->logical);
		xml_set(node, "physical", map->physical);
		if (!map->part_logical)
			continue;
		part = xml_add(node, "map");
		xml_set(part, "logical", map->part_logical);
		xml_set(part, "physical", map->part_physical);
	}
}

void write_subject(struct xml_node *node, const struct subject *subject)
{
	xml_set(node, "name", subject->name);
	write_vcpu(node, subject);
	if (subject->bootparams)
		xml_set_text(xml_add(node, "bootparams"), subject->bootparams);
	write_mappings(node, subject);
	write_devices(node, subject);
	write_events(node, subject);
	write_channels(node, subject);
	write_monitored(node, subject);
	write_maps(node, subject);
}

void write_memory(struct xml_node *parent, const struct memory *memory)
{
	struct xml_node *node = xml_add(parent, "memory"), *file;

	xml_set(node, "name", memory->name);
	if (memory->address)
		xml_set_number(node, "physicalAddress", memory->address);
	xml_set_number(node, "size", memory->size);
	xml_set(node, "caching", memory->caching);
	if (memory->type)
		xml_set(node, "type", memory->type);
	if (memory->content == REGION_FILL)
		xml_set_byte(xml_add(node, "fill"), "pattern", memory->pattern);
	if (memory->content == REGION_FILE) {
		file = xml_add(node, "file");
		xml_set(file, "filename", memory->file);
		xml_set(file, "offset", "none");
	}
	if (memory->changes)
		xml_set(xml_add(node, "hash"), "value", "none");
}

void write_event(struct xml_node *parent, const struct event *event)
{
	struct xml_node *node = xml_add(parent, "event");

	xml_set(node, "name", event->name);
	xml_set(node, "mode", event->mode);
}

void write_channel(struct xml_node *parent, const char *name, uint64_t size, bool log)
{
	struct xml_node *node = xml_add(parent, "channel");

	xml_set(node, "name", name);
	if (log)
		xml_set(node, "size", "$logchannel_size");
	else
		xml_set_number(node, "size", size);
}

/* ---- fragments ----------------------------------------------------------- */

struct xml_document *subject_document(const struct system *system, const char *name)
{
	const struct subject *subject = system_subject(system, name);
	struct xml_document *document;

	if (!subject)
		return NULL;
	document = xml_new("subject", "subject");
	write_subject(xml_root(document), subject);
	return document;
}

static bool is_for(const char *subject, const char *unikernel)
{
	return subject && !strcmp(subject, unikernel);
}

struct xml_document *channels_document(const struct system *system, const char *unikernel)
{
	struct xml_document *document = xml_new("channels", "include");

	for (size_t i = 0; i < system->channel_count; i++) {
		const struct channel *channel = &system->channels[i];

		if (is_for(channel->subject, unikernel))
			write_channel(xml_root(document), channel->name, channel->size,
				      channel->log);
	}
	return document;
}

struct xml_document *events_document(const struct system *system, const char *unikernel)
{
	struct xml_document *document = xml_new("events", "include");

	for (size_t i = 0; i < system->event_count; i++)
		if (is_for(system->events[i].subject, unikernel))
			write_event(xml_root(document), &system->events[i]);
	return document;
}

struct xml_document *memory_document(const struct system *system, const char *unikernel)
{
	struct xml_document *document = xml_new("memory", "include");

	for (size_t i = 0; i < system->memory_count; i++)
		if (is_for(system->memory[i].subject, unikernel))
			write_memory(xml_root(document), &system->memory[i]);
	return document;
}
