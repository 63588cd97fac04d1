/* libxml2's RELAX NG validator reports what its algorithm stumbled over, often on a child of the
 * element that is to blame and followed by what fails in consequence. */
#include "xml/internal.h"

#include "base/text.h"

#include <libxml/relaxng.h>
#include <stdio.h>

/* The element named `name` that an error is about: the node itself or one around it. */
static const xmlNode *blamed(const xmlNode *node, const char *name)
{
	const xmlNode *first;

	while (node && node->type != XML_ELEMENT_NODE)
		node = node->parent;
	first = node;
	while (name && node && node->type == XML_ELEMENT_NODE &&
	       strcmp(from_xml(node->name), name) != 0)
		node = node->parent;
	return node && node->type == XML_ELEMENT_NODE ? node : first;
}

/* Writes "<channel name='a' size='1'>" into text[size], cut to fit. */
static void print_tag(const xmlNode *element, char *text, size_t size)
{
	cleanup_buffer struct buffer tag = { 0 };

	buffer_printf(&tag, "<%s", from_xml(element->name));
	for (const xmlAttr *attribute = element->properties; attribute; attribute = attribute->next)
		buffer_printf(&tag, " %s='%s'", from_xml(attribute->name),
			      xml_get(cooked(element), from_xml(attribute->name)));
	buffer_add_text(&tag, ">");
	text_printable(tag.data, tag.length, text, size);
}

static bool is_aside(const char *name)
{
	return !*name || !strcmp(name, "if") || !strcmp(name, "case") || !strcmp(name, "include") ||
	       !strcmp(name, "doc");
}

/* The part of explain() that names something. */
static bool explain_named(const xmlError *error, char *text, size_t size)
{
	const char *first = error->str1 ? error->str1 : "";
	const char *second = error->str2 ? error->str2 : "";
	char shown[96];

	switch ((int)error->code) {
	case XML_RELAXNG_ERR_INVALIDATTR:
		snprintf(text, size, "the attribute '%s' is not allowed here, or its value is not",
			 first);
		return true;
	case XML_RELAXNG_ERR_ELEMNAME:
		snprintf(text, size, "found <%s> where <%s> was expected", second, first);
		return true;
	case XML_RELAXNG_ERR_NOELEM:
		if (is_aside(first))
			snprintf(text, size, "a child element is missing");
		else
			snprintf(text, size, "the child element <%s> is missing", first);
		return true;
	case XML_RELAXNG_ERR_EXTRACONTENT:
		snprintf(text, size, "its child <%s> is not allowed, or not at this place", second);
		return true;
	case XML_RELAXNG_ERR_TYPEVAL:
		text_printable(second, strlen(second), shown, sizeof(shown));
		snprintf(text, size, "the value '%s' is not allowed", shown);
		return true;
	default:
		return false;
	}
}

/* Writes what is wrong in our words; returns false if libxml2's are good enough. */
static bool explain(const xmlError *error, char *text, size_t size)
{
	static const struct {
		int code;
		const char *text;
	} texts[] = {
		{ XML_RELAXNG_ERR_ATTRVALID,
		  "an attribute is missing, or its value is not allowed" },
		{ XML_RELAXNG_ERR_ELEMWRONG, "this element is not allowed, or not at this place" },
		{ XML_RELAXNG_ERR_TEXTWRONG, "text is not allowed here" },
		{ XML_RELAXNG_ERR_CONTENTVALID, "its content is not allowed" },
		{ XML_RELAXNG_ERR_DATAELEM, "it may hold a value, but no elements" },
		{ XML_RELAXNG_ERR_DATATYPE, "a value is not allowed" },
		{ XML_RELAXNG_ERR_VALUE, "a value is not allowed" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if ((int)error->code == texts[i].code) {
			snprintf(text, size, "%s", texts[i].text);
			return true;
		}
	return explain_named(error, text, size);
}

unsigned complaint_rank(const xmlError *error)
{
	const char *first = error->str1 ? error->str1 : "";

	if (error->domain != XML_FROM_RELAXNGV)
		return 0;
	if (!error->node)
		return error->code == XML_RELAXNG_ERR_ATTRVALID ? 2 : 3;
	switch ((int)error->code) {
	case XML_RELAXNG_ERR_INTERNODATA:
	case XML_RELAXNG_ERR_INTERSEQ:
	case XML_RELAXNG_ERR_INTEREXTRA:
	case XML_RELAXNG_ERR_INTERNAL:
		return 3;
	case XML_RELAXNG_ERR_CONTENTVALID:
		return 2;
	case XML_RELAXNG_ERR_EXTRACONTENT:
		return 1;
	case XML_RELAXNG_ERR_NOELEM:
	case XML_RELAXNG_ERR_ELEMNAME:
		return is_aside(first) ? 2 : 1;
	default:
		return 0;
	}
}

/* The element that a validator's error is about, or NULL. */
static const xmlNode *element_of(const xmlError *error)
{
	switch ((int)error->code) {
	case XML_RELAXNG_ERR_ATTRVALID:
	case XML_RELAXNG_ERR_ELEMWRONG:
	case XML_RELAXNG_ERR_EXTRACONTENT:
	case XML_RELAXNG_ERR_CONTENTVALID:
		return blamed(error->node, error->str1);
	default:
		return blamed(error->node, NULL);
	}
}

/* Puts our words in the place of libxml2's. */
static void explain_at(const xmlError *error, const xmlNode *element, struct complaint *complaint)
{
	char tag[200], text[300];

	print_tag(element, tag, sizeof(tag));
	if (!explain(error, text, sizeof(text)))
		snprintf(text, sizeof(text), "%.280s", complaint->text);
	snprintf(complaint->text, sizeof(complaint->text), "%s: %s", tag, text);
}

void print_complaint(const xmlError *error, struct complaint *complaint)
{
	const char *said = error->message ? error->message : "unknown error";
	size_t length = strlen(said);

	*complaint = (struct complaint){ .rank = complaint_rank(error),
					 .line = error->line > 0 ? (unsigned)error->line : 0 };
	while (length && said[length - 1] == '\n')
		length--;
	text_printable(said, length, complaint->text, sizeof(complaint->text));
	if (error->domain == XML_FROM_RELAXNGV || error->domain == XML_FROM_SCHEMASV)
		complaint->element = element_of(error);
	if (complaint->element) {
		/* libxml2 keeps 16 bits of a line only. */
		complaint->line = origin_line(complaint->element);
		if (error->domain == XML_FROM_RELAXNGV)
			explain_at(error, complaint->element, complaint);
	} else if (error->domain == XML_FROM_RELAXNGV && error->str1 &&
		   error->code == XML_RELAXNG_ERR_ATTRVALID) {
		snprintf(complaint->unplaced, sizeof(complaint->unplaced), "%s", error->str1);
	}
}

void place_complaint(struct complaint *complaint, const xmlNode *element)
{
	xmlError error = { .code = XML_RELAXNG_ERR_ATTRVALID };

	complaint->element = element;
	complaint->line = origin_line(element);
	explain_at(&error, element, complaint);
}
