/* muenbuild policy: component specifications to a system policy. */
#include "base/alloc.h"
#include "cli/build.h"
#include "cli/unikernel_option.h"
#include "cli/verbs.h"
#include "digest/digest.h"

#include <string.h>

static const struct option_spec specs[] = {
	SYSTEM_OPTION_SPECS,
	{ 0 },
};

struct request {
	struct system_options system;
	struct unikernel_options specs;
};

/* "FILE[,ticks=N][,cpu=N]": what is about the unikernel itself is in its specification. */
static int take_spec(struct request *request, const char *value, struct error *err)
{
	const struct unikernel_option *option;

	if (unikernel_options_add(&request->specs, value, err) < 0)
		return -1;
	option = &request->specs.list[request->specs.count - 1];
	if (!option->name && !option->ram && !option->channel_size && !option->bootparams &&
	    option->resettable < 0)
		return 0;
	err_fail(err, ERR_USAGE, "'%s': a component specification takes only ticks= and cpu= here",
		 value);
	return err_mend(err, "everything else is in the specification: see 'muenbuild gencspec'");
}

static int parse(struct request *request, int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_policy);
	const char *value;
	int id;

	while ((id = options_next(&options, &value, err)) > 0)
		if (system_options_take(&request->system, id, value, err) < 0)
			return -1;
	if (id < 0 || options_expect(&options, 1, -1, err) < 0)
		return -1;
	for (int i = 0; i < options.count; i++)
		if (take_spec(request, options.operands[i], err) < 0)
			return -1;
	return 0;
}

/* Checks what was read as a document, and notes it for the report. */
static int check_document(struct build *build, const char *path, const struct bytes *bytes,
			  struct error *err)
{
	cleanup_xml struct xml_document *document =
		xml_parse(path, (const char *)bytes->data, bytes->size, err);
	char sha256[65];

	if (!document || digest_sha256_hex(bytes->data, bytes->size, sha256, err) < 0)
		return -1;
	build_add_input(build, "component", path, bytes->size, sha256);
	if (delivery_validate(&build->delivery, path, "component", document, err) < 0)
		return -1;
	return delivery_validate_users(&build->delivery, path, "component", document, err);
}

static int add_component(struct build *build, const struct unikernel_option *option,
			 struct error *err)
{
	cleanup_bytes struct bytes bytes = { 0 };
	struct component *component;

	if (file_read(option->path, XML_FILE_MAX, 0, &bytes, err) < 0)
		return -1;
	component = component_parse(option->path, (const char *)bytes.data, bytes.size, err);
	if (!component)
		return -1;
	delivery_protect(&build->delivery, option->path);
	build->components[build->request_count] = component;
	build->requests[build->request_count++] =
		(struct unikernel_request){ .component = component,
					    .subject = component->name,
					    .ticks = option->ticks,
					    .cpu = option->cpu };
	return check_document(build, option->path, &bytes, err);
}

static int build_all(struct build *build, const struct request *request, struct error *err)
{
	size_t count = request->specs.count;

	if (build_begin(build, &request->system, err) < 0)
		return -1;
	build->components = xcalloc(count, sizeof(*build->components));
	build->requests = xcalloc(count, sizeof(*build->requests));
	for (size_t i = 0; i < count; i++)
		if (add_component(build, &request->specs.list[i], err) < 0)
			return -1;
	if (build_system(build, err) < 0)
		return -1;
	return build_finish(build, err);
}

static int run(int argc, char **argv, struct error *err)
{
	struct request request = { .system = SYSTEM_OPTIONS_DEFAULT };
	struct build build = { 0 };
	int status = -1;

	if (parse(&request, argc, argv, err) == 0 && build_all(&build, &request, err) == 0)
		status = build_tell(&build, err);
	build_free(&build);
	unikernel_options_free(&request.specs);
	system_options_free(&request.system);
	return status;
}

const struct verb verb_policy = {
	.name = "policy",
	.run = run,
	.summary = "compose a system policy from component specifications",
	.operands = "SPEC[,ticks=N][,cpu=N]...",
	.options = specs,
	.details =
		"SPEC is what 'muenbuild gencspec' writes. The files that it refers to stay where\n"
		"they are.\n",
};
