#include "policy/hardware.h"

#include <stdlib.h>
#include <string.h>

void hardware_free(struct hardware *hardware)
{
	for (size_t i = 0; i < hardware->device_count; i++) {
		struct hardware_device *device = &hardware->devices[i];

		for (size_t k = 0; k < device->resource_count; k++)
			free(device->resources[k]);
		free(device->resources);
		free(device->name);
	}
	free(hardware->devices);
	free(hardware->blocks);
	free(hardware->description);
	free(hardware);
}

const struct hardware_device *hardware_device(const struct hardware *hardware, const char *name)
{
	for (size_t i = 0; i < hardware->device_count; i++)
		if (!strcmp(hardware->devices[i].name, name))
			return &hardware->devices[i];
	return NULL;
}

bool hardware_device_has(const struct hardware_device *device, const char *resource)
{
	for (size_t i = 0; i < device->resource_count; i++)
		if (!strcmp(device->resources[i], resource))
			return true;
	return false;
}
