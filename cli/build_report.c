/* What a build tells: build.json, and the summary for people. */
#include "cli/build.h"

#include "cli/build_image.h"
#include "cli/report.h"
#include "cli/unikernel_report.h"
#include "policy/documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- build.json ---------------------------------------------------------- */

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

static json_t *build_report(const struct build *build)
{
	json_t *report = report_new("build"), *unikernels = json_array();

	json_object_set_new(report, "recipe", json_string(build->recipe->name));
	json_object_set_new(report, "system", json_string(build->system_name));
	for (size_t i = 0; i < build->converted_count; i++)
		json_array_append_new(unikernels, report_converted(&build->converted[i]));
	json_object_set(report, "inputs", build->inputs);
	json_object_set_new(report, "unikernels", unikernels);
	if (build->system)
		json_object_set_new(report, "schedule", report_schedule(build->system));
	if (build->image)
		json_object_set_new(report, "image", build_image_report(build->image));
	json_object_set_new(report, "findings", report_findings(&build->findings));
	json_object_set(report, "missing", build->missing);
	json_object_set(report, "files", build->delivery.files);
	return report;
}

/* ---- the summary --------------------------------------------------------- */

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
	size_t index;
	json_t *text;

	if (json_array_size(build->missing))
		puts("still missing");
	json_array_foreach(build->missing, index, text) printf("  %s\n", json_string_value(text));
	puts("next");
	if (build->image)
		build_image_print_next(build->image, build);
	printf("  cd %s && mucfgmerge -I .", build->options->output);
	for (size_t i = 0; i < build->folder_count; i++) {
		/* The command starts in another folder. */
		cleanup_free char *absolute = realpath(build->folders[i], NULL);

		printf(":%s", absolute ? absolute : build->folders[i]);
	}
	printf("%s %s merged.xml\n", build->folder_count ? "" : ":<Muen policy folder>",
	       SYSTEM_CONFIG_FILE);
}

static void print_summary(const struct build *build)
{
	for (size_t i = 0; i < build->converted_count; i++)
		print_converted(&build->converted[i]);
	if (build->system)
		print_schedule(build->system);
	if (build->image)
		boot_image_print(&build->image->image);
	print_files(build);
	print_next(build);
}

/* ---- both ---------------------------------------------------------------- */

int build_finish(struct build *build, struct error *err)
{
	json_t *report = build_report(build);
	cleanup_free char *text = report_text(report);

	json_decref(report);
	if (delivery_add(&build->delivery, "build.json", "this report", text, strlen(text), err) <
	    0)
		return -1;
	return delivery_commit(&build->delivery, err);
}

int build_tell(const struct build *build, struct error *err)
{
	for (size_t i = 0; i < build->converted_count; i++)
		report_warn(&build->converted[i].findings);
	report_warn(&build->findings);
	if (build->image)
		report_warn(&build->image->findings);
	if (build->options->json)
		return report_print(build_report(build), err);
	print_summary(build);
	return 0;
}
