#include "xml/schema_source.h"

#include "base/alloc.h"

static void add_root(struct schema_roots *roots, const char *name)
{
	array_grow(roots->names, roots->count);
	roots->names[roots->count++] = xstrdup(name);
}

static void add_global_elements(struct schema_roots *roots, const struct xml_node *schema)
{
	xml_each (child, schema, "element")
		if (xml_get(child, "name"))
			add_root(roots, xml_get(child, "name"));
}

/* A walk through a RELAX NG grammar. A pattern may refer to a definition many times, and grammars
 * may stand inside each other: a name is looked for in the innermost, a parentRef's in the one
 * around it. */
struct walk {
	struct schema_roots *roots;
	const struct xml_node **visited;
	size_t visited_count;
};

struct scope {
	const struct xml_node *grammar;
	const struct scope *outer;
};

static bool visit(struct walk *walk, const struct xml_node *pattern)
{
	for (size_t i = 0; i < walk->visited_count; i++)
		if (walk->visited[i] == pattern)
			return false;
	array_grow(walk->visited, walk->visited_count);
	walk->visited[walk->visited_count++] = pattern;
	return true;
}

static void walk_pattern(struct walk *walk, const struct scope *scope,
			 const struct xml_node *pattern);

/* Walks the patterns that a grammar (or a div in it) gives to the definition `name`; to its start,
 * if name is NULL. */
static void walk_definitions(struct walk *walk, const struct scope *scope,
			     const struct xml_node *parent, const char *name)
{
	xml_each (child, parent, NULL) {
		const char *kind = xml_name(child), *defined = xml_get(child, "name");
		bool wanted = name ? !strcmp(kind, "define") && defined && !strcmp(defined, name)
				   : !strcmp(kind, "start");

		if (!strcmp(kind, "div"))
			walk_definitions(walk, scope, child, name);
		else if (wanted)
			xml_each (pattern, child, NULL)
				walk_pattern(walk, scope, pattern);
	}
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

static void add_element(struct schema_roots *roots, const struct xml_node *element)
{
	const char *name = xml_get(element, "name");

	if (name)
		add_root(roots, name);
	else if (xml_first(element, NULL))
		add_name_class(roots, xml_first(element, NULL));
}

/* Adds the elements with which a pattern can begin. */
static void walk_pattern(struct walk *walk, const struct scope *scope,
			 const struct xml_node *pattern)
{
	const char *kind = xml_name(pattern), *name = xml_get(pattern, "name");

	if (!visit(walk, pattern))
		return;
	if (!strcmp(kind, "element")) {
		add_element(walk->roots, pattern);
	} else if (!strcmp(kind, "ref") && name) {
		walk_definitions(walk, scope, scope->grammar, name);
	} else if (!strcmp(kind, "parentRef") && name && scope->outer) {
		walk_definitions(walk, scope->outer, scope->outer->grammar, name);
	} else if (!strcmp(kind, "grammar")) {
		struct scope inner = { .grammar = pattern, .outer = scope };

		walk_definitions(walk, &inner, pattern, NULL);
	} else {
		xml_each (child, pattern, NULL)
			walk_pattern(walk, scope, child);
	}
}

void schema_roots_collect(struct schema_roots *roots, enum schema_language language,
			  const struct xml_node *schema)
{
	struct walk walk = { .roots = roots };
	struct scope outside = { 0 };

	if (language == SCHEMA_W3C)
		add_global_elements(roots, schema);
	else
		walk_pattern(&walk, &outside, schema);
	free(walk.visited);
}

void schema_roots_free(struct schema_roots *roots)
{
	for (size_t i = 0; i < roots->count; i++)
		free(roots->names[i]);
	free(roots->names);
}
