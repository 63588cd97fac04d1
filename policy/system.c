#include "policy/system.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <string.h>

/* Appends `value` to one of the arrays of a struct. */
#define APPEND(array, count, value)                                                                \
	do {                                                                                       \
		array_grow((array), (count));                                                      \
		(array)[(count)++] = (value);                                                      \
	} while (0)

struct system *system_new(void)
{
	return xcalloc(1, sizeof(struct system));
}

void system_free(struct system *system)
{
	for (size_t i = 0; i < system->subject_count; i++) {
		struct subject *subject = &system->subjects[i];

		free(subject->memory);
		free(subject->devices);
		free(subject->sources);
		free(subject->targets);
		free(subject->channels);
		free(subject->monitored);
		free(subject->maps);
	}
	for (size_t i = 0; i < system->text_count; i++)
		free(system->texts[i]);
	free(system->texts);
	free(system->memory);
	free(system->events);
	free(system->channels);
	free(system->components);
	free(system->subjects);
	free(system->partitions);
	free(system);
}

const char *system_text(struct system *system, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	APPEND(system->texts, system->text_count, text);
	return text;
}

struct memory *system_add_memory(struct system *system)
{
	APPEND(system->memory, system->memory_count, (struct memory){ .caching = "WB" });
	return &system->memory[system->memory_count - 1];
}

struct subject *system_add_subject(struct system *system, const char *name, const char *component)
{
	struct subject subject = { .name = name, .component = component };

	APPEND(system->subjects, system->subject_count, subject);
	return &system->subjects[system->subject_count - 1];
}

struct partition *system_add_partition(struct system *system, const char *name)
{
	APPEND(system->partitions, system->partition_count, (struct partition){ .name = name });
	return &system->partitions[system->partition_count - 1];
}

void system_add_event(struct system *system, const char *name, const char *mode,
		      const char *subject)
{
	struct event event = { name, mode, subject };

	APPEND(system->events, system->event_count, event);
}

void system_add_channel(struct system *system, const char *name, uint64_t size, bool log,
			const char *subject)
{
	struct channel channel = { name, size, log, subject };

	APPEND(system->channels, system->channel_count, channel);
}

void subject_map(struct subject *subject, const char *logical, const char *physical)
{
	struct resource_map map = { .logical = logical, .physical = physical };

	APPEND(subject->maps, subject->map_count, map);
}

struct resource_map *subject_map_device(struct subject *subject, const char *logical,
					const char *physical)
{
	subject_map(subject, logical, physical);
	return &subject->maps[subject->map_count - 1];
}

void subject_add_source(struct subject *subject, struct event_end end)
{
	APPEND(subject->sources, subject->source_count, end);
}

void subject_add_target(struct subject *subject, struct event_end end)
{
	APPEND(subject->targets, subject->target_count, end);
}

void subject_add_monitored(struct subject *subject, struct monitored monitored)
{
	APPEND(subject->monitored, subject->monitored_count, monitored);
}

void subject_add_memory(struct subject *subject, struct memory_mapping mapping)
{
	APPEND(subject->memory, subject->memory_count, mapping);
}

void subject_add_device(struct subject *subject, struct device_reference device)
{
	APPEND(subject->devices, subject->device_count, device);
}

void subject_add_channel(struct subject *subject, struct channel_end end)
{
	APPEND(subject->channels, subject->channel_count, end);
}

struct subject *system_subject(const struct system *system, const char *name)
{
	for (size_t i = 0; i < system->subject_count; i++)
		if (!strcmp(system->subjects[i].name, name))
			return &system->subjects[i];
	return NULL;
}
