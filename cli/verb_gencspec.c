/* muenbuild gencspec: one unikernel to a component specification, as Muen's own converter. */
#include "base/alloc.h"
#include "cli/conversion.h"
#include "cli/delivery.h"
#include "cli/report.h"
#include "cli/unikernel_option.h"
#include "cli/unikernel_report.h"
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

enum {
	OPTION_SOURCE = 1,
	OPTION_NAME,
	OPTION_BOOTPARAMS,
	OPTION_OUT_SPEC,
	OPTION_OUT_SPEC_OLD,
	OPTION_OUTPUT,
	OPTION_RAM,
	OPTION_CHANNEL_SIZE,
	OPTION_DISABLE_RESET,
	OPTION_NOCOPY,
	OPTION_SUBJECT_INFO,
	OPTION_SCHEMA,
	OPTION_DRY_RUN,
	OPTION_JSON,
};

static const struct option_spec specs[] = {
	{ OPTION_SOURCE, "source", 0, "FILE",
	  "source component specification (default: a built-in one)" },
	{ OPTION_NAME, "name", 0, "NAME", "name of the component (default: the source's)" },
	{ OPTION_BOOTPARAMS, "bootparams", 'b', "STRING", "boot parameters" },
	{ OPTION_OUT_SPEC, "out-spec", 0, "FILE",
	  "where to write the specification\n(default: DIR/component_NAME.xml)" },
	{ OPTION_OUT_SPEC_OLD, "out_spec", 0, "FILE", "the same, as older converters spell it" },
	{ OPTION_OUTPUT, "output", 'o', "DIR",
	  "folder for the copy of the unikernel (default: that of\n--out-spec, else out)" },
	{ OPTION_RAM, "ram", 0, "SIZE", "RAM in MiB or with a unit (default: 512)" },
	{ OPTION_CHANNEL_SIZE, "channel-size", 0, "SIZE",
	  "size of each network channel (default: 1M)" },
	{ OPTION_DISABLE_RESET, "disable-reset", 0, NULL,
	  "do not start the unikernel again when it exits" },
	{ OPTION_NOCOPY, "nocopy", 0, NULL, "do not write a copy of the unikernel" },
	{ OPTION_SUBJECT_INFO, "subject-info", 0, "N|any",
	  "subject info revision of the target's Muen, 2 to 5\n(default: any)" },
	{ OPTION_SCHEMA, "schema", 0, "[KIND=]FILE",
	  "validate against this schema too, such as Muen's own;\nrepeatable" },
	{ OPTION_DRY_RUN, "dry-run", 'n', NULL, "say what would be written, write nothing" },
	{ OPTION_JSON, "json", 0, NULL, "print the report as JSON" },
	{ 0 },
};

struct request {
	const char *path, *out_spec, *folder, *name, *bootparams;
	struct unikernel_defaults defaults;
	bool no_copy, dry_run, json;
	const char **schemas;
	size_t schema_count;
};

static int take_option(struct request *request, int id, const char *value, struct error *err)
{
	switch (id) {
	case OPTION_RAM:
		return parse_ram("--ram", value, &request->defaults.ram, err);
	case OPTION_CHANNEL_SIZE:
		return parse_channel_size("--channel-size", value, &request->defaults.channel_size,
					  err);
	case OPTION_SUBJECT_INFO:
		return parse_subject_info(value, &request->defaults.subject_info, err);
	case OPTION_SCHEMA:
		array_grow(request->schemas, request->schema_count);
		request->schemas[request->schema_count++] = value;
		break;
	case OPTION_SOURCE:
		request->defaults.source = value;
		break;
	case OPTION_NAME:
		request->name = value;
		break;
	case OPTION_BOOTPARAMS:
		request->bootparams = value;
		break;
	case OPTION_OUT_SPEC:
	case OPTION_OUT_SPEC_OLD:
		request->out_spec = value;
		break;
	case OPTION_OUTPUT:
		request->folder = value;
		break;
	case OPTION_DISABLE_RESET:
		request->defaults.disable_reset = true;
		break;
	case OPTION_NOCOPY:
		request->no_copy = true;
		break;
	case OPTION_DRY_RUN:
		request->dry_run = true;
		break;
	case OPTION_JSON:
		request->json = true;
		break;
	}
	return 0;
}

static int parse(struct request *request, int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_gencspec);
	const char *value;
	int id;

	while ((id = options_next(&options, &value, err)) > 0)
		if (take_option(request, id, value, err) < 0)
			return -1;
	if (id < 0 || options_expect(&options, 1, 3, err) < 0)
		return -1;
	request->path = options.operands[0];
	if (options.count > 1)
		request->defaults.source = options.operands[1];
	if (options.count > 2)
		request->folder = options.operands[2];
	return 0;
}

/* ---- the job ------------------------------------------------------------- */

/* Where the specification goes: a folder (owned by the caller) and a name in it. */
static char *spec_folder(const struct request *request)
{
	const char *name;

	if (!request->out_spec)
		return xstrdup(request->folder ? request->folder : "out");
	name = path_base_name(request->out_spec);
	if (name == request->out_spec)
		return xstrdup(".");
	if (name == request->out_spec + 1)
		return xstrdup("/");
	return xstrndup(request->out_spec, (size_t)(name - request->out_spec - 1));
}

static int write_spec(struct delivery *delivery, const struct request *request,
		      const struct converted *converted, struct error *err)
{
	const struct component *component = converted->component;
	cleanup_free char *name = request->out_spec
					  ? xstrdup(path_base_name(request->out_spec))
					  : xasprintf("component_%s.xml", component->name);
	cleanup_xml struct xml_document *document =
		xml_parse(name, component->document, strlen(component->document), err);

	return document ? delivery_add_document(delivery, name, "component",
						"the component specification", document, err)
			: -1;
}

static int tell(const struct request *request, const struct converted *converted, json_t *files,
		struct error *err)
{
	json_t *report;
	size_t index;
	json_t *file;

	report_warn(&converted->findings);
	if (request->json) {
		report = report_new("gencspec");
		json_object_set_new(report, "unikernel", report_converted(converted));
		json_object_set(report, "files", files);
		return report_print(report, err);
	}
	print_converted(converted);
	json_array_foreach(files, index, file)
		printf("%s %s\n", request->dry_run ? "would write" : "wrote",
		       json_string_value(json_object_get(file, "path")));
	return 0;
}

/* A delivery's files with their folder, for the report. */
static void list_files(json_t *files, const struct delivery *delivery)
{
	size_t index;
	json_t *file;

	json_array_foreach(delivery->files, index, file)
	{
		json_object_set_new(file, "path",
				    json_sprintf("%s/%s", delivery->folder,
						 json_string_value(json_object_get(file, "name"))));
		json_array_append(files, file);
	}
}

static void protect_inputs(struct delivery *delivery, const struct request *request)
{
	delivery_protect(delivery, request->path);
	delivery_protect(delivery, request->defaults.source);
}

static int deliver(const struct request *request, struct converted *converted, json_t *files,
		   struct error *err)
{
	cleanup_free char *folder = spec_folder(request);
	cleanup_delivery struct delivery spec = { 0 }, copy = { 0 };
	const char *copy_folder = request->folder ? request->folder : folder;

	if (delivery_begin(&spec, folder, request->dry_run, err) < 0)
		return -1;
	protect_inputs(&spec, request);
	protect_inputs(&copy, request);
	for (size_t i = 0; i < request->schema_count; i++)
		if (delivery_add_schema(&spec, request->schemas[i], err) < 0)
			return -1;
	if (write_spec(&spec, request, converted, err) < 0)
		return -1;
	if (!request->no_copy) {
		/* The same folder, unless both were named. */
		struct delivery *target = strcmp(copy_folder, folder) ? &copy : &spec;

		if (target == &copy &&
		    delivery_begin(&copy, copy_folder, request->dry_run, err) < 0)
			return -1;
		if (delivery_add(target, converted->file, "the unikernel that it refers to",
				 converted->bytes.data, converted->bytes.size, err) < 0)
			return -1;
	}
	list_files(files, &spec);
	if (copy.folder)
		list_files(files, &copy);
	if (copy.folder && delivery_commit(&copy, err) < 0)
		return -1;
	return delivery_commit(&spec, err);
}

/* What the file would have needed, had it been copied. */
static void warn_no_copy(struct converted *converted, const char *path)
{
	findings_add(&converted->findings, FINDING_NOTE,
		     "leave out --nocopy to get a copy where both are mended",
		     "%s is used as it is: behind the end of a segment, the rest of its last page "
		     "is what follows in the file%s",
		     path,
		     converted->component->resettable
			     ? ", and a restart runs into the name of its interpreter"
			     : "");
}

static int convert(const struct request *request, struct converted *converted, struct error *err)
{
	const struct unikernel_defaults *defaults = &request->defaults;
	struct conversion_options options = {
		.name = request->name,
		.source = defaults->source,
		.bootparams = request->bootparams,
		.ram = defaults->ram,
		.channel_size = defaults->channel_size,
		.log_channel_size = 0x20000,
		.resettable = !defaults->disable_reset,
		.subject_info = (unsigned)defaults->subject_info,
	};

	if (converted_read(converted, request->path, err) < 0 ||
	    converted_run(converted, &options, !request->no_copy, err) < 0)
		return -1;
	if (request->no_copy)
		warn_no_copy(converted, request->path);
	return 0;
}

static int run(int argc, char **argv, struct error *err)
{
	struct request request = { .bootparams = "",
				   .defaults = { .ram = 512ull << 20, .channel_size = 1 << 20 } };
	struct converted converted = { 0 };
	json_t *files = json_array();
	int status = -1;

	if (parse(&request, argc, argv, err) == 0 && convert(&request, &converted, err) == 0 &&
	    deliver(&request, &converted, files, err) == 0)
		status = tell(&request, &converted, files, err);
	converted_free(&converted);
	json_decref(files);
	free(request.schemas);
	return status;
}

const struct verb verb_gencspec = {
	.name = "gencspec",
	.run = run,
	.summary = "convert a unikernel to a component specification",
	.operands = "FILE [SOURCE_SPEC [DIR]]",
	.options = specs,
	.details = "SOURCE_SPEC and DIR are the same as --source and --output.\n",
};
