/* Components and libraries of a policy, also those that only stand beside it. */
#include "policy/world_source.h"

#include "base/alloc.h"
#include "policy/libraries.h"
#include "policy/variables.h"

#include <string.h>

struct xml_node *policy_section_named(const struct policy *policy, const char *section,
				      const char *element, const char *name)
{
	struct xml_node *parent = xml_first(xml_root(policy->document), section);

	return parent ? xml_find(parent, element, "name", name) : NULL;
}

struct xml_node *policy_component(const struct policy *policy, const struct xml_node *subject)
{
	struct xml_node *reference = xml_first(subject, "component");
	const char *name = reference ? xml_get(reference, "ref") : NULL;

	return name ? policy_section_named(policy, "components", "component", name) : NULL;
}

/* A specification of its own has its own variables, and those of the system that it lacks. */
static int expand_variables(const struct policy *policy, const struct xml_document *document,
			    struct error *err)
{
	struct xml_node *root = xml_root(document), *config = xml_first(root, "config");
	struct xml_node *systems = xml_first(xml_root(policy->document), "config");

	if (!config)
		config = xml_add_first(root, "config");
	if (systems)
		xml_each (node, systems, NULL) {
			const char *name = xml_get(node, "name");

			if (name && !xml_find(config, NULL, "name", name))
				xml_add_copy(config, node);
		}
	return variables_expand(root, err);
}

static struct xml_node *add_specification(struct policy *policy,
					  const struct xml_document *document, struct error *err)
{
	struct xml_node *root = xml_root(policy->document);
	struct xml_node *components = xml_first(root, "components");

	if (expand_variables(policy, document, err) < 0)
		return NULL;
	if (!components)
		components = xml_add(root, "components");
	return xml_add_copy(components, xml_root(document));
}

/* Muen's own tools call them cspec_NAME.xml. *document stays NULL if there is none. */
static int find_specification(const struct policy *policy, const char *element, const char *name,
			      struct xml_document **document, struct error *err)
{
	static const char *const prefixes[] = { "component", "cspec" };
	struct xml_node *root;

	*document = NULL;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]) && !*document; i++) {
		cleanup_free char *file = xasprintf("%s_%s.xml", prefixes[i], name);

		if (policy_find_document(policy, file, document, err) < 0)
			return -1;
	}
	root = *document ? xml_root(*document) : NULL;
	if (!root || !strcmp(xml_name(root), element))
		return 0;
	return xml_fail(root, err, "the document is a <%s>, a <%s> was expected", xml_name(root),
			element);
}

static int add_library(struct policy *policy, const struct xml_node *reference, struct error *err)
{
	cleanup_xml struct xml_document *document = NULL;
	const struct xml_node *added;
	const char *name;

	if (xml_need(reference, "ref", &name, err) < 0)
		return -1;
	if (policy_section_named(policy, "components", "library", name))
		return 0;
	if (find_specification(policy, "library", name, &document, err) < 0)
		return -1;
	if (!document)
		document = library_document(name);
	if (!document) {
		xml_fail(reference, err, "the library's specification is not there");
		return err_mend(err, "put its cspec_%s.xml into a folder that is named with -I",
				name);
	}
	added = add_specification(policy, document, err);
	return added ? policy_add_libraries(policy, added, err) : -1;
}

int policy_add_libraries(struct policy *policy, const struct xml_node *node, struct error *err)
{
	struct xml_node *depends = xml_first(node, "depends");

	if (depends)
		xml_each (reference, depends, "library")
			if (add_library(policy, reference, err) < 0)
				return -1;
	return 0;
}

int policy_add_component(struct policy *policy, const struct xml_node *subject, struct error *err)
{
	struct xml_node *reference = xml_first(subject, "component");
	cleanup_xml struct xml_document *document = NULL;
	const char *name;

	if (!reference || policy_component(policy, subject))
		return 0;
	if (xml_need(reference, "ref", &name, err) < 0 ||
	    find_specification(policy, "component", name, &document, err) < 0)
		return -1;
	return !document || add_specification(policy, document, err) ? 0 : -1;
}

static size_t add_depended(const struct policy *policy, const struct xml_node *node,
			   const struct xml_node *through, struct policy_library *libraries,
			   size_t count)
{
	struct xml_node *depends = xml_first(node, "depends");

	if (!depends)
		return count;
	xml_each (reference, depends, "library") {
		const char *name = xml_get(reference, "ref");
		const struct xml_node *library =
			name ? policy_section_named(policy, "components", "library", name) : NULL;
		bool known = !library || count == POLICY_LIBRARIES_MAX;

		for (size_t i = 0; i < count && !known; i++)
			known = libraries[i].library == library;
		if (known)
			continue;
		libraries[count].library = library;
		libraries[count].reference = through ? through : reference;
		count = add_depended(policy, library, libraries[count].reference, libraries,
				     count + 1);
	}
	return count;
}

size_t policy_libraries(const struct policy *policy, const struct xml_node *component,
			struct policy_library libraries[static POLICY_LIBRARIES_MAX])
{
	return add_depended(policy, component, NULL, libraries, 0);
}
