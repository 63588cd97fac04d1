#include "xml/internal.h"

#include "base/alloc.h"
#include "base/text.h"

/* ---- text that XML can hold ---------------------------------------------- */

char *legal_text(const char *text)
{
	cleanup_buffer struct buffer legal = { 0 };

	buffer_add_text(&legal, "");
	while (*text) {
		size_t length = text_xml_character(text);

		if (length)
			buffer_add(&legal, text, length);
		else
			buffer_add_text(&legal, "\xef\xbf\xbd"); /* U+FFFD */
		text += length ? length : 1;
	}
	return steal(legal.data);
}

/* ---- elements ------------------------------------------------------------ */

static xmlNode *new_element(const struct xml_node *relative, const char *name)
{
	return xchecked(xmlNewDocNode(raw(relative)->doc, NULL, to_xml(name), NULL));
}

struct xml_node *xml_add(struct xml_node *parent, const char *name)
{
	return cooked(xchecked(xmlAddChild(raw(parent), new_element(parent, name))));
}

struct xml_node *xml_add_first(struct xml_node *parent, const char *name)
{
	xmlNode *first = raw(parent)->children;

	if (!first)
		return xml_add(parent, name);
	return cooked(xchecked(xmlAddPrevSibling(first, new_element(parent, name))));
}

struct xml_node *xml_add_before(struct xml_node *sibling, const char *name)
{
	return cooked(xchecked(xmlAddPrevSibling(raw(sibling), new_element(sibling, name))));
}

struct xml_node *xml_add_after(struct xml_node *sibling, const char *name)
{
	return cooked(xchecked(xmlAddNextSibling(raw(sibling), new_element(sibling, name))));
}

struct xml_node *xml_child(struct xml_node *parent, const char *name, const char *const *order)
{
	struct xml_node *found = xml_first(parent, name);
	const char *const *at = order;

	if (found)
		return found;
	while (*at && strcmp(*at, name) != 0)
		at++;
	/* Whatever comes first of those that the order wants behind it. */
	xml_each (child, parent, NULL)
		for (const char *const *later = at; *later; later++)
			if (!strcmp(*later, xml_name(child)))
				return xml_add_before(child, name);
	return xml_add(parent, name);
}

void remove_node(xmlNode *node)
{
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

void xml_remove(struct xml_node *node)
{
	remove_node(raw(node));
}

/* ---- copies -------------------------------------------------------------- */

/* The index of that file in the document's list; added if it is not there. */
static uint32_t file_index(struct xml_document *document, const char *file)
{
	for (size_t i = 0; i < document->file_count; i++)
		if (!strcmp(document->files[i], file))
			return (uint32_t)i;
	array_grow(document->files, document->file_count);
	document->files[document->file_count] = xstrdup(file);
	return (uint32_t)document->file_count++;
}

static void copy_origins(xmlNode *copy, const xmlNode *original)
{
	set_origin(copy, file_index(document_of(copy), xml_file(cooked(original))),
		   origin_line(original));
	original = original->children;
	for (copy = copy->children; copy; copy = copy->next, original = original->next)
		if (copy->type == XML_ELEMENT_NODE)
			copy_origins(copy, original);
}

static xmlNode *new_copy(const struct xml_node *relative, const struct xml_node *node)
{
	xmlNode *copy = xchecked(xmlDocCopyNode(raw(node), raw(relative)->doc, 1));

	copy_origins(copy, raw(node));
	return copy;
}

struct xml_node *xml_add_copy(struct xml_node *parent, const struct xml_node *node)
{
	return cooked(xchecked(xmlAddChild(raw(parent), new_copy(parent, node))));
}

struct xml_node *xml_add_copy_before(struct xml_node *sibling, const struct xml_node *node)
{
	return cooked(xchecked(xmlAddPrevSibling(raw(sibling), new_copy(sibling, node))));
}

/* ---- comments ------------------------------------------------------------ */
