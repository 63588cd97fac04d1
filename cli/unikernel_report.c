#include "cli/unikernel_report.h"

#include <stdio.h>

json_t *report_devices(const struct unikernel *unikernel)
{
	json_t *array = json_array();

	for (size_t i = 0; i < unikernel->device_count; i++) {
		const struct solo5_device *device = &unikernel->devices[i];

		json_array_append_new(array, json_pack("{s:s, s:s, s:i}", "name", device->name,
						       "type", solo5_device_type_name(device->type),
						       "handle", (int)device->handle));
	}
	return array;
}

static void print_subject_info(const struct unikernel *unikernel)
{
	if (unikernel->target != SOLO5_MUEN)
		putchar('\n');
	else if (unikernel->sinfo_revision)
		printf(", Muen subject info %02u\n", unikernel->sinfo_revision);
	else
		puts(", no Muen subject info");
}

void print_identity(const struct unikernel *unikernel)
{
	printf("  solo5     %s, ABI %u", solo5_target_name(unikernel->target),
	       unikernel->abi_version);
	print_subject_info(unikernel);
	printf("  devices   ");
	if (!unikernel->device_count)
		puts("none");
	for (size_t i = 0; i < unikernel->device_count; i++)
		printf("%s (%s)%s", unikernel->devices[i].name,
		       solo5_device_type_name(unikernel->devices[i].type),
		       i + 1 < unikernel->device_count ? ", " : "\n");
}
