/* What a build tells: build.json, and the summary for people. */
#include "cli/build.h"

#include "base/text.h"
#include "cli/report.h"
#include "cli/unikernel_report.h"
#include "policy/documents.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static json_t *hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

/* ---- build.json ---------------------------------------------------------- */

static json_t *report_regions(const struct component *component)
{
	static const char *const contents[] = { "empty", "fill", "file" };
	json_t *array = json_array();

	for (size_t i = 0; i < component->region_count; i++) {
		const struct component_region *region = &component->regions[i];
		json_t *entry =
			json_pack("{s:s, s:o, s:o, s:b, s:b, s:s}", "name", region->logical,
				  "address", hex(region->address), "size", hex(region->size),
				  "writable", region->writable, "executable", region->executable,
				  "content", contents[region->content]);

		if (region->content == REGION_FILE) {
			json_object_set_new(entry, "file", json_string(region->file));
			json_object_set_new(entry, "offset", hex(region->file_offset));
		}
		json_array_append_new(array, entry);
	}
	for (size_t i = 0; i < component->channel_count; i++) {
		const struct component_channel *channel = &component->channels[i];

		json_array_append_new(
			array,
			json_pack("{s:s, s:o, s:o, s:b, s:b, s:s}", "name", channel->logical,
				  "address", channel->placed ? hex(channel->address) : json_null(),
				  "size", hex(channel->size), "writable", channel->writer,
				  "executable", 0, "content", "channel"));
	}
	return array;
}

static json_t *report_unikernel(const struct converted *converted)
{
	const struct component *component = converted->component;

	return json_pack("{s:s, s:{s:s, s:I, s:s}, s:s, s:I, s:o, s:o, s:s, s:b, s:s, s:o, s:o}",
			 "name", component->name, "input", "path", converted->path, "size",
			 (json_int_t)converted->input_size, "sha256", converted->sha256, "target",
			 solo5_target_name(converted->unikernel.target), "abi",
			 (json_int_t)converted->unikernel.abi_version, "subject_info",
			 converted->unikernel.sinfo_revision
				 ? json_integer(converted->unikernel.sinfo_revision)
				 : json_null(),
			 "devices", report_devices(&converted->unikernel), "bootparams",
			 component->bootparams, "resettable", component->resettable, "file",
			 converted->file, "memory", report_regions(component), "findings",
			 report_findings(&converted->findings));
}

static json_t *report_schedule(const struct system *system)
{
	json_t *array = json_array();

	for (size_t i = 0; i < system->partition_count; i++)
		json_array_append_new(array, json_pack("{s:s, s:i, s:i}", "partition",
						       system->partitions[i].name, "cpu",
						       (int)system->partitions[i].cpu, "ticks",
						       (int)system->partitions[i].ticks));
	return array;
}

json_t *build_report(const struct build *build)
{
	json_t *report = report_new("build"), *unikernels = json_array();

	json_object_set_new(report, "recipe", json_string(build->recipe->name));
	json_object_set_new(report, "system",
			    json_string(build->options->system ? build->options->system
							       : build->recipe->system));
	for (size_t i = 0; i < build->converted_count; i++)
		json_array_append_new(unikernels, report_unikernel(&build->converted[i]));
	json_object_set_new(report, "unikernels", unikernels);
	if (build->system)
		json_object_set_new(report, "schedule", report_schedule(build->system));
	json_object_set_new(report, "findings", report_findings(&build->findings));
	json_object_set(report, "missing", build->missing);
	json_object_set(report, "files", build->delivery.files);
	return report;
}

/* ---- the summary --------------------------------------------------------- */

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

static void print_unikernel(const struct converted *converted)
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

static void print_schedule(const struct system *system)
{
	printf("schedule  %u ticks a second\n", system->tick_rate);
	for (unsigned cpu = 0; cpu < system->cpu_count; cpu++) {
		printf("  CPU %-2u   ", cpu);
		for (size_t i = 0; i < system->partition_count; i++)
			if (system->partitions[i].cpu == cpu)
				printf(" %s %u", system->partitions[i].name,
				       system->partitions[i].ticks);
		putchar('\n');
	}
	putchar('\n');
}

static void print_files(const struct build *build)
{
	size_t index;
	json_t *file;

	printf("%s %s/\n", build->options->dry_run ? "would write to" : "written to",
	       build->options->output);
	json_array_foreach(build->delivery.files, index, file)
		printf("  %-28s %s\n", json_string_value(json_object_get(file, "name")),
		       json_string_value(json_object_get(file, "what")));
	putchar('\n');
}

static void print_next(const struct build *build)
{
	const char *policy = build->options->policy_folder;
	size_t index;
	json_t *text;

	if (json_array_size(build->missing))
		puts("still missing");
	json_array_foreach(build->missing, index, text) printf("  %s\n", json_string_value(text));
	puts("next");
	printf("  cd %s && mucfgmerge -I .:%s %s merged.xml\n", build->options->output,
	       policy ? policy : "<Muen policy folder>", SYSTEM_CONFIG_FILE);
}

void build_summary(const struct build *build)
{
	for (size_t i = 0; i < build->converted_count; i++)
		print_unikernel(&build->converted[i]);
	if (build->system)
		print_schedule(build->system);
	print_files(build);
	print_next(build);
}
