/* Any bytes are read as a component specification or refused with a whole message; what was read
 * keeps the promises of component.h, and reads the same again. */
#include "gencspec/component.h"
#include "solo5/muen_ranges.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static bool sound(const char *logical, uint64_t address, uint64_t size)
{
	return *logical && strlen(logical) <= MUEN_NAME_MAX && address % MUEN_PAGE == 0 &&
	       size % MUEN_PAGE == 0 && size && size <= MUEN_ADDRESS_END &&
	       address <= MUEN_ADDRESS_END - size;
}

static void check(const struct component *component)
{
	struct component_device device;

	demand(*component->name && strlen(component->name) <= MUEN_NAME_MAX, "the name");
	for (size_t i = 0; i < component->region_count; i++) {
		const struct component_region *region = &component->regions[i];

		demand(sound(region->logical, region->address, region->size), "a region");
		demand(component_region_named(component, region->logical) == region,
		       "a region's name");
		demand((region->content == REGION_FILE) == (region->file != NULL), "a file");
	}
	for (size_t i = 0; i < component->channel_count; i++) {
		const struct component_channel *channel = &component->channels[i];

		demand(sound(channel->logical, channel->address, channel->size), "a channel");
		demand(!component_region_named(component, channel->logical), "a channel's name");
	}
	for (size_t position = 0; component_next_device(component, &position, &device);) {
		demand(!device.in->writer && device.out->writer, "a device");
		demand(position <= component->channel_count, "the position");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_component struct component *component = NULL, *again = NULL;
	struct error err = { 0 };

	component = component_parse("fuzz", (const char *)data, size, &err);
	if (!component) {
		demand(err.kind == ERR_INPUT && !strncmp(err.message, "fuzz", 4), "the error");
		return 0;
	}
	check(component);
	again = component_parse("again", component->document, strlen(component->document), &err);
	demand(again != NULL, "the document reads back");
	demand(!strcmp(again->document, component->document), "the same again");
	return 0;
}
