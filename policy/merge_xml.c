#include "policy/merge.h"

#include "base/alloc.h"
#include "policy/variables.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define INCLUDE_DEPTH_MAX 16
#define INCLUDES_MAX 1000 /* in all: files that include each other twice double at each level */

/* The order of a system's sections in the merged format. */
static const char *const system_order[] = { "config",	     "hardware",   "platform", "memory",
					    "deviceDomains", "events",	   "channels", "components",
					    "subjects",	     "scheduling", NULL };

/* ---- finding documents --------------------------------------------------- */

/* Elements that were read keep the places that they were read from; of a document that was made
 * here, they get those of its canonical form. */
static struct xml_document *copy_document(const char *name, const struct xml_document *document,
					  struct error *err)
{
	const struct xml_node *root = xml_root(document);
	cleanup_buffer struct buffer text = { 0 };
	struct xml_document *copy;

	if (!xml_line(root)) {
		xml_write(document, &text);
		return xml_parse(name, text.data, text.length, err);
	}
	copy = xml_new(name, xml_name(root));
	for (size_t i = 0; xml_attribute_name(root, i); i++)
		xml_set(xml_root(copy), xml_attribute_name(root, i),
			xml_get(root, xml_attribute_name(root, i)));
	xml_each (child, root, NULL)
		xml_add_copy(xml_root(copy), child);
	return copy;
}

static struct xml_document *find_document(const struct merge_sources *sources, const char *name,
					  struct error *err)
{
	for (size_t i = 0; i < sources->document_count; i++)
		if (!strcmp(sources->documents[i].name, name))
			return copy_document(name, sources->documents[i].document, err);
	for (size_t i = 0; i < sources->folder_count; i++) {
		cleanup_free char *path = xasprintf("%s/%s", sources->folders[i], name);

		if (access(path, F_OK) == 0)
			return xml_read(path, err);
	}
	err_fail(err, ERR_NO_INPUT, "%s: is in none of the folders that were searched (%s%s)", name,
		 sources->folder_count ? sources->folders[0] : "none",
		 sources->folder_count > 1 ? ", ..." : "");
	err_mend(err, "name Muen's policy tree with --policy-dir");
	return NULL;
}

/* ---- includes ------------------------------------------------------------ */

/* How far the expansion of includes has come. */
struct progress {
	int depth;
	int *count; /* of includes so far */
};

static int expand_includes(struct xml_node *node, const struct merge_sources *sources,
			   struct progress progress, struct error *err);

static int expand_include(struct xml_node *include, const struct merge_sources *sources,
			  struct progress progress, struct error *err)
{
	cleanup_xml struct xml_document *document = NULL;
	const char *name;
	struct xml_node *root;

	if (progress.depth++ > INCLUDE_DEPTH_MAX || ++*progress.count > INCLUDES_MAX) {
		xml_fail(include, err,
			 "there are more than %d includes, or they are nested more than %d deep",
			 INCLUDES_MAX, INCLUDE_DEPTH_MAX);
		return err_mend(err, "look for files that include each other");
	}
	if (xml_need(include, "href", &name, err) < 0)
		return -1;
	document = find_document(sources, name, err);
	if (!document)
		return -1;
	root = xml_root(document);
	if (expand_includes(root, sources, progress, err) < 0)
		return -1;
	if (!strcmp(xml_name(root), "include"))
		xml_each (child, root, NULL)
			xml_add_copy_before(include, child);
	else
		xml_add_copy_before(include, root);
	xml_remove(include);
	return 0;
}

static int expand_includes(struct xml_node *node, const struct merge_sources *sources,
			   struct progress progress, struct error *err)
{
	for (struct xml_node *child = xml_first(node, NULL), *next; child; child = next) {
		int result;

		next = xml_next(child, NULL);
		if (!strcmp(xml_name(child), "include") && xml_get(child, "href"))
			result = expand_include(child, sources, progress, err);
		else
			result = expand_includes(child, sources, progress, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* ---- hardware, platform, configuration ----------------------------------- */

/* Sections of the same name become one, with the children of both. */
static void merge_sections(struct xml_node *into, const struct xml_node *from)
{
	xml_each (section, from, NULL) {
		struct xml_node *present = xml_first(into, xml_name(section));

		if (!present)
			xml_add_copy(into, section);
		else
			xml_each (child, section, NULL)
				xml_add_copy(present, child);
	}
}

static const char *configured(const struct merge_sources *sources, const char *name)
{
	struct xml_node *config = xml_first(xml_root(sources->config), "config");
	struct xml_node *node = config ? xml_find(config, "string", "name", name) : NULL;

	return node ? xml_get(node, "value") : NULL;
}

/* Merges the description that the configuration names, if it does, into <section_name>. */
static int merge_description(struct xml_node *root, const struct merge_sources *sources,
			     const char *key, const char *section_name, struct error *err)
{
	const char *name = configured(sources, key);
	cleanup_xml struct xml_document *document = NULL;

	if (!name)
		return 0;
	document = find_document(sources, name, err);
	if (!document || expand_includes(xml_root(document), sources,
					 (struct progress){ 0, &(int){ 0 } }, err) < 0)
		return -1;
	merge_sections(xml_child(root, section_name, system_order), xml_root(document));
	return 0;
}

/* Variables stand in the order of their types; a name that is there already is left. */
static void merge_config(struct xml_node *root, const struct xml_node *from)
{
	static const char *const types[] = { "boolean", "integer", "string" };
	struct xml_node *config = xml_child(root, "config", system_order);
	struct xml_node *sorted = xml_add_after(config, "config");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		xml_each (node, config, types[i])
			xml_add_copy(sorted, node);
		if (from)
			xml_each (node, from, types[i])
				xml_add_copy(sorted, node);
	}
	xml_remove(config);
}

static int merge_descriptions(struct xml_node *root, const struct merge_sources *sources,
			      struct error *err)
{
	struct xml_node *platform, *config;

	if (merge_description(root, sources, "hardware", "hardware", err) < 0 ||
	    merge_description(root, sources, "additional_hardware", "hardware", err) < 0 ||
	    merge_description(root, sources, "platform", "platform", err) < 0)
		return -1;
	merge_config(root, xml_first(xml_root(sources->config), "config"));
	platform = xml_first(root, "platform");
	config = platform ? xml_first(platform, "config") : NULL;
	if (config) {
		merge_config(root, config);
		xml_remove(config);
	}
	return 0;
}

/* ---- all of it ----------------------------------------------------------- */

static int refuse_foreign(const struct xml_node *node, struct error *err)
{
	static const char *const foreign[] = { "amend", "template", "useTemplate" };

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (strcmp(xml_name(node), foreign[i]))
			continue;
		xml_fail(node, err, "only Muen's own mucfgmerge evaluates this");
		return err_mend(err, "merge the policy with it, and validate what it writes");
	}
	xml_each (child, node, NULL)
		if (refuse_foreign(child, err) < 0)
			return -1;
	return 0;
}

/* Documentation is allowed in source documents only. */
static void drop_documentation(struct xml_node *node)
{
	for (struct xml_node *child = xml_first(node, NULL), *next; child; child = next) {
		next = xml_next(child, NULL);
		if (!strcmp(xml_name(child), "doc"))
			xml_remove(child);
		else
			drop_documentation(child);
	}
}

struct xml_document *policy_merge(const struct xml_document *policy,
				  const struct merge_sources *sources, struct error *err)
{
	cleanup_xml struct xml_document *merged = copy_document("merged policy", policy, err);
	struct xml_node *root, *expressions;

	if (!merged)
		return NULL;
	root = xml_root(merged);
	if (expand_includes(root, sources, (struct progress){ 0, &(int){ 0 } }, err) < 0 ||
	    merge_descriptions(root, sources, err) < 0 || refuse_foreign(root, err) < 0 ||
	    variables_expand(root, err) < 0)
		return NULL;
	drop_documentation(root);
	expressions = xml_first(root, "expressions");
	if (expressions)
		xml_remove(expressions);
	return steal(merged);
}
