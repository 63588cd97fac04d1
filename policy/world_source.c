/* Opens a policy: finds it, what it includes, and what it is configured with. */
#include "policy/world_source.h"

#include "base/alloc.h"
#include "base/file.h"
#include "policy/documents.h"
#include "policy/merge.h"

#include <string.h>
#include <unistd.h>

/* ---- files --------------------------------------------------------------- */

char *policy_find_file(const struct policy *policy, const char *name,
		       const struct policy_file **given)
{
	const struct policy_source *source = &policy->source;

	*given = NULL;
	for (size_t i = 0; i < source->file_count; i++) {
		const struct policy_file *file = &source->files[i];

		if (strcmp(file->name, name) != 0)
			continue;
		*given = file;
		return xstrdup(file->path ? file->path : name);
	}
	for (size_t i = 0; i < policy->folder_count; i++) {
		cleanup_free char *path = xasprintf("%s/%s", policy->folders[i], name);

		if (access(path, F_OK) == 0)
			return steal(path);
	}
	return NULL;
}

char *policy_searched(const struct policy *policy)
{
	cleanup_buffer struct buffer text = { 0 };

	buffer_add_text(&text, "");
	for (size_t i = 0; i < policy->folder_count; i++)
		buffer_printf(&text, "%s%s", i ? ", " : "", policy->folders[i]);
	return steal(text.data);
}

static struct xml_document *parse_given(const struct policy_file *file, struct error *err)
{
	return file->bytes ? xml_parse(file->name, file->bytes, file->size, err)
			   : xml_read(file->path, err);
}

int policy_find_document(const struct policy *policy, const char *name,
			 struct xml_document **document, struct error *err)
{
	const struct policy_file *given;
	cleanup_free char *path = policy_find_file(policy, name, &given);

	*document = NULL;
	if (!path)
		return 0;
	*document = given ? parse_given(given, err) : xml_read(path, err);
	return *document ? 0 : -1;
}

static void add_folder(struct policy *policy, char *folder)
{
	array_grow(policy->folders, policy->folder_count);
	policy->folders[policy->folder_count++] = folder;
}

static void add_folders(struct policy *policy)
{
	const char *path = policy->source.path, *name = path_base_name(path);

	if (name == path)
		add_folder(policy, xstrdup("."));
	else
		add_folder(policy, xstrndup(path, name - path > 1 ? (size_t)(name - path - 1) : 1));
	for (size_t i = 0; i < policy->source.folder_count; i++)
		add_folder(policy, xstrdup(policy->source.folders[i]));
}

/* ---- the system configuration -------------------------------------------- */

static struct xml_node *configured(const struct xml_document *document, const char *name)
{
	struct xml_node *config = xml_first(xml_root(document), "config");

	return config ? xml_find(config, "string", "name", name) : NULL;
}

static const char *configured_file(const struct xml_document *document, const char *name)
{
	struct xml_node *node = configured(document, name);

	return node ? xml_get(node, "value") : NULL;
}

/* The hardware is of no interest; the platform is, if it is at hand, for the sake of its
 * variables. */
static void leave_out_machine(const struct policy *policy, const struct xml_document *config)
{
	static const char *const keys[] = { "hardware", "additional_hardware", "platform" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *file = configured_file(config, keys[i]);
		const struct policy_file *given;
		cleanup_free char *path = NULL;

		if (!file)
			continue;
		path = policy_find_file(policy, file, &given);
		if (!path || strcmp(keys[i], "platform") != 0)
			xml_remove(configured(config, keys[i]));
	}
}

/* The configuration beside a policy, if that is what it is for; else an empty one. */
static int find_config(const struct policy *policy, struct xml_document **config, struct error *err)
{
	cleanup_xml struct xml_document *beside = NULL;
	const char *file;

	if (policy_find_document(policy, SYSTEM_CONFIG_FILE, &beside, err) < 0)
		return -1;
	file = beside ? configured_file(beside, "system") : NULL;
	if (file && !strcmp(path_base_name(file), path_base_name(policy->source.path)))
		*config = steal(beside);
	else
		*config = xml_new("system configuration", "system");
	return 0;
}

/* A document without subjects that names the system's: a system configuration. */
static bool is_config(const struct xml_document *document)
{
	return !xml_first(xml_root(document), "subjects") && configured_file(document, "system");
}

/* ---- opening ------------------------------------------------------------- */

static int check_root(const struct xml_document *document, struct error *err)
{
	struct xml_node *root = xml_root(document);

	if (!strcmp(xml_name(root), "system"))
		return 0;
	xml_fail(root, err, "the document is a <%s>, a <system> was expected", xml_name(root));
	return err_mend(err, "name a system policy, as muenbuild or Muen's tools write it");
}

/* The policy and the configuration to merge it with, whichever of them the source names. */
static int read_policy(const struct policy *policy, struct xml_document **document,
		       struct xml_document **config, struct error *err)
{
	const char *path = policy->source.path, *file;
	const struct policy_file *given = NULL;

	free(policy_find_file(policy, path_base_name(path), &given));
	*document = given ? parse_given(given, err) : xml_read(path, err);
	if (!*document || check_root(*document, err) < 0)
		return -1;
	if (!is_config(*document))
		return find_config(policy, config, err);
	*config = steal(*document);
	file = configured_file(*config, "system");
	if (policy_find_document(policy, file, document, err) < 0)
		return -1;
	if (*document)
		return check_root(*document, err);
	return xml_fail(configured(*config, "system"), err, "there is no file %s beside it", file);
}

static size_t parse_files(const struct policy_source *source, struct merge_document *documents,
			  struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < source->file_count; i++) {
		const struct policy_file *file = &source->files[i];
		const char *dot = strrchr(file->name, '.');

		if (!dot || strcmp(dot, ".xml") != 0)
			continue;
		documents[count].name = file->name;
		documents[count].document = parse_given(file, err);
		if (!documents[count++].document)
			break;
	}
	return count;
}

/* The scheduling plan is of no interest: a policy that includes one may lack it. */
static bool lacks_plan(const struct policy *policy)
{
	const struct policy_file *given;
	cleanup_free char *path = policy_find_file(policy, SCHEDULING_PLAN_FILE, &given);

	return !path;
}

static struct xml_document *merge(const struct policy *policy, const struct xml_document *document,
				  const struct xml_document *config, struct error *err)
{
	cleanup_free struct merge_document *documents =
		xcalloc(policy->source.file_count + 1, sizeof(*documents));
	size_t count = parse_files(&policy->source, documents, err);
	bool complete = !count || documents[count - 1].document;
	struct merge_sources sources = { .config = config,
					 .documents = documents,
					 .folders = (const char *const *)policy->folders,
					 .folder_count = policy->folder_count };
	struct xml_document *merged = NULL;

	if (complete && lacks_plan(policy))
		documents[count++] =
			(struct merge_document){ SCHEDULING_PLAN_FILE,
						 xml_new(SCHEDULING_PLAN_FILE, "scheduling") };
	sources.document_count = count;
	if (complete)
		merged = policy_merge(document, &sources, err);
	for (size_t i = 0; i < count; i++)
		if (documents[i].document)
			xml_free((struct xml_document *)(uintptr_t)documents[i].document);
	return merged;
}

/* ---- unikernels ---------------------------------------------------------- */

/* Whether one of the children <memory> is of the type that only unikernels have. */
static bool has_boot_info(const struct xml_node *memory)
{
	return memory && xml_find(memory, "memory", "type", MEMORY_BOOT_INFO);
}

/* In formats A and B: whether the subject maps a boot info page. */
static bool maps_boot_info(const struct policy *policy, const struct xml_node *subject)
{
	struct xml_node *physical = xml_first(xml_root(policy->document), "memory");
	struct xml_node *mappings = xml_first(subject, "memory");

	if (!mappings || !has_boot_info(physical))
		return false;
	xml_each (mapping, mappings, "memory") {
		const char *name = xml_get(mapping, "physical"), *type;
		struct xml_node *region = name ? xml_find(physical, "memory", "name", name) : NULL;

		type = region ? xml_get(region, "type") : NULL;
		if (type && !strcmp(type, MEMORY_BOOT_INFO))
			return true;
	}
	return false;
}

static bool is_unikernel(const struct policy *policy, const struct xml_node *subject)
{
	struct xml_node *component = policy_component(policy, subject);

	if (component)
		return has_boot_info(xml_first(component, "provides"));
	return maps_boot_info(policy, subject);
}

static int add_unikernels(struct policy *policy, struct error *err)
{
	struct xml_node *subjects = xml_first(xml_root(policy->document), "subjects");
	size_t count = 0;

	if (!subjects)
		return xml_fail(xml_root(policy->document), err, "has no <subjects>");
	xml_each (subject, subjects, "subject") {
		const char *name;

		if (++count > POLICY_SUBJECTS_MAX)
			return xml_fail(subject, err, "there are more than %d subjects",
					POLICY_SUBJECTS_MAX);
		if (xml_need(subject, "name", &name, err) < 0 ||
		    policy_add_component(policy, subject, err) < 0)
			return -1;
		if (!is_unikernel(policy, subject))
			continue;
		array_grow(policy->unikernels, policy->unikernel_count);
		policy->unikernels[policy->unikernel_count++] = name;
		if (policy_component(policy, subject) &&
		    policy_add_libraries(policy, policy_component(policy, subject), err) < 0)
			return -1;
	}
	return 0;
}

size_t policy_unikernels(const struct policy *policy, const char *const **names)
{
	*names = policy->unikernels;
	return policy->unikernel_count;
}

struct policy *policy_open(const struct policy_source *source, struct error *err)
{
	cleanup_policy struct policy *policy = xcalloc(1, sizeof(*policy));
	cleanup_xml struct xml_document *document = NULL, *config = NULL;

	policy->source = *source;
	add_folders(policy);
	if (read_policy(policy, &document, &config, err) < 0)
		return NULL;
	leave_out_machine(policy, config);
	policy->document = merge(policy, document, config, err);
	if (!policy->document) {
		if (err->kind == ERR_NO_INPUT)
			err_mend(err, "name the folder that has it with -I, such as Muen's policy "
				      "tree");
		return NULL;
	}
	if (add_unikernels(policy, err) < 0)
		return NULL;
	return steal(policy);
}

void policy_close(struct policy *policy)
{
	for (size_t i = 0; i < policy->folder_count; i++)
		free(policy->folders[i]);
	free(policy->folders);
	free(policy->unikernels);
	if (policy->document)
		xml_free(policy->document);
	free(policy);
}
