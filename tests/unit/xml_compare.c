#include "tests/unit/xml_compare.h"

#include "base/alloc.h"

#include <string.h>

static size_t attribute_count(const struct xml_node *node)
{
	size_t count = 0;

	while (xml_attribute_name(node, count))
		count++;
	return count;
}

/* The path from the root, with what tells brothers apart: "/component/provides/memory[ram]". */
static char *place(const struct xml_node *node)
{
	const struct xml_node *parent = xml_parent(node);
	cleanup_free char *above = parent ? place(parent) : xstrdup("");
	const char *name = xml_get(node, "logical");

	if (!name)
		name = xml_get(node, "name");
	return name ? xasprintf("%s/%s[%s]", above, xml_name(node), name)
		    : xasprintf("%s/%s", above, xml_name(node));
}

static char *differ(const struct xml_node *node, const char *what, const char *left,
		    const char *right)
{
	cleanup_free char *path = place(node);

	return xasprintf("%s: %s: '%s' and '%s'", path, what, left ? left : "(none)",
			 right ? right : "(none)");
}

static char *compare_attributes(const struct xml_node *left, const struct xml_node *right)
{
	const char *name;

	for (size_t i = 0; (name = xml_attribute_name(left, i)); i++) {
		const char *other = xml_get(right, name);

		if (!other || strcmp(other, xml_get(left, name)) != 0)
			return differ(left, name, xml_get(left, name), other);
	}
	if (attribute_count(left) != attribute_count(right))
		return differ(left, "number of attributes", "fewer", "more");
	return NULL;
}

static const char *trimmed(char *text)
{
	static const char blanks[] = " \t\r\n";
	size_t length;

	text += strspn(text, blanks);
	length = strlen(text);
	while (length && strchr(blanks, text[length - 1]))
		text[--length] = '\0';
	return text;
}

char *xml_difference(const struct xml_node *left, const struct xml_node *right)
{
	cleanup_free char *left_text = xml_text(left), *right_text = xml_text(right);
	struct xml_node *a = xml_first(left, NULL), *b = xml_first(right, NULL);
	char *difference;

	if (strcmp(xml_name(left), xml_name(right)) != 0)
		return differ(left, "element", xml_name(left), xml_name(right));
	difference = compare_attributes(left, right);
	if (difference)
		return difference;
	if (strcmp(trimmed(left_text), trimmed(right_text)) != 0)
		return differ(left, "text", trimmed(left_text), trimmed(right_text));
	for (; a && b; a = xml_next(a, NULL), b = xml_next(b, NULL)) {
		difference = xml_difference(a, b);
		if (difference)
			return difference;
	}
	if (a || b)
		return differ(left, "child element", a ? xml_name(a) : NULL,
			      b ? xml_name(b) : NULL);
	return NULL;
}
