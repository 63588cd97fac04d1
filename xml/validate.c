#include "xml/schema.h"

#include "base/alloc.h"

static int validate_grammar(xmlRelaxNG *grammar, xmlDoc *tree)
{
	xmlRelaxNGValidCtxt *context = xchecked(xmlRelaxNGNewValidCtxt(grammar));
	int result = xmlRelaxNGValidateDoc(context, tree);

	xmlRelaxNGFreeValidCtxt(context);
	return result;
}

static int validate_w3c(xmlSchema *w3c, xmlDoc *tree)
{
	xmlSchemaValidCtxt *context = xchecked(xmlSchemaNewValidCtxt(w3c));
	int result = xmlSchemaValidateDoc(context, tree);

	xmlSchemaFreeValidCtxt(context);
	return result;
}

/* Returns 0 if the tree is valid, above 0 if it is not, below 0 if the validator failed. */
static int validate_tree(const struct xml_schema *schema, xmlDoc *tree,
			 struct complaints *complaints)
{
	int result;

	complaints_begin(complaints);
	result = schema->grammar ? validate_grammar(schema->grammar, tree)
				 : validate_w3c(schema->w3c, tree);
	complaints_end(complaints);
	return result;
}

/* ---- finding unplaced elements ------------------------------------------- */

/* When an element has a bad or missing attribute beside an optional one, libxml2 says its name but
 * not which one it is. Then elements of that name are taken away until the complaint is gone. */

/* Removes all elements of that name but the first `keep` in document order, of which `count` came
 * before this node. Returns how many there are up to the end of this node. */
static size_t prune(struct xml_node *node, const char *name, size_t keep, size_t count)
{
	struct xml_node *next;

	if (!strcmp(xml_name(node), name))
		count++;
	for (struct xml_node *child = xml_first(node, NULL); child; child = next) {
		next = xml_next(child, NULL);
		if (count >= keep && !strcmp(xml_name(child), name))
			xml_remove(child);
		else
			count = prune(child, name, keep, count);
	}
	return count;
}

static bool is_unplaced(const struct xml_schema *schema, const struct buffer *text,
			const char *name, size_t keep)
{
	cleanup_xml struct xml_document *copy = NULL;
	struct complaints complaints;
	struct error err;

	copy = xml_parse("copy", text->data, text->length, &err);
	if (!copy)
		return false;
	prune(xml_root(copy), name, keep, 0);
	validate_tree(schema, copy->tree, &complaints);
	for (size_t i = 0; i < complaints.shown; i++)
		if (!strcmp(complaints.list[i].unplaced, name))
			return true;
	return false;
}

static struct xml_node *nth_element(struct xml_node *node, const char *name, size_t *n)
{
	struct xml_node *found = NULL;

	if (!strcmp(xml_name(node), name) && (*n)-- == 0)
		return node;
	for (struct xml_node *child = xml_first(node, NULL); child && !found;
	     child = xml_next(child, NULL))
		found = nth_element(child, name, n);
	return found;
}

static void find_unplaced(const struct xml_schema *schema, const struct xml_document *canonical,
			  const struct buffer *text, struct complaint *complaint)
{
	size_t low = 0, high = prune(xml_root(canonical), complaint->unplaced, SIZE_MAX, 0);
	struct xml_node *element;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (is_unplaced(schema, text, complaint->unplaced, middle))
			high = middle;
		else
			low = middle;
	}
	element = nth_element(xml_root(canonical), complaint->unplaced, &low);
	if (element)
		place_complaint(complaint, raw(element));
}

/* ---- saying what is wrong ------------------------------------------------ */

/* Finds, in the tree at `node`, the element that is where `wanted` is in the tree at `copy`, which
 * has the same elements. */
static const struct xml_node *counterpart(const struct xml_node *node, const struct xml_node *copy,
					  const struct xml_node *wanted)
{
	const struct xml_node *found = copy == wanted ? node : NULL;
	const struct xml_node *child = xml_first(node, NULL);

	for (copy = xml_first(copy, NULL); copy && child && !found; copy = xml_next(copy, NULL)) {
		found = counterpart(child, copy, wanted);
		child = xml_next(child, NULL);
	}
	return found;
}

/* Adds "FILE:LINE: ". An element that was read from a file is there; one that was made, in the
 * canonical form of the document. */
static void add_place(struct buffer *text, const struct xml_document *document,
		      const struct xml_document *canonical, const struct complaint *complaint)
{
	const struct xml_node *node = NULL;

	if (complaint->element)
		node = counterpart(xml_root(document), xml_root(canonical),
				   cooked(complaint->element));
	if (node && xml_line(node))
		buffer_printf(text, "%s:%u: ", xml_file(node), xml_line(node));
	else if (complaint->line)
		buffer_printf(text, "%s:%u: ", document->files[0], complaint->line);
	else
		buffer_printf(text, "%s: ", document->files[0]);
}

static int fail_invalid(const struct xml_document *document, const struct xml_document *canonical,
			const struct xml_schema *schema, const struct complaints *complaints,
			struct error *err)
{
	cleanup_buffer struct buffer text = { 0 };

	if (!complaints->shown)
		buffer_printf(&text, "%s: is not valid", document->files[0]);
	for (size_t i = 0; i < complaints->shown; i++) {
		if (i)
			buffer_add_text(&text, "; ");
		add_place(&text, document, canonical, &complaints->list[i]);
		buffer_add_text(&text, complaints->list[i].text);
	}
	return err_fail(err, ERR_INPUT, "%s (schema %s)", text.data, schema->path);
}

int xml_validate(const struct xml_document *document, const struct xml_schema *schema,
		 struct error *err)
{
	const char *name = document->files[0];
	cleanup_buffer struct buffer text = { 0 };
	cleanup_xml struct xml_document *canonical = NULL;
	struct complaints complaints;
	int result;

	xml_write(document, &text);
	canonical = xml_parse(name, text.data, text.length, err);
	if (!canonical)
		return -1;
	result = validate_tree(schema, canonical->tree, &complaints);
	if (result < 0)
		return err_fail(err, ERR_INTERNAL, "%s: the validator failed on schema %s", name,
				schema->path);
	for (size_t i = 0; i < complaints.shown; i++)
		if (complaints.list[i].unplaced[0])
			find_unplaced(schema, canonical, &text, &complaints.list[i]);
	return result ? fail_invalid(document, canonical, schema, &complaints, err) : 0;
}
