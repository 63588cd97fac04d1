#include "gencspec/component.h"

#include "base/alloc.h"

#include <string.h>

void component_free(struct component *component)
{
	for (size_t i = 0; i < component->region_count; i++) {
		free(component->regions[i].logical);
		free(component->regions[i].type);
		free(component->regions[i].file);
	}
	for (size_t i = 0; i < component->channel_count; i++)
		free(component->channels[i].logical);
	for (size_t i = 0; i < component->library_count; i++)
		free(component->libraries[i]);
	free(component->libraries);
	free(component->other);
	free(component->regions);
	free(component->channels);
	free(component->name);
	free(component->bootparams);
	free(component->document);
	free(component);
}

struct component_region *component_add_region(struct component *component)
{
	struct component_region *region;

	array_grow(component->regions, component->region_count);
	region = &component->regions[component->region_count++];
	*region = (struct component_region){ 0 };
	return region;
}

struct component_channel *component_add_channel(struct component *component)
{
	struct component_channel *channel;

	array_grow(component->channels, component->channel_count);
	channel = &component->channels[component->channel_count++];
	*channel = (struct component_channel){ 0 };
	return channel;
}

void component_add_library(struct component *component, const char *name)
{
	array_grow(component->libraries, component->library_count);
	component->libraries[component->library_count++] = xstrdup(name);
}

bool component_depends(const struct component *component, const char *library)
{
	for (size_t i = 0; i < component->library_count; i++)
		if (!strcmp(component->libraries[i], library))
			return true;
	return false;
}

const struct component_region *component_region_named(const struct component *component,
						      const char *logical)
{
	for (size_t i = 0; i < component->region_count; i++)
		if (!strcmp(component->regions[i].logical, logical))
			return &component->regions[i];
	return NULL;
}

/* Splits "NAME|in" of a reader and "NAME|out" of a writer: the length of NAME, 0 if the channel
 * is neither. */
static size_t device_name_length(const struct component_channel *channel)
{
	const char *suffix = channel->writer ? "|out" : "|in";
	size_t length = strlen(channel->logical), cut = strlen(suffix);

	if (length <= cut || strcmp(channel->logical + length - cut, suffix))
		return 0;
	return length - cut;
}

/* The other half of the pair that the channel belongs to, or NULL. */
static const struct component_channel *partner(const struct component *component,
					       const struct component_channel *channel)
{
	size_t length = device_name_length(channel);

	for (size_t i = 0; length && i < component->channel_count; i++) {
		const struct component_channel *other = &component->channels[i];

		if (other->writer != channel->writer && device_name_length(other) == length &&
		    !strncmp(other->logical, channel->logical, length))
			return other;
	}
	return NULL;
}

bool component_next_device(const struct component *component, size_t *position,
			   struct component_device *device)
{
	while (*position < component->channel_count) {
		const struct component_channel *channel = &component->channels[(*position)++];
		const struct component_channel *other = partner(component, channel);
		size_t length = device_name_length(channel);

		/* A pair is met twice: take it at the first of its two channels. */
		if (!other || other < channel || length > MUEN_NAME_MAX)
			continue;
		memcpy(device->name, channel->logical, length);
		device->name[length] = '\0';
		device->in = channel->writer ? other : channel;
		device->out = channel->writer ? channel : other;
		return true;
	}
	return false;
}

const struct component_channel *component_stray_channel(const struct component *component)
{
	for (size_t i = 0; i < component->channel_count; i++)
		if (!partner(component, &component->channels[i]))
			return &component->channels[i];
	return NULL;
}
