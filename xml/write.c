/* The canonical form. libxml2's own serialiser keeps the order of attributes and has no way
 * to put text-only elements on one line. */
#include "xml/internal.h"

#include "base/alloc.h"

/* Appends text; the characters of `special` and CR as references. */
static void write_escaped(struct buffer *out, const char *text, const char *special)
{
	while (*text) {
		size_t plain = strcspn(text, special);

		buffer_add(out, text, plain);
		text += plain;
		if (!*text)
			return;
		switch (*text) {
		case '&':
			buffer_add_text(out, "&amp;");
			break;
		case '<':
			buffer_add_text(out, "&lt;");
			break;
		case '>':
			buffer_add_text(out, "&gt;");
			break;
		case '"':
			buffer_add_text(out, "&quot;");
			break;
		default:
			buffer_printf(out, "&#%d;", *text);
		}
		text++;
	}
}

static void write_text(struct buffer *out, const xmlNode *node)
{
	if (node->content)
		write_escaped(out, from_xml(node->content), "&<>\r");
}

static int compare_attributes(const void *left, const void *right)
{
	const xmlAttr *const *a = left, *const *b = right;

	return strcmp(from_xml((*a)->name), from_xml((*b)->name));
}

static void write_attributes(struct buffer *out, const xmlNode *element)
{
	cleanup_free const xmlAttr **sorted = NULL;
	size_t count = 0;

	for (const xmlAttr *attribute = element->properties; attribute;
	     attribute = attribute->next) {
		array_grow(sorted, count);
		sorted[count++] = attribute;
	}
	if (count)
		qsort(sorted, count, sizeof(*sorted), compare_attributes);
	for (size_t i = 0; i < count; i++) {
		buffer_add_text(out, " ");
		buffer_add_text(out, from_xml(sorted[i]->name));
		buffer_add_text(out, "=\"");
		/* A reader makes a blank of a bare tab or newline in an attribute. */
		if (sorted[i]->children && sorted[i]->children->content)
			write_escaped(out, from_xml(sorted[i]->children->content), "&<\"\t\n\r");
		buffer_add_text(out, "\"");
	}
}

static void write_any(struct buffer *out, const xmlNode *node, size_t indent, bool in_line);

/* The children of an element that has text beside them are written as they are. */
static bool has_text(const xmlNode *element)
{
	for (const xmlNode *child = element->children; child; child = child->next)
		if (is_text(child))
			return true;
	return false;
}

static void write_element(struct buffer *out, const xmlNode *element, size_t indent, bool in_line)
{
	const char *name = from_xml(element->name);

	buffer_add_text(out, "<");
	buffer_add_text(out, name);
	write_attributes(out, element);
	if (!element->children) {
		buffer_add_text(out, "/>");
		return;
	}
	in_line = in_line || has_text(element);
	buffer_add_text(out, in_line ? ">" : ">\n");
	for (const xmlNode *child = element->children; child; child = child->next)
		write_any(out, child, indent + 1, in_line);
	if (!in_line)
		buffer_printf(out, "%*s", (int)indent, "");
	buffer_printf(out, "</%s>", name);
}

static void write_any(struct buffer *out, const xmlNode *node, size_t indent, bool in_line)
{
	if (!in_line)
		buffer_printf(out, "%*s", (int)indent, "");
	switch (node->type) {
	case XML_ELEMENT_NODE:
		write_element(out, node, indent, in_line);
		break;
	case XML_COMMENT_NODE:
		buffer_printf(out, "<!--%s-->", node->content ? from_xml(node->content) : "");
		break;
	case XML_PI_NODE:
		buffer_printf(out, "<?%s%s%s?>", from_xml(node->name), node->content ? " " : "",
			      node->content ? from_xml(node->content) : "");
		break;
	default:
		write_text(out, node);
	}
	if (!in_line)
		buffer_add_text(out, "\n");
}

void xml_write(const struct xml_document *document, struct buffer *out)
{
	buffer_add_text(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
	for (const xmlNode *node = document->tree->children; node; node = node->next)
		write_any(out, node, 0, false);
}

void xml_write_node(const struct xml_node *node, struct buffer *out)
{
	write_any(out, raw(node), 0, false);
}
