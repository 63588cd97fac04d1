#include "cli/build.h"

#include "base/alloc.h"
#include "cli/data.h"
#include "policy/documents.h"
#include "policy/template.h"

#include <string.h>

/* ---- options ------------------------------------------------------------- */

static int parse_end(const char *text, size_t length, struct link_end *end)
{
	const char *colon = memchr(text, ':', length);

	if (!colon || colon == text || colon + 1 == text + length)
		return -1;
	end->unikernel = xstrndup(text, (size_t)(colon - text));
	end->device = xstrndup(colon + 1, length - (size_t)(colon - text) - 1);
	return 0;
}

int build_options_connect(struct build_options *options, const char *value, struct error *err)
{
	const char *equals = strchr(value, '=');
	struct link *link;

	array_grow(options->links, options->link_count);
	link = &options->links[options->link_count++];
	*link = (struct link){ 0 };
	if (equals && parse_end(value, (size_t)(equals - value), &link->left) == 0 &&
	    parse_end(equals + 1, strlen(equals + 1), &link->right) == 0)
		return 0;
	err_fail(err, ERR_USAGE, "--connect: '%s' is not NAME:DEVICE=NAME:DEVICE", value);
	return err_mend(err, "for instance --connect web:service=dns:service");
}

static void end_free(struct link_end *end)
{
	free((char *)end->unikernel);
	free((char *)end->device);
}

void build_options_free(struct build_options *options)
{
	for (size_t i = 0; i < options->link_count; i++) {
		end_free(&options->links[i].left);
		end_free(&options->links[i].right);
	}
	free(options->links);
	free(options->schemas);
	*options = (struct build_options){ 0 };
}

/* ---- beginning ----------------------------------------------------------- */

char *build_policy_path(const struct build *build, const char *path)
{
	const char *folder = build->options->policy_folder;

	if (!path || path[0] == '/' || !folder)
		return path ? xstrdup(path) : NULL;
	return xasprintf("%s/%s", folder, path);
}

static int read_hardware(struct build *build, struct error *err)
{
	const struct recipe *recipe = build->recipe;
	cleanup_free char *hardware = NULL, *additional = NULL, *platform = NULL;

	if (!build->options->policy_folder || !recipe->hardware)
		return 0;
	hardware = build_policy_path(build, recipe->hardware);
	additional = build_policy_path(build, recipe->additional_hardware);
	platform = build_policy_path(build, recipe->platform);
	build->hardware = hardware_read(hardware, additional, platform, err);
	if (build->hardware)
		return 0;
	if (err->kind == ERR_NO_INPUT)
		err_mend(err,
			 "the recipe %s names the file; --policy-dir must be the folder of "
			 "Muen's policy that has hardware/ and platform/",
			 recipe->name);
	return -1;
}

int build_begin(struct build *build, const struct build_options *options, struct error *err)
{
	build->options = options;
	build->missing = json_array();
	build->recipe = recipe_read(options->recipe, data_folder(), err);
	if (!build->recipe || read_hardware(build, err) < 0 ||
	    delivery_begin(&build->delivery, options->output, options->dry_run, err) < 0)
		return -1;
	for (size_t i = 0; i < options->schema_count; i++)
		if (delivery_add_schema(&build->delivery, options->schemas[i], err) < 0)
			return -1;
	return 0;
}

void build_free(struct build *build)
{
	for (size_t i = 0; i < build->converted_count; i++)
		converted_free(&build->converted[i]);
	for (size_t i = 0; build->components && i < build->request_count; i++)
		component_free(build->components[i]);
	free(build->converted);
	free(build->components);
	free(build->requests);
	if (build->system)
		system_free(build->system);
	if (build->hardware)
		hardware_free(build->hardware);
	if (build->recipe)
		recipe_free(build->recipe);
	findings_free(&build->findings);
	json_decref(build->missing);
	delivery_free(&build->delivery);
}

/* ---- documents ----------------------------------------------------------- */

static int add_document(struct build *build, const char *prefix, const char *name, const char *what,
			struct xml_document *document, const char *grammar, struct error *err)
{
	cleanup_xml struct xml_document *owned = document;
	cleanup_free char *file = xasprintf("%s%s.xml", prefix, name);

	return delivery_add_document(&build->delivery, file, what, owned, grammar, err);
}

/* What a person pastes into a policy of his own: the subjects and all they need. */
static int add_fragments(struct build *build, const char *unikernel, struct error *err)
{
	const struct system *system = build->system;
	cleanup_free char *monitor = xasprintf("%s_mon", unikernel);

	if (add_document(build, "subject_", unikernel, "the unikernel's subject",
			 subject_document(system, unikernel), "fragment", err) < 0 ||
	    add_document(build, "subject_", monitor, "its monitor's subject",
			 subject_document(system, monitor), "fragment", err) < 0 ||
	    add_document(build, "channels_", unikernel, "their channels",
			 channels_document(system, unikernel), "fragment", err) < 0 ||
	    add_document(build, "events_", unikernel, "their events",
			 events_document(system, unikernel), "fragment", err) < 0)
		return -1;
	return add_document(build, "memory_", unikernel, "their memory regions",
			    memory_document(system, unikernel), "fragment", err);
}

static int add_builtin_documents(struct build *build, struct error *err)
{
	const struct system *system = build->system;
	struct xml_document *document = system_document(system, err);

	if (!document ||
	    add_document(build, "", system->name, "the system policy", document, "system", err) < 0)
		return -1;
	if (add_document(build, "", "scheduling_plans", "its scheduling plan",
			 schedule_document(system), "scheduling", err) < 0)
		return -1;
	for (size_t i = 0; i < build->request_count; i++)
		if (add_fragments(build, build->requests[i].component->name, err) < 0)
			return -1;
	return 0;
}

/* ---- the system ---------------------------------------------------------- */

static const char *system_name(const struct build *build)
{
	return build->options->system ? build->options->system : build->recipe->system;
}

static struct composition composition(const struct build *build)
{
	return (struct composition){ .recipe = build->recipe,
				     .name = system_name(build),
				     .cpus = build->options->cpus,
				     .unikernels = build->requests,
				     .unikernel_count = build->request_count,
				     .links = build->options->links,
				     .link_count = build->options->link_count,
				     .hardware = build->hardware };
}

static int build_builtin(struct build *build, struct error *err)
{
	struct composition wanted = composition(build);

	build->system = compose_system(&wanted, &build->findings, err);
	return build->system ? add_builtin_documents(build, err) : -1;
}

/* The composed subject, and the channels that are the component's, on their own. */
static int add_template_fragments(struct build *build, const struct xml_document *document,
				  const struct unikernel_request *request, struct error *err)
{
	const char *name = request->component->name;
	struct xml_document *fragment = template_subject(document, request, err);

	if (!fragment || add_document(build, "subject_", name, "the unikernel's subject", fragment,
				      "fragment", err) < 0)
		return -1;
	return add_document(build, "channels_", name, "its channels",
			    template_channels(document, request), "fragment", err);
}

static int add_schedule(struct build *build, struct error *err)
{
	const char *path = build->options->schedule;
	cleanup_free char *from_recipe = NULL;
	struct xml_document *document;

	if (!path && build->options->policy_folder)
		path = from_recipe = build_policy_path(build, build->recipe->scheduling.plan);
	if (!path) {
		json_array_append_new(
			build->missing,
			json_string("the template's scheduling plan: name it with --schedule FILE "
				    "or in the recipe (scheduling: plan:)"));
		return 0;
	}
	document = xml_read(path, err);
	if (!document)
		return -1;
	return add_document(build, "", "scheduling_plans", "its scheduling plan", document,
			    "scheduling", err);
}

static int build_template(struct build *build, const char *path, struct error *err)
{
	struct composition wanted = composition(build);
	cleanup_xml struct xml_document *document = xml_read(path, err);
	cleanup_free char *file = xasprintf("%s.xml", system_name(build));

	if (!document ||
	    template_compose(document, &wanted, build->requests, &build->findings, err) < 0)
		return -1;
	if (delivery_add_document(&build->delivery, file, "the system policy", document, "system",
				  err) < 0)
		return -1;
	for (size_t i = 0; i < build->request_count; i++)
		if (add_template_fragments(build, document, &build->requests[i], err) < 0)
			return -1;
	return add_schedule(build, err);
}

static void note_missing(struct build *build)
{
	const struct recipe *recipe = build->recipe;
	cleanup_free char *text = NULL;

	if (!recipe->hardware || !recipe->platform)
		text = xasprintf("the hardware and platform descriptions: the recipe %s names none",
				 recipe->name);
	else if (!build->options->policy_folder)
		text = xasprintf("%s, %s and %s: name the Muen policy tree that has them with "
				 "--policy-dir, and the system is checked against the machine",
				 recipe->hardware,
				 recipe->additional_hardware ? recipe->additional_hardware
							     : "(no additional hardware)",
				 recipe->platform);
	if (text)
		json_array_append_new(build->missing, json_string(text));
}

static int check_system_name(const char *name, struct error *err)
{
	if (*name && strlen(name) <= 100 && !strchr(name, '/') && name[0] != '.')
		return 0;
	err_fail(err, ERR_USAGE, "'%s' cannot be the name of a system", name);
	return err_mend(err, "it becomes the name of a file: use 1 to 100 characters without '/'");
}

int build_system(struct build *build, struct error *err)
{
	const char *template = build->options->template;
	cleanup_free char *from_recipe = build_policy_path(build, build->recipe->template);
	cleanup_free char *file = xasprintf("%s.xml", system_name(build));

	if (check_system_name(system_name(build), err) < 0)
		return -1;
	if (!template)
		template = from_recipe;
	if ((template ? build_template(build, template, err) : build_builtin(build, err)) < 0)
		return -1;
	note_missing(build);
	return add_document(build, "", "system_config", "what mucfgmerge starts from",
			    system_config_document(build->recipe, file), "system_config", err);
}
