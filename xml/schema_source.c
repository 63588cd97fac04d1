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

/* ---- root elements of a W3C schema --------------------------------------- */

static void add_root(struct schema_roots *roots, const char *name)
{
	array_grow(roots->names, roots->count);
	roots->names[roots->count++] = xstrdup(name);
}

static void add_global_elements(struct schema_roots *roots, const struct schema_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		xml_each (child, xml_root(sources->list[i].document), "element")
			if (xml_get(child, "name"))
				add_root(roots, xml_get(child, "name"));
}

/* ---- root elements of a RELAX NG grammar --------------------------------- */

/* A walk through a grammar. A pattern may refer to a definition many times, and grammars may stand
 * inside each other: a name is looked for in the innermost, a parentRef's in the one around it. */
struct walk {
	struct schema_roots *roots;
	const struct schema_sources *sources;
	struct visited {
		const struct xml_node *pattern;
		const struct xml_node *grammar; /* a file may be included in many */
	} * visited;
	size_t visited_count;
};

struct scope {
	const struct xml_node *grammar;
	const struct scope *outer;
};

static bool visit(struct walk *walk, const struct scope *scope, const struct xml_node *pattern)
{
	for (size_t i = 0; i < walk->visited_count; i++)
		if (walk->visited[i].pattern == pattern &&
		    walk->visited[i].grammar == scope->grammar)
			return false;
	array_grow(walk->visited, walk->visited_count);
	walk->visited[walk->visited_count++] = (struct visited){ pattern, scope->grammar };
	return true;
}

static void walk_pattern(struct walk *walk, const struct scope *scope,
			 const struct xml_node *pattern);

/* The root element of the file that an include or an externalRef names. */
static const struct xml_node *included_root(const struct walk *walk, const struct xml_node *node)
{
	const char *name = included_file(node);

	for (size_t i = 0; name && i < walk->sources->count; i++)
		if (!strcmp(walk->sources->list[i].name, name))
			return xml_root(walk->sources->list[i].document);
	return NULL;
}

/* Walks the patterns that a grammar (or a div or an include in it) gives to `start`, or to the
 * definition `name`. What an include holds takes the place of what is in the included file. Returns
 * whether there were any. */
static bool walk_definitions(struct walk *walk, const struct scope *scope,
			     const struct xml_node *parent, const char *name)
{
	bool found = false;

	xml_each (child, parent, NULL) {
		const char *kind = xml_name(child), *defined = xml_get(child, "name");

		if (name ? !strcmp(kind, "define") && defined && !strcmp(defined, name)
			 : !strcmp(kind, "start")) {
			found = true;
			xml_each (pattern, child, NULL)
				walk_pattern(walk, scope, pattern);
		} else if (!strcmp(kind, "div")) {
			found |= walk_definitions(walk, scope, child, name);
		} else if (!strcmp(kind, "include")) {
			const struct xml_node *included = included_root(walk, child);

			found |= walk_definitions(walk, scope, child, name) ||
				 (included && walk_definitions(walk, scope, included, name));
		}
	}
	return found;
}

/* Adds the names of a name class. */
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

static void walk_element(struct walk *walk, const struct xml_node *element)
{
	const char *name = xml_get(element, "name");

	if (name)
		add_root(walk->roots, name);
	else if (xml_first(element, NULL))
		add_name_class(walk->roots, xml_first(element, NULL));
}

/* Adds the elements with which a pattern can begin. */
static void walk_pattern(struct walk *walk, const struct scope *scope,
			 const struct xml_node *pattern)
{
	const char *kind = xml_name(pattern), *name = xml_get(pattern, "name");

	if (!visit(walk, scope, pattern))
		return;
	if (!strcmp(kind, "element")) {
		walk_element(walk, pattern);
	} else if (!strcmp(kind, "ref") && name) {
		walk_definitions(walk, scope, scope->grammar, name);
	} else if (!strcmp(kind, "parentRef") && name && scope->outer) {
		walk_definitions(walk, scope->outer, scope->outer->grammar, name);
	} else if (!strcmp(kind, "grammar")) {
		struct scope inner = { .grammar = pattern, .outer = scope };

		walk_definitions(walk, &inner, pattern, NULL);
	} else if (!strcmp(kind, "externalRef")) {
		struct scope outside = { 0 };

		if (included_root(walk, pattern))
			walk_pattern(walk, &outside, included_root(walk, pattern));
	} else {
		xml_each (child, pattern, NULL)
			walk_pattern(walk, scope, child);
	}
}

void schema_roots_collect(struct schema_roots *roots, const struct schema_sources *sources)
{
	struct walk walk = { .roots = roots, .sources = sources };
	struct scope outside = { 0 };

	if (sources->language == SCHEMA_W3C)
		add_global_elements(roots, sources);
	else
		walk_pattern(&walk, &outside, xml_root(sources->list[0].document));
	free(walk.visited);
}

void schema_roots_free(struct schema_roots *roots)
{
	for (size_t i = 0; i < roots->count; i++)
		free(roots->names[i]);
	free(roots->names);
}
