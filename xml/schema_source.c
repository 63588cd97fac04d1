#include "xml/schema_source.h"

#include "base/alloc.h"
#include "base/file.h"

#include <libxml/uri.h>

#define RELAX_NG_NAMESPACE "http://relaxng.org/ns/structure/1.0"
#define W3C_NAMESPACE "http://www.w3.org/2001/XMLSchema"

/* A schema's files while they are put together. libxml2 is given one tree without references, so
 * that it has nothing to load. */
struct loader {
	char *folder; /* of the schema: files are named relative to it */
	struct file {
		char *name;
		struct xml_document *document;
		size_t nodes;	  /* elements, once complete */
		bool is_complete; /* all that it includes is in it */
	} list[SCHEMA_FILES_MAX];
	size_t count;
	size_t nodes; /* copied in all */
};

static void loader_free(struct loader *loader)
{
	for (size_t i = 0; i < loader->count; i++) {
		free(loader->list[i].name);
		if (loader->list[i].document)
			xml_free(loader->list[i].document);
	}
	free(loader->folder);
}

static struct file *find_file(struct loader *loader, const char *name)
{
	for (size_t i = 0; i < loader->count; i++)
		if (!strcmp(loader->list[i].name, name))
			return &loader->list[i];
	return NULL;
}

static struct file *read_file(struct loader *loader, const char *name, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", loader->folder, name);
	cleanup_bytes struct bytes bytes = { 0 };
	struct file *file = &loader->list[loader->count];

	if (file_read(path, XML_FILE_MAX, 0, &bytes, err) < 0)
		return NULL;
	file->document = xml_parse_any(path, (const char *)bytes.data, bytes.size, true, err);
	if (!file->document)
		return NULL;
	file->name = xstrdup(name);
	loader->count++;
	return file;
}

/* ---- references ---------------------------------------------------------- */

static bool is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-/";

	return *name && name[0] != '/' && name[strspn(name, plain)] == '\0' &&
	       strncmp(name, "../", 3) != 0 && !strstr(name, "/../");
}

/* Finds out which file the attribute of an include in `file` names. */
static int resolve(const struct file *file, const struct xml_node *include, const char *attribute,
		   char **name, struct error *err)
{
	const char *reference;
	xmlChar *resolved;

	if (xml_need(include, attribute, &reference, err) < 0)
		return -1;
	resolved = xmlBuildURI(to_xml(reference), to_xml(file->name));
	*name = xstrdup(resolved ? from_xml(resolved) : "");
	xmlFree(resolved);
	if (is_plain(*name))
		return 0;
	xml_fail(include, err,
		 "a schema may only include files that lie in its own folder or below");
	return err_mend(err, "put all files of the schema into one folder");
}

/* Reads a file that an include names. */
static struct file *read_included(struct loader *loader, const struct xml_node *include,
				  const char *name, struct error *err)
{
	if (loader->count < SCHEMA_FILES_MAX)
		return read_file(loader, name, err);
	xml_fail(include, err, "a schema may have at most %d files", SCHEMA_FILES_MAX);
	return NULL;
}

/* Fails at an element that refers to other files in a way that Muen's schemas have no use for. */
static int check_reference(const struct xml_node *node, struct error *err)
{
	static const char *const names[] = { "externalRef", "import", "redefine" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(xml_name(node), names[i])) {
			xml_fail(node, err, "is not supported in a schema");
			return err_mend(err, "include the other file, or put both into one");
		}
	return 0;
}

/* ---- W3C schemas --------------------------------------------------------- */

static int complete_w3c(struct loader *loader, struct file *file, struct error *err);

/* Puts what an include names in its place; nothing if it is in the schema already. */
static int replace_w3c_include(struct loader *loader, const struct file *file,
			       struct xml_node *include, struct error *err)
{
	cleanup_free char *name = NULL;
	struct file *included;

	if (resolve(file, include, "schemaLocation", &name, err) < 0)
		return -1;
	if (!find_file(loader, name)) {
		included = read_included(loader, include, name, err);
		if (!included || complete_w3c(loader, included, err) < 0)
			return -1;
		xml_each (child, xml_root(included->document), NULL)
			xml_add_copy_before(include, child);
	}
	xml_remove(include);
	return 0;
}

static int complete_w3c(struct loader *loader, struct file *file, struct error *err)
{
	struct xml_node *next;

	for (struct xml_node *child = xml_first(xml_root(file->document), NULL); child;
	     child = next) {
		next = xml_next(child, NULL);
		if (check_reference(child, err) < 0)
			return -1;
		if (!strcmp(xml_name(child), "include") &&
		    replace_w3c_include(loader, file, child, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- RELAX NG grammars --------------------------------------------------- */

static int complete_grammar(struct loader *loader, struct file *file, struct xml_node *node,
			    struct error *err);

static size_t count_elements(const struct xml_node *node)
{
	size_t count = 1;

	xml_each (child, node, NULL)
		count += count_elements(child);
	return count;
}

/* A grammar's datatype library counts for all that is in its file, but libxml2 takes no notice of a
 * div's. */
static void hand_down_library(struct xml_node *grammar)
{
	const char *library = xml_get(grammar, "datatypeLibrary");

	xml_each (child, grammar, NULL)
		if (!xml_get(child, "datatypeLibrary"))
			xml_set(child, "datatypeLibrary", library ? library : "");
}

static struct file *load_grammar(struct loader *loader, const struct xml_node *include,
				 const char *name, struct error *err)
{
	struct file *file = find_file(loader, name);

	if (file && !file->is_complete) {
		xml_fail(include, err, "%s includes itself", name);
		return NULL;
	}
	if (!file) {
		file = read_included(loader, include, name, err);
		if (!file || complete_grammar(loader, file, xml_root(file->document), err) < 0)
			return NULL;
		hand_down_library(xml_root(file->document));
		file->nodes = count_elements(xml_root(file->document));
		file->is_complete = true;
	}
	loader->nodes += file->nodes;
	if (loader->nodes > XML_NODES_MAX) {
		xml_fail(include, err, "the schema has more than %d elements", XML_NODES_MAX);
		return NULL;
	}
	return file;
}

/* Removes what an include defines anew from what it includes. */
static void drop_overridden(struct xml_node *included, const struct xml_node *override)
{
	const char *name = xml_get(override, "name");
	struct xml_node *next;

	for (struct xml_node *child = xml_first(included, NULL); child; child = next) {
		const char *defined = xml_get(child, "name");

		next = xml_next(child, NULL);
		if (!strcmp(xml_name(child), "div"))
			drop_overridden(child, override);
		else if (!strcmp(xml_name(child), xml_name(override)) &&
			 (!name || (defined && !strcmp(defined, name))))
			xml_remove(child);
	}
}

/* Turns an include into what it stands for (RELAX NG specification, section 4.7): a div with the
 * included grammar, itself a div, and with what the include defines in place of it. */
static int replace_include(struct loader *loader, struct file *file, struct xml_node *include,
			   struct error *err)
{
	cleanup_free char *name = NULL;
	struct file *included;
	xmlNode *grammar;

	if (resolve(file, include, "href", &name, err) < 0)
		return -1;
	included = load_grammar(loader, include, name, err);
	if (!included)
		return -1;
	if (strcmp(xml_name(xml_root(included->document)), "grammar") != 0)
		return xml_fail(include, err, "%s is not a grammar", name);
	/* Not xml_add_copy(): nobody asks for the lines, and there are many copies. */
	grammar = xchecked(xmlDocCopyNode(raw(xml_root(included->document)), raw(include)->doc, 1));
	xml_each (override, include, NULL)
		drop_overridden(cooked(grammar), override);
	xchecked(xmlAddChild(raw(include), grammar));
	xmlNodeSetName(grammar, to_xml("div"));
	xmlNodeSetName(raw(include), to_xml("div"));
	xml_unset(include, "href");
	return 0;
}

static int complete_grammar(struct loader *loader, struct file *file, struct xml_node *node,
			    struct error *err)
{
	struct xml_node *next;

	if (check_reference(node, err) < 0)
		return -1;
	for (struct xml_node *child = xml_first(node, NULL); child; child = next) {
		next = xml_next(child, NULL);
		if (complete_grammar(loader, file, child, err) < 0)
			return -1;
		if (!strcmp(xml_name(child), "include") &&
		    replace_include(loader, file, child, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- both ---------------------------------------------------------------- */

static int tell_language(const struct xml_node *root, enum schema_language *language,
			 struct error *err)
{
	const xmlNs *space = raw(root)->ns;

	if (space && !strcmp(from_xml(space->href), RELAX_NG_NAMESPACE))
		*language = SCHEMA_RELAX_NG;
	else if (space && !strcmp(from_xml(space->href), W3C_NAMESPACE))
		*language = SCHEMA_W3C;
	else {
		xml_fail(root, err,
			 "is not a schema: a RELAX NG grammar in its XML syntax or a W3C schema "
			 "was expected");
		return err_mend(err, "name a schema's .rng or .xsd file");
	}
	return 0;
}

struct xml_document *schema_source_read(const char *path, enum schema_language *language,
					struct error *err)
{
	cleanup_with(loader_free) struct loader loader = { 0 };
	const char *name = path_base_name(path);
	struct file *file;
	int result;

	loader.folder = name == path ? xstrdup(".") : xstrndup(path, (size_t)(name - path) - 1);
	file = read_file(&loader, name, err);
	if (!file || tell_language(xml_root(file->document), language, err) < 0)
		return NULL;
	result = *language == SCHEMA_W3C
			 ? complete_w3c(&loader, file, err)
			 : complete_grammar(&loader, file, xml_root(file->document), err);
	return result < 0 ? NULL : steal(file->document);
}
