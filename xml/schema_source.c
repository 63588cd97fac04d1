#include "xml/schema_source.h"

#include "base/alloc.h"
#include "base/file.h"

#define RELAX_NG_NAMESPACE "http://relaxng.org/ns/structure/1.0"
#define W3C_NAMESPACE "http://www.w3.org/2001/XMLSchema"

/* ---- reading ------------------------------------------------------------- */

static int add_source(struct schema_sources *sources, const char *name, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", sources->folder, name);
	cleanup_bytes struct bytes bytes = { 0 };
	struct schema_source *source = &sources->list[sources->count];

	if (file_read(path, XML_FILE_MAX, 0, &bytes, err) < 0)
		return -1;
	source->document = xml_parse_any(path, (const char *)bytes.data, bytes.size, true, err);
	if (!source->document)
		return -1;
	source->name = xstrdup(name);
	/* libxml2 makes the addresses of includes from this one: plain names, so. */
	source->document->tree->URL = xchecked(xmlStrdup(to_xml(name)));
	sources->count++;
	return 0;
}

static bool is_source(const struct schema_sources *sources, const char *name)
{
	for (size_t i = 0; i < sources->count; i++)
		if (!strcmp(sources->list[i].name, name))
			return true;
	return false;
}

static int add_include(struct schema_sources *sources, const struct xml_node *include,
		       const char *name, struct error *err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";

	if (!*name || name[0] == '.' || name[strspn(name, plain)] != '\0') {
		xml_fail(include, err,
			 "a schema may only include a file of its own folder, by its plain name");
		return err_mend(err, "put all files of the schema into one folder");
	}
	if (is_source(sources, name))
		return 0;
	if (sources->count == SCHEMA_FILES_MAX)
		return xml_fail(include, err, "a schema may have at most %d files",
				SCHEMA_FILES_MAX);
	return add_source(sources, name, err);
}

/* The file that an element of either schema language refers to, or NULL. */
static const char *included_file(const struct xml_node *node)
{
	static const char *const elements[] = { "include", "externalRef", "import", "redefine" };

	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (!strcmp(xml_name(node), elements[i])) {
			const char *href = xml_get(node, "href");

			return href ? href : xml_get(node, "schemaLocation");
		}
	return NULL;
}

static int add_includes(struct schema_sources *sources, const struct xml_node *node,
			struct error *err)
{
	const char *name = included_file(node);

	if (name && add_include(sources, node, name, err) < 0)
		return -1;
	xml_each (child, node, NULL)
		if (add_includes(sources, child, err) < 0)
			return -1;
	return 0;
}

static int tell_language(struct schema_sources *sources, struct error *err)
{
	const struct xml_node *root = xml_root(sources->list[0].document);
	const xmlNs *space = raw(root)->ns;

	if (space && !strcmp(from_xml(space->href), RELAX_NG_NAMESPACE))
		sources->language = SCHEMA_RELAX_NG;
	else if (space && !strcmp(from_xml(space->href), W3C_NAMESPACE))
		sources->language = SCHEMA_W3C;
	else
		return xml_fail(root, err,
				"is not a schema: a RELAX NG grammar in its XML syntax or a W3C "
				"schema was expected");
	return 0;
}

int schema_sources_read(struct schema_sources *sources, const char *path, struct error *err)
{
	const char *name = path_base_name(path);

	sources->folder = name == path ? xstrdup(".") : xstrndup(path, (size_t)(name - path));
	if (add_source(sources, name, err) < 0 || tell_language(sources, err) < 0)
		return -1;
	for (size_t i = 0; i < sources->count; i++)
		if (add_includes(sources, xml_root(sources->list[i].document), err) < 0)
			return -1;
	return 0;
}

void schema_sources_free(struct schema_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free(sources->list[i].name);
		xml_free(sources->list[i].document);
	}
	free(sources->folder);
}

/* ---- root elements ------------------------------------------------------- */

static void add_root(struct schema_roots *roots, const char *name)
{
	array_grow(roots->names, roots->count);
	roots->names[roots->count++] = xstrdup(name);
}

/* The places that were looked at already: a grammar may refer to a definition many times. */
struct visited {
	const struct xml_node **list;
	size_t count;
};

static bool visit(struct visited *visited, const struct xml_node *node)
{
	for (size_t i = 0; i < visited->count; i++)
		if (visited->list[i] == node)
			return false;
	array_grow(visited->list, visited->count);
	visited->list[visited->count++] = node;
	return true;
}

/* Adds the names of a RELAX NG name class. */
static void add_name_class(struct schema_roots *roots, const struct xml_node *node)
{
	if (!strcmp(xml_name(node), "name")) {
		cleanup_free char *name = xml_text(node);

		add_root(roots, name);
	} else if (!strcmp(xml_name(node), "choice")) {
		xml_each (child, node, NULL)
			add_name_class(roots, child);
	} else {
		roots->any = true;
	}
}

static void add_pattern(struct schema_roots *roots, const struct schema_sources *sources,
			struct visited *visited, const struct xml_node *pattern);

static void add_definitions(struct schema_roots *roots, const struct schema_sources *sources,
			    struct visited *visited, const struct xml_node *parent,
			    const char *name)
{
	xml_each (child, parent, NULL) {
		const char *defined = xml_get(child, "name");

		if (!strcmp(xml_name(child), "define") && defined && !strcmp(defined, name) &&
		    visit(visited, child))
			add_pattern(roots, sources, visited, child);
		else if (!strcmp(xml_name(child), "div") || !strcmp(xml_name(child), "include"))
			add_definitions(roots, sources, visited, child, name);
	}
}

/* Adds the elements with which a RELAX NG pattern can begin. */
static void add_pattern(struct schema_roots *roots, const struct schema_sources *sources,
			struct visited *visited, const struct xml_node *pattern)
{
	if (!strcmp(xml_name(pattern), "element")) {
		const char *name = xml_get(pattern, "name");

		if (name)
			add_root(roots, name);
		else if (xml_first(pattern, NULL))
			add_name_class(roots, xml_first(pattern, NULL));
	} else if (!strcmp(xml_name(pattern), "ref")) {
		const char *name = xml_get(pattern, "name");

		for (size_t i = 0; name && i < sources->count; i++)
			add_definitions(roots, sources, visited,
					xml_root(sources->list[i].document), name);
	} else {
		xml_each (child, pattern, NULL)
			add_pattern(roots, sources, visited, child);
	}
}

/* Adds what the start elements of a grammar, anywhere in it, allow. */
static void add_starts(struct schema_roots *roots, const struct schema_sources *sources,
		       struct visited *visited, const struct xml_node *node)
{
	if (!strcmp(xml_name(node), "start")) {
		add_pattern(roots, sources, visited, node);
		return;
	}
	xml_each (child, node, NULL)
		add_starts(roots, sources, visited, child);
}

void schema_roots_collect(struct schema_roots *roots, const struct schema_sources *sources)
{
	const struct xml_node *first = xml_root(sources->list[0].document);
	struct visited visited = { 0 };

	if (sources->language == SCHEMA_RELAX_NG && strcmp(xml_name(first), "grammar") != 0)
		add_pattern(roots, sources, &visited, first);
	for (size_t i = 0; i < sources->count; i++) {
		const struct xml_node *root = xml_root(sources->list[i].document);

		if (sources->language == SCHEMA_RELAX_NG)
			add_starts(roots, sources, &visited, root);
		else
			xml_each (child, root, "element")
				if (xml_get(child, "name"))
					add_root(roots, xml_get(child, "name"));
	}
	free(visited.list);
}

void schema_roots_free(struct schema_roots *roots)
{
	for (size_t i = 0; i < roots->count; i++)
		free(roots->names[i]);
	free(roots->names);
}
