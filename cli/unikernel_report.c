#include "cli/unikernel_report.h"

#include "base/text.h"
#include "cli/report.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- for programs -------------------------------------------------------- */

json_t *report_address(uint64_t value)
{
	return json_sprintf("0x%" PRIx64, value);
}

json_t *report_subject_info(const struct unikernel *unikernel)
{
	return unikernel->sinfo_revision ? json_integer(unikernel->sinfo_revision) : json_null();
}

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

static json_t *report_regions(const struct component *component)
{
	static const char *const contents[] = { "empty", "fill", "file" };
	json_t *array = json_array();

	for (size_t i = 0; i < component->region_count; i++) {
		const struct component_region *region = &component->regions[i];
		json_t *entry = json_pack("{s:s, s:o, s:o, s:b, s:b, s:s}", "name", region->logical,
					  "address", report_address(region->address), "size",
					  report_address(region->size), "writable",
					  region->writable, "executable", region->executable,
					  "content", contents[region->content]);

		if (region->content == REGION_FILE) {
			json_object_set_new(entry, "file", json_string(region->file));
			json_object_set_new(entry, "offset", report_address(region->file_offset));
		}
		json_array_append_new(array, entry);
	}
	for (size_t i = 0; i < component->channel_count; i++) {
		const struct component_channel *channel = &component->channels[i];

		json_array_append_new(
			array,
			json_pack("{s:s, s:o, s:o, s:b, s:b, s:s}", "name", channel->logical,
				  "address",
				  channel->placed ? report_address(channel->address) : json_null(),
				  "size", report_address(channel->size), "writable",
				  channel->writer, "executable", 0, "content", "channel"));
	}
	return array;
}

json_t *report_converted(const struct converted *converted)
{
	const struct component *component = converted->component;

	return json_pack("{s:s, s:{s:o, s:I, s:s}, s:s, s:I, s:o, s:o, s:s, s:b, s:s, s:o, s:o}",
			 "name", component->name, "input", "path", report_any_text(converted->path),
			 "size", (json_int_t)converted->input_size, "sha256", converted->sha256,
			 "target", solo5_target_name(converted->unikernel.target), "abi",
			 (json_int_t)converted->unikernel.abi_version, "subject_info",
			 report_subject_info(&converted->unikernel), "devices",
			 report_devices(&converted->unikernel), "bootparams", component->bootparams,
			 "resettable", component->resettable, "file", converted->file, "memory",
			 report_regions(component), "findings",
			 report_findings(&converted->findings));
}

/* ---- for people ---------------------------------------------------------- */

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

static void print_region(const char *name, uint64_t address, uint64_t size, const char *access,
			 const char *what)
{
	char text[32];

	printf("    0x%-11" PRIx64 " %10s  %s  %s%s%s\n", address, size_to_text(size, text), access,
	       name, *what ? "  " : "", what);
}

static void print_memory(const struct component *component)
{
	for (size_t i = 0; i < component->region_count; i++) {
		const struct component_region *region = &component->regions[i];
		uint32_t flags =
			PF_R | (region->writable ? PF_W : 0) | (region->executable ? PF_X : 0);
		char access[4];

		print_region(region->logical, region->address, region->size,
			     elf_permissions(flags, access),
			     region->content == REGION_FILL ? "(zeroes)" : "");
	}
	for (size_t i = 0; i < component->channel_count; i++) {
		const struct component_channel *channel = &component->channels[i];

		if (channel->placed)
			print_region(channel->logical, channel->address, channel->size,
				     channel->writer ? "rw-" : "r--", "(channel)");
	}
}

void print_converted(const struct converted *converted)
{
	const struct component *component = converted->component;

	printf("%s  (%s)\n", component->name, converted->path);
	print_identity(&converted->unikernel);
	printf("  sha-256   %s\n", converted->sha256);
	if (*component->bootparams)
		printf("  params    %s\n", component->bootparams);
	printf("  restarts  %s\n", component->resettable ? "yes, when it exits" : "no");
	puts("  memory");
	print_memory(component);
	putchar('\n');
}
