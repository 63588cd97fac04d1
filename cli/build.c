#include "cli/build.h"

#include "base/alloc.h"
#include "base/text.h"
#include "cli/data.h"
#include "cli/report.h"
#include "policy/documents.h"
#include "policy/merge.h"
#include "policy/template.h"
#include "digest/digest.h"

#include <string.h>

/* ---- beginning ----------------------------------------------------------- */

static char *policy_path(const struct build *build, const char *path)
{
	const char *folder = build->options->policy_folder;

	if (!path || path[0] == '/' || !folder)
		return path ? xstrdup(path) : NULL;
	return xasprintf("%s/%s", folder, path);
}

static void add_folder(struct build *build, char *folder)
{
	array_grow(build->folders, build->folder_count);
	build->folders[build->folder_count++] = folder;
}

void build_add_input(struct build *build, const char *what, const char *name, uint64_t size,
		     const char *sha256)
{
	json_array_append_new(build->inputs, json_pack("{s:s, s:o, s:I, s:s}", "what", what, "path",
						       report_any_text(name), "size",
						       (json_int_t)size, "sha256", sha256));
}

int build_note_input(struct build *build, const char *what, const char *name, const char *path,
		     struct error *err)
{
	struct digest digest = { .algorithm = DIGEST_SHA256 };
	char hex[DIGEST_HEX_SIZE];
	uint64_t size;

	if (!path)
		return 0;
	if (digest_file(path, &digest, 1, &size, err) < 0)
		return -1;
	build_add_input(build, what, name, size, digest_hex(&digest, hex));
	return 0;
}

static int read_hardware(struct build *build, struct error *err)
{
	const struct recipe *recipe = build->recipe;
	cleanup_free char *hardware = NULL, *additional = NULL, *platform = NULL;

	if (!build->options->policy_folder || !recipe->hardware)
		return 0;
	hardware = policy_path(build, recipe->hardware);
	additional = policy_path(build, recipe->additional_hardware);
	platform = policy_path(build, recipe->platform);
	build->hardware = hardware_read(hardware, additional, platform, err);
	if (build->hardware) {
		if (build_note_input(build, "hardware", hardware, hardware, err) < 0 ||
		    build_note_input(build, "additional hardware", additional, additional, err) < 0)
			return -1;
		return build_note_input(build, "platform", platform, platform, err);
	}
	if (err->kind == ERR_NO_INPUT)
		err_mend(err,
			 "the recipe %s names the file; --policy-dir must be the folder of "
			 "Muen's policy that has hardware/ and platform/",
			 recipe->name);
	return -1;
}

int build_begin(struct build *build, const struct system_options *options, struct error *err)
{
	build->options = options;
	build->inputs = json_array();
	build->missing = json_array();
	if (options->policy_folder)
		add_folder(build, xstrdup(options->policy_folder));
	build->recipe = recipe_read(options->recipe, data_folder(), err);
	if (!build->recipe ||
	    build_note_input(build, "recipe", options->recipe, build->recipe->path, err) < 0 ||
	    read_hardware(build, err) < 0 ||
	    delivery_begin(&build->delivery, options->output, options->dry_run, err) < 0)
		return -1;
	delivery_protect(&build->delivery, build->recipe->path);
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
	for (size_t i = 0; i < build->folder_count; i++)
		free(build->folders[i]);
	free(build->folders);
	free(build->converted);
	free(build->components);
	free(build->requests);
	free(build->policy_file);
	if (build->system)
		system_free(build->system);
	if (build->hardware)
		hardware_free(build->hardware);
	if (build->recipe)
		recipe_free(build->recipe);
	findings_free(&build->findings);
	json_decref(build->inputs);
	json_decref(build->missing);
	composed_free(&build->composed);
	delivery_free(&build->delivery);
}

/* ---- documents ----------------------------------------------------------- */

static int add_document(struct build *build, const char *prefix, const char *name, const char *kind,
			const char *what, struct xml_document *document, struct error *err)
{
	cleanup_xml struct xml_document *owned = document;
	cleanup_free char *file = xasprintf("%s%s.xml", prefix, name);

	return delivery_add_document(&build->delivery, file, kind, what, owned, err);
}

/* What a person pastes into a policy of his own: the subjects and all they need. */
static int add_fragments(struct build *build, const char *unikernel, struct error *err)
{
	const struct system *system = build->system;
	cleanup_free char *monitor = xasprintf("%s_mon", unikernel);

	if (add_document(build, "subject_", unikernel, "fragment", "the unikernel's subject",
			 subject_document(system, unikernel), err) < 0 ||
	    add_document(build, "subject_", monitor, "fragment", "its monitor's subject",
			 subject_document(system, monitor), err) < 0 ||
	    add_document(build, "channels_", unikernel, "fragment", "their channels",
			 channels_document(system, unikernel), err) < 0 ||
	    add_document(build, "events_", unikernel, "fragment", "their events",
			 events_document(system, unikernel), err) < 0)
		return -1;
	return add_document(build, "memory_", unikernel, "fragment", "their memory regions",
			    memory_document(system, unikernel), err);
}

/* Muen's schema of the source format is about the merged policy. */
static int validate_merged(struct build *build, const char *file, const struct xml_document *policy,
			   const struct xml_document *plan, struct error *err)
{
	struct merge_document documents[] = { { SCHEDULING_PLAN_FILE, plan } };
	cleanup_xml struct xml_document *config = NULL, *merged = NULL;
	struct merge_sources sources = { .documents = documents,
					 .document_count = plan ? 1 : 0,
					 .folders = (const char *const *)build->folders,
					 .folder_count = build->folder_count };

	if (!delivery_has_schema(&build->delivery, "system"))
		return 0;
	if (!build->options->policy_folder) {
		err_fail(err, ERR_USAGE,
			 "--schema for a system is about the merged policy, with "
			 "the hardware in it, but there is no policy folder");
		return err_mend(err, "name Muen's policy tree with --policy-dir");
	}
	sources.config = config = system_config_document(build->recipe, file);
	merged = policy_merge(policy, &sources, err);
	if (!merged)
		return -1;
	return delivery_validate_users(&build->delivery, file, "system", merged, err);
}

static int add_builtin_documents(struct build *build, struct error *err)
{
	const struct system *system = build->system;
	cleanup_xml struct xml_document *policy = system_document(system, err);
	cleanup_xml struct xml_document *plan = schedule_document(system);
	const char *file = build->policy_file;

	if (!policy || validate_merged(build, file, policy, plan, err) < 0)
		return -1;
	if (delivery_add_document(&build->delivery, file, "system", "the system policy", policy,
				  err) < 0 ||
	    delivery_add_document(&build->delivery, SCHEDULING_PLAN_FILE, "scheduling",
				  "its scheduling plan", plan, err) < 0)
		return -1;
	for (size_t i = 0; i < build->request_count; i++)
		if (add_fragments(build, build->requests[i].component->name, err) < 0)
			return -1;
	return 0;
}

/* ---- the system ---------------------------------------------------------- */

static struct composition composition(const struct build *build)
{
	return (struct composition){ .recipe = build->recipe,
				     .name = build->system_name,
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

	if (!fragment || add_document(build, "subject_", name, "fragment",
				      "the unikernel's subject", fragment, err) < 0)
		return -1;
	return add_document(build, "channels_", name, "fragment", "its channels",
			    template_channels(document, request), err);
}

/* The template's scheduling plan, if the user or the recipe names one: *plan stays NULL else. */
static int read_schedule(struct build *build, struct xml_document **plan, struct error *err)
{
	const char *path = build->options->schedule;
	cleanup_free char *from_recipe = NULL;

	if (!path && build->options->policy_folder)
		path = from_recipe = policy_path(build, build->recipe->scheduling.plan);
	if (path) {
		delivery_protect(&build->delivery, path);
		*plan = xml_read(path, err);
		return *plan ? build_note_input(build, "scheduling plan", path, path, err) : -1;
	}
	json_array_append_new(build->missing,
			      json_string("the template's scheduling plan: name it with --schedule "
					  "FILE or in the recipe (scheduling: plan:)"));
	return 0;
}

/* A template's includes lie beside it, or where Muen's policy tree has its systems. */
static void add_template_folders(struct build *build, const char *path)
{
	const char *policy = build->options->policy_folder, *name = path_base_name(path);

	if (policy)
		add_folder(build, xasprintf("%s/system", policy));
	add_folder(build, name == path ? xstrdup(".") : xstrndup(path, (size_t)(name - path - 1)));
}

static int build_template(struct build *build, const char *path, struct error *err)
{
	struct composition wanted = composition(build);
	cleanup_xml struct xml_document *policy = xml_read(path, err), *plan = NULL;
	const char *file = build->policy_file;

	delivery_protect(&build->delivery, path);
	add_template_folders(build, path);
	if (!policy || build_note_input(build, "template", path, path, err) < 0 ||
	    template_compose(policy, &wanted, build->requests, &build->findings, err) < 0 ||
	    read_schedule(build, &plan, err) < 0 ||
	    validate_merged(build, file, policy, plan, err) < 0 ||
	    delivery_add_document(&build->delivery, file, "system", "the system policy", policy,
				  err) < 0)
		return -1;
	if (plan && delivery_add_document(&build->delivery, SCHEDULING_PLAN_FILE, "scheduling",
					  "its scheduling plan", plan, err) < 0)
		return -1;
	for (size_t i = 0; i < build->request_count; i++)
		if (add_template_fragments(build, policy, &build->requests[i], err) < 0)
			return -1;
	return 0;
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

/* It becomes the name of a file, and stands in a policy, where '$' begins a variable. */
static int check_system_name(const char *name, struct error *err)
{
	char shown[512];
	size_t length = strlen(name);

	text_printable(name, length, shown, sizeof(shown));
	if (length && length <= 100 && !strchr(name, '/') && name[0] != '.' && name[0] != '$' &&
	    !strcmp(shown, name))
		return 0;
	err_fail(err, ERR_USAGE, "'%s' cannot be the name of a system", shown);
	return err_mend(err, "it becomes the name of a file: use 1 to 100 printable characters "
			     "without '/', and neither '.' nor '$' first");
}

int build_system(struct build *build, struct error *err)
{
	const char *template = build->options->template;
	cleanup_free char *from_recipe = policy_path(build, build->recipe->template);

	build->system_name =
		build->options->system ? build->options->system : build->recipe->system;
	if (check_system_name(build->system_name, err) < 0)
		return -1;
	build->policy_file = xasprintf("%s.xml", build->system_name);
	if (!template)
		template = from_recipe;
	if ((template ? build_template(build, template, err) : build_builtin(build, err)) < 0)
		return -1;
	note_missing(build);
	return add_document(build, "", "system_config", "system_config",
			    "what mucfgmerge starts from",
			    system_config_document(build->recipe, build->policy_file), err);
}
