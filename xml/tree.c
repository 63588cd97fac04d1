#include "xml/internal.h"

#include "base/alloc.h"
#include "base/text.h"

#include <stdio.h>

/* ---- walking ------------------------------------------------------------- */

const char *xml_name(const struct xml_node *node)
{
	return from_xml(raw(node)->name);
}

const char *xml_file(const struct xml_node *node)
{
	return document_of(raw(node))->files[origin_file(raw(node))];
}

unsigned xml_line(const struct xml_node *node)
{
	return origin_line(raw(node));
}

struct xml_node *xml_parent(const struct xml_node *node)
{
	const xmlNode *parent = raw(node)->parent;

	return parent && parent->type == XML_ELEMENT_NODE ? cooked(parent) : NULL;
}

/* The first element of that name from `node` on; any, if name is NULL. */
static struct xml_node *element_from(const xmlNode *node, const char *name)
{
	for (; node; node = node->next)
		if (node->type == XML_ELEMENT_NODE &&
		    (!name || !strcmp(from_xml(node->name), name)))
			return cooked(node);
	return NULL;
}

struct xml_node *xml_first(const struct xml_node *parent, const char *name)
{
	return element_from(raw(parent)->children, name);
}

struct xml_node *xml_next(const struct xml_node *node, const char *name)
{
	return element_from(raw(node)->next, name);
}

struct xml_node *xml_path(const struct xml_node *node, const char *path)
{
	struct xml_node *found = cooked(raw(node));

	while (found && *path) {
		size_t length = strcspn(path, "/");
		cleanup_free char *step = xstrndup(path, length);

		found = xml_first(found, step);
		path += length + (path[length] == '/');
	}
	return found;
}

struct xml_node *xml_find(const struct xml_node *parent, const char *name, const char *attribute,
			  const char *value)
{
	xml_each (child, parent, name) {
		const char *found = xml_get(child, attribute);

		if (found && !strcmp(found, value))
			return child;
	}
	return NULL;
}

/* ---- failing ------------------------------------------------------------- */

/* Writes "<memory name='ram'>" into text[size]: the element with what a person would know it by. */
static void describe(const struct xml_node *node, char *text, size_t size)
{
	static const char *const keys[] = { "name", "logical", "ref", "physical", "id" };
	char value[96];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *found = xml_get(node, keys[i]);

		if (!found)
			continue;
		text_printable(found, strlen(found), value, sizeof(value));
		snprintf(text, size, "<%.80s %s='%s'>", xml_name(node), keys[i], value);
		return;
	}
	snprintf(text, size, "<%.80s>", xml_name(node));
}

int xml_fail(const struct xml_node *node, struct error *err, const char *format, ...)
{
	cleanup_free char *text = NULL;
	char element[256];
	va_list args;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	describe(node, element, sizeof(element));
	if (!xml_line(node))
		return err_fail(err, ERR_INPUT, "%s: %s: %s", xml_file(node), element, text);
	return err_fail(err, ERR_INPUT, "%s:%u: %s: %s", xml_file(node), xml_line(node), element,
			text);
}

/* ---- attributes ---------------------------------------------------------- */

static xmlAttr *attribute_of(const xmlNode *node, const char *name)
{
	xmlAttr *attribute = node->properties;

	while (attribute && strcmp(from_xml(attribute->name), name) != 0)
		attribute = attribute->next;
	return attribute;
}

const char *xml_attribute_name(const struct xml_node *node, size_t index)
{
	const xmlAttr *attribute = raw(node)->properties;

	while (attribute && index--)
		attribute = attribute->next;
	return attribute ? from_xml(attribute->name) : NULL;
}

const char *xml_get(const struct xml_node *node, const char *attribute)
{
	const xmlAttr *found = attribute_of(raw(node), attribute);

	if (!found)
		return NULL;
	/* Without a DTD there are no entities, so the value is one text node, or none if empty. */
	return found->children ? from_xml(found->children->content) : "";
}

int xml_need(const struct xml_node *node, const char *attribute, const char **value,
	     struct error *err)
{
	*value = xml_get(node, attribute);
	if (*value)
		return 0;
	xml_fail(node, err, "has no attribute '%s'", attribute);
	return err_mend(err, "add %s=\"...\" to this element", attribute);
}

static int fail_value(const struct xml_node *node, const char *attribute, const char *value,
		      const char *expected, struct error *err)
{
	char shown[96];

	text_printable(value, strlen(value), shown, sizeof(shown));
	return xml_fail(node, err, "attribute '%s' is '%s', %s was expected", attribute, shown,
			expected);
}

int xml_need_number(const struct xml_node *node, const char *attribute, uint64_t *value,
		    struct error *err)
{
	const char *text;

	if (xml_need(node, attribute, &text, err) < 0)
		return -1;
	if (ada_number(text, value) < 0)
		return fail_value(node, attribute, text,
				  "a number such as 16#0020_0000# or 42, below 2^64", err);
	return 0;
}

int xml_need_bool(const struct xml_node *node, const char *attribute, bool *value,
		  struct error *err)
{
	const char *text;

	if (xml_need(node, attribute, &text, err) < 0)
		return -1;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return fail_value(node, attribute, text, "true or false", err);
	*value = text[0] == 't';
	return 0;
}

void xml_set(struct xml_node *node, const char *attribute, const char *value)
{
	cleanup_free char *legal = legal_text(value);
	xmlAttr *found = attribute_of(raw(node), attribute);
	xmlNode *text = xchecked(xmlNewDocText(raw(node)->doc, to_xml(legal)));

	if (!found)
		found = xchecked(xmlNewProp(raw(node), to_xml(attribute), NULL));
	xmlFreeNodeList(found->children);
	found->children = found->last = text;
	text->parent = (xmlNode *)found;
}

void xml_set_number(struct xml_node *node, const char *attribute, uint64_t value)
{
	char text[ADA_HEX_MAX];

	xml_set(node, attribute, ada_hex(value, text));
}

void xml_set_byte(struct xml_node *node, const char *attribute, uint8_t value)
{
	char text[ADA_HEX_MAX];

	xml_set(node, attribute, ada_byte(value, text));
}

void xml_set_decimal(struct xml_node *node, const char *attribute, unsigned long long value)
{
	cleanup_free char *text = xasprintf("%llu", value);

	xml_set(node, attribute, text);
}

void xml_set_bool(struct xml_node *node, const char *attribute, bool value)
{
	xml_set(node, attribute, value ? "true" : "false");
}

void xml_unset(struct xml_node *node, const char *attribute)
{
	xmlAttr *found = attribute_of(raw(node), attribute);

	if (found)
		xmlRemoveProp(found);
}

/* ---- text ---------------------------------------------------------------- */

char *xml_text(const struct xml_node *node)
{
	cleanup_buffer struct buffer text = { 0 };

	buffer_add_text(&text, "");
	for (const xmlNode *child = raw(node)->children; child; child = child->next)
		if (is_text(child) && child->content)
			buffer_add_text(&text, from_xml(child->content));
	return steal(text.data);
}

void xml_set_text(struct xml_node *node, const char *text)
{
	cleanup_free char *legal = legal_text(text);
	xmlNode *next;

	for (xmlNode *child = raw(node)->children; child; child = next) {
		next = child->next;
		if (is_text(child))
			remove_node(child);
	}
	if (!is_blank(legal))
		xchecked(xmlAddChild(raw(node),
				     xchecked(xmlNewDocText(raw(node)->doc, to_xml(legal)))));
}

void xml_set_text_number(struct xml_node *node, uint64_t value)
{
	char text[ADA_HEX_MAX];

	xml_set_text(node, ada_hex(value, text));
}
