/* muenbuild build: from unikernels and boot parameters to a Muen system. */
#include "base/alloc.h"
#include "cli/build_image.h"
#include "cli/build_run.h"
#include "cli/unikernel_option.h"
#include "cli/verbs.h"

#include <string.h>

enum {
	OPTION_UNIKERNEL = 1,
	OPTION_BOOTPARAMS,
	OPTION_RAM,
	OPTION_CHANNEL_SIZE,
	OPTION_DISABLE_RESET,
	OPTION_SUBJECT_INFO,
	OPTION_SOURCE,
	OPTION_NO_IMAGE,
	OPTION_RUN,
};

static const struct option_spec specs[] = {
	{ OPTION_UNIKERNEL, "unikernel", 'u', "FILE[,KEY=VALUE...]",
	  "a unikernel linked for Solo5's muen target; repeatable. Keys:\n"
	  "name, ram, channel-size, reset=yes|no, ticks, cpu, bootparams" },
	{ OPTION_BOOTPARAMS, "bootparams", 'b', "STRING",
	  "boot parameters of the unikernel named last" },
	{ OPTION_RAM, "ram", 0, "SIZE", "RAM of each unikernel, in MiB or with a unit" },
	{ OPTION_CHANNEL_SIZE, "channel-size", 0, "SIZE", "size of each network channel" },
	{ OPTION_DISABLE_RESET, "disable-reset", 0, NULL,
	  "do not start unikernels again when they exit" },
	{ OPTION_SUBJECT_INFO, "subject-info", 0, "N|any",
	  "subject info revision of the target's Muen, 2 to 5" },
	{ OPTION_SOURCE, "source", 0, "FILE", "source component specification" },
	SYSTEM_OPTION_SPECS,
	{ OPTION_NO_IMAGE, "no-image", 0, NULL, "write the policy's documents alone" },
	{ OPTION_RUN, "run", 0, NULL,
	  "run the unikernels here first: all is written only if that\nends well; options of run "
	  "stand behind --" },
	IMAGE_OPTION_SPECS,
	WWW_OPTION_SPECS,
	{ 0 },
};

/* Everything the command line says. */
struct request {
	struct system_options system;
	struct unikernel_options unikernels;
	struct unikernel_defaults defaults;
	struct image_options image;
	struct www_options www;
	bool no_image;
	bool wants_run;
	struct run_options run;
};

/* ---- options ------------------------------------------------------------- */

static int take_option(struct request *request, int id, const char *value, struct error *err)
{
	struct unikernel_defaults *defaults = &request->defaults;

	switch (id) {
	case OPTION_UNIKERNEL:
		return unikernel_options_add(&request->unikernels, value, err);
	case OPTION_BOOTPARAMS:
		return unikernel_options_bootparams(&request->unikernels, value, err);
	case OPTION_RAM:
		return parse_ram("--ram", value, &defaults->ram, err);
	case OPTION_CHANNEL_SIZE:
		return parse_channel_size("--channel-size", value, &defaults->channel_size, err);
	case OPTION_SUBJECT_INFO:
		return parse_subject_info(value, &defaults->subject_info, err);
	case OPTION_DISABLE_RESET:
		defaults->disable_reset = true;
		return 0;
	case OPTION_SOURCE:
		defaults->source = value;
		return 0;
	case OPTION_NO_IMAGE:
		request->no_image = true;
		return 0;
	case OPTION_RUN:
		request->wants_run = true;
		return 0;
	}
	if (image_options_know(id))
		return image_options_take(&request->image, id, value, err);
	if (www_options_know(id))
		return www_options_take(&request->www, id, value, err);
	return system_options_take(&request->system, id, value, err);
}

static int check_image(const struct request *request, struct error *err)
{
	const char *given = request->image.given ? request->image.given : request->www.given;

	if (image_options_check(&request->image, err) < 0 ||
	    www_options_check(&request->www, err) < 0)
		return -1;
	if (!request->no_image || !given)
		return 0;
	err_fail(err, ERR_USAGE, "%s is about the image, and --no-image wants none", given);
	return err_mend(err, "leave one of them out");
}

/* What stands behind "--" is for the run. */
static int take_run(struct request *request, struct options *options, struct error *err)
{
	int behind = request->wants_run ? options->behind : 0;

	options->count -= behind;
	if (options_expect(options, 0, 0, err) < 0)
		return -1;
	return request->wants_run ? build_run_options(&request->run, behind, options->operands, err)
				  : 0;
}

static int parse(struct request *request, int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_build);
	const char *value;
	int id;

	while ((id = options_next(&options, &value, err)) > 0)
		if (take_option(request, id, value, err) < 0)
			return -1;
	if (id < 0 || take_run(request, &options, err) < 0)
		return -1;
	if (!request->unikernels.count) {
		err_fail(err, ERR_USAGE, "no unikernel is named");
		return err_mend(err, "muenbuild --unikernel FILE.muen --bootparams \"...\"; "
				     "'muenbuild build --help' has more");
	}
	return check_image(request, err);
}

/* ---- the job ------------------------------------------------------------- */

/* The unikernel's name: given, or as Muen's own tools call the only one, or the file's. */
static char *choose_name(const struct request *request, size_t index)
{
	const struct unikernel_option *option = &request->unikernels.list[index];
	const char *base = path_base_name(option->path), *dot = strchr(base, '.');

	if (option->name)
		return xstrdup(option->name);
	if (request->unikernels.count == 1)
		return NULL;
	return dot && dot != base ? xstrndup(base, (size_t)(dot - base)) : xstrdup(base);
}

/* Before anything is converted: outputs are called after the unikernels. */
static int check_names_differ(const struct request *request, struct error *err)
{
	for (size_t i = 1; i < request->unikernels.count; i++) {
		cleanup_free char *name = choose_name(request, i);

		for (size_t k = 0; k < i; k++) {
			cleanup_free char *other = choose_name(request, k);

			if (strcmp(name, other) != 0)
				continue;
			err_fail(err, ERR_USAGE, "two unikernels have the name '%s': %s and %s",
				 name, request->unikernels.list[k].path,
				 request->unikernels.list[i].path);
			return err_mend(err, "name them: --unikernel FILE,name=NAME");
		}
	}
	return 0;
}

/* The name of the unikernel's copy: its own, unless another one has that already. */
static char *choose_file(const struct build *build, const char *path, const char *name)
{
	const char *base = path_base_name(path);

	for (size_t i = 0; i < build->converted_count; i++)
		if (build->converted[i].file && !strcmp(build->converted[i].file, base))
			return xasprintf("%s_%s", name, base);
	return xstrdup(base);
}

static const char *choose_bootparams(const struct request *request, size_t index)
{
	const struct unikernel_option *option = &request->unikernels.list[index];

	if (option->bootparams)
		return option->bootparams;
	if (index == 0 && request->unikernels.early_bootparams)
		return request->unikernels.early_bootparams;
	return "";
}

static struct conversion_options choose_options(const struct request *request,
						const struct recipe *recipe, size_t index)
{
	const struct unikernel_option *option = &request->unikernels.list[index];
	const struct unikernel_defaults *defaults = &request->defaults;
	struct conversion_options options = { .source = defaults->source };

	options.bootparams = choose_bootparams(request, index);
	options.ram = option->ram ? option->ram : defaults->ram;
	if (!options.ram)
		options.ram = recipe->unikernel.ram;
	options.channel_size = option->channel_size ? option->channel_size : defaults->channel_size;
	if (!options.channel_size)
		options.channel_size = recipe->unikernel.channel_size;
	options.log_channel_size = recipe->debug.log_channel_size;
	options.resettable = recipe->unikernel.resettable && !defaults->disable_reset;
	if (option->resettable >= 0)
		options.resettable = option->resettable;
	options.subject_info = defaults->subject_info >= 0 ? (unsigned)defaults->subject_info
							   : recipe->subject_info;
	return options;
}

static int add_unikernel_files(struct build *build, struct converted *converted, struct error *err)
{
	const struct component *component = converted->component;
	cleanup_free char *name = xasprintf("component_%s.xml", component->name);
	cleanup_xml struct xml_document *document =
		xml_parse(name, component->document, strlen(component->document), err);

	if (!document || delivery_add_document(&build->delivery, name, "component",
					       "the component specification", document, err) < 0)
		return -1;
	if (delivery_add(&build->delivery, converted->file, "the unikernel that it refers to",
			 converted->bytes.data, converted->bytes.size, err) < 0)
		return -1;
	if (composed_add(build, converted, err) < 0)
		return -1;
	if (build->image)
		build_image_add_unikernel(build->image, converted);
	bytes_free(&converted->bytes); /* many unikernels need not be in memory at once */
	return 0;
}

static int convert(struct build *build, const struct request *request, size_t index,
		   struct error *err)
{
	const struct unikernel_option *option = &request->unikernels.list[index];
	struct converted *converted = &build->converted[index];
	struct conversion_options options = choose_options(request, build->recipe, index);
	cleanup_free char *name = choose_name(request, index);
	cleanup_free char *file = choose_file(build, option->path, name);

	options.name = name;
	options.file = file;
	build->converted_count = index + 1;
	if (converted_read(converted, option->path, err) < 0 ||
	    converted_run(converted, &options, true, err) < 0)
		return -1;
	build->requests[index] = (struct unikernel_request){ .component = converted->component,
							     .subject = converted->component->name,
							     .ticks = option->ticks,
							     .cpu = option->cpu };
	build->request_count = index + 1;
	build_add_input(build, "unikernel", option->path, converted->input_size, converted->sha256);
	return add_unikernel_files(build, converted, err);
}

/* Revisions that differ cannot work in one system: Muen has one. */
static int check_same_subject_info(const struct build *build, struct error *err)
{
	const struct converted *first = NULL;

	for (size_t i = 0; i < build->converted_count; i++) {
		const struct converted *converted = &build->converted[i];

		if (!converted->unikernel.sinfo_revision)
			continue;
		if (!first)
			first = converted;
		if (first->unikernel.sinfo_revision == converted->unikernel.sinfo_revision)
			continue;
		err_fail(err, ERR_INPUT,
			 "'%s' expects subject info revision %02u, '%s' expects %02u: one Muen "
			 "provides only one",
			 first->component->name, first->unikernel.sinfo_revision,
			 converted->component->name, converted->unikernel.sinfo_revision);
		return err_mend(err, "link both with the same release of Solo5");
	}
	return 0;
}

static int build_all(struct build *build, const struct request *request, struct error *err)
{
	const char *source = request->defaults.source;
	size_t count = request->unikernels.count;

	if (check_names_differ(request, err) < 0 || build_begin(build, &request->system, err) < 0 ||
	    build_note_input(build, "source specification", source, source, err) < 0)
		return -1;
	delivery_protect(&build->delivery, source);
	for (size_t i = 0; i < count; i++)
		delivery_protect(&build->delivery, request->unikernels.list[i].path);
	if (build->image && build_image_begin(build->image, build, err) < 0)
		return -1;
	build->converted = xcalloc(count, sizeof(*build->converted));
	build->requests = xcalloc(count, sizeof(*build->requests));
	for (size_t i = 0; i < count; i++)
		if (convert(build, request, i, err) < 0)
			return -1;
	if (check_same_subject_info(build, err) < 0 || build_system(build, err) < 0 ||
	    (request->wants_run && build_run(build, &request->run, err) < 0) ||
	    (build->image && build_image_add(build->image, build, err) < 0))
		return -1;
	return build_finish(build, err);
}

static int run(int argc, char **argv, struct error *err)
{
	struct request request = { .system = SYSTEM_OPTIONS_DEFAULT,
				   .defaults = { .subject_info = -1 } };
	struct build_image image = { .options = &request.image, .www_options = &request.www };
	struct build build = { 0 };
	int status = -1;

	image.source.fd = -1;
	if (parse(&request, argc, argv, err) == 0) {
		build.image = request.no_image ? NULL : &image;
		if (build_all(&build, &request, err) == 0)
			status = build_tell(&build, err);
	}
	build_image_free(&image);
	build_free(&build);
	run_options_free(&request.run);
	image_options_free(&request.image);
	www_options_free(&request.www);
	unikernel_options_free(&request.unikernels);
	system_options_free(&request.system);
	return status;
}

const struct verb verb_build = {
	.name = "build",
	.run = run,
	.summary = "make a Muen system from unikernels and boot parameters",
	.operands = "",
	.options = specs,
	.details =
		"'build' may be left out. A single unikernel is named 'unikernel', as Muen's own\n"
		"tools name it; of several, each is named after its file unless name= is given.\n",
};
