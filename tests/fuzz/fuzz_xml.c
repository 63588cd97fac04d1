/* Whatever is read is written in a form that reads back as the same: written again, it is the same
 * bytes. */
#include "base/text.h"
#include "xml/xml.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* Looks at all that a node offers. Returns the number of elements. */
static size_t walk(const struct xml_node *node)
{
	struct error err = { 0 };
	char *text = xml_text(node);
	uint64_t number;
	size_t count = 1;
	bool truth;

	if (!text_is_xml(text) || !xml_line(node) || strcmp(xml_file(node), "fuzz") != 0)
		abort();
	free(text);
	xml_need_number(node, "size", &number, &err);
	xml_need_bool(node, "value", &truth, &err);
	if (xml_get(node, "name") &&
	    !xml_find(xml_parent(node) ? xml_parent(node) : node, xml_name(node), "name",
		      xml_get(node, "name")) &&
	    xml_parent(node))
		abort();
	xml_each (child, node, NULL)
		count += walk(child);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_xml struct xml_document *first = NULL, *second = NULL, *third = NULL;
	cleanup_buffer struct buffer written = { 0 };
	cleanup_buffer struct buffer again = { 0 };
	struct error err = { 0 };

	first = xml_parse("fuzz", (const char *)data, size, &err);
	if (!first && !err.message[0])
		abort();
	if (!first)
		return 0;
	xml_write(first, &written);
	second = xml_parse("fuzz", written.data, written.length, &err);
	if (!second || walk(xml_root(first)) != walk(xml_root(second)))
		abort();
	xml_write(second, &again);
	if (again.length != written.length || memcmp(again.data, written.data, again.length) != 0)
		abort();
	third = xml_new("copy", "copy");
	xml_add_copy(xml_root(third), xml_root(first));
	again.length = written.length = 0;
	xml_write_node(xml_first(xml_root(third), NULL), &again);
	xml_write_node(xml_root(second), &written);
	if (again.length != written.length || memcmp(again.data, written.data, again.length) != 0)
		abort();
	return 0;
}
