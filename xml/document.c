#include "xml/internal.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"

#include <libxml/SAX2.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <strings.h>

/* ---- life ---------------------------------------------------------------- */

static struct xml_document *document_around(xmlDoc *tree, const char *name)
{
	struct xml_document *document = xcalloc(1, sizeof(*document));

	document->tree = tree;
	tree->_private = document;
	document->files = xcalloc(1, sizeof(*document->files));
	document->files[0] = xstrdup(name);
	document->file_count = 1;
	return document;
}

struct xml_document *xml_new(const char *name, const char *root_name)
{
	xmlDoc *tree = xchecked(xmlNewDoc(to_xml("1.0")));

	xmlDocSetRootElement(tree, xchecked(xmlNewDocNode(tree, NULL, to_xml(root_name), NULL)));
	return document_around(tree, name);
}

void xml_free(struct xml_document *document)
{
	xmlFreeDoc(document->tree);
	for (size_t i = 0; i < document->file_count; i++)
		free(document->files[i]);
	free(document->files);
	free(document);
}

struct xml_node *xml_root(const struct xml_document *document)
{
	return cooked(xmlDocGetRootElement(document->tree));
}

/* ---- what is refused before parsing -------------------------------------- */

static unsigned line_at(const char *text, const char *place)
{
	unsigned line = 1;

	while ((text = memchr(text, '\n', (size_t)(place - text)))) {
		line++;
		text++;
	}
	return line;
}

/* The number of attributes of the start tag whose '<' is at `tag`. */
static size_t count_attributes(const char *tag, const char *end)
{
	size_t count = 0;
	char quote = '\0';

	for (const char *at = tag + 1; at < end && *at != '<'; at++) {
		if (quote) {
			if (*at == quote)
				quote = '\0';
		} else if (*at == '"' || *at == '\'') {
			quote = *at;
			count++;
		} else if (*at == '>') {
			break;
		}
	}
	return count;
}

/* libxml2 looks for an attribute's double among all those before it, so that a tag with a million
 * of them keeps it busy for hours. */
static int check_attributes(const char *name, const char *text, size_t length, struct error *err)
{
	const char *end = text + length;

	for (const char *tag = text; (tag = memchr(tag, '<', (size_t)(end - tag))); tag++) {
		if (tag + 1 < end && (tag[1] == '!' || tag[1] == '?'))
			continue;
		if (count_attributes(tag, end) > XML_ATTRIBUTES_MAX)
			return err_fail(err, ERR_INPUT,
					"%s:%u: this element has more than %d attributes", name,
					line_at(text, tag), XML_ATTRIBUTES_MAX);
	}
	return 0;
}

static bool has_byte_order_mark(const char *text, size_t length)
{
	return length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3);
}

/* Whether the first character is '<', after a byte order mark and blanks. */
static bool is_markup(const char *text, size_t length)
{
	size_t at = has_byte_order_mark(text, length) ? 3 : 0;

	while (at < length && strchr(" \t\r\n", text[at]))
		at++;
	return at < length && text[at] == '<';
}

static bool is_known_encoding(const char *encoding)
{
	static const char *const known[] = { "UTF-8", "UTF8", "ISO-8859-1", "US-ASCII", "ASCII" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcasecmp(encoding, known[i]))
			return true;
	return false;
}

/* Looks for another encoding in the XML declaration. All that are accepted have ASCII's characters
 * at ASCII's places, so that it can be read before the parser switches to it. */
static int check_encoding(const char *name, const char *text, size_t length, struct error *err)
{
	size_t start = has_byte_order_mark(text, length) ? 3 : 0;
	const char *end = memmem(text, length, "?>", 2), *at;
	char encoding[64], shown[64];

	if (length < start + 6 || memcmp(text + start, "<?xml", 5) != 0 || !end ||
	    !strchr(" \t\r\n", text[start + 5]))
		return 0;
	at = memmem(text, (size_t)(end - text), "encoding", 8);
	if (!at)
		return 0;
	snprintf(encoding, sizeof(encoding), "%.*s", (int)(end - at - 8), at + 8);
	at = encoding + strspn(encoding, " \t\r\n=\"'");
	encoding[strcspn(at, "\"' \t\r\n") + (size_t)(at - encoding)] = '\0';
	if (is_known_encoding(at))
		return 0;
	text_printable(at, strlen(at), shown, sizeof(shown));
	err_fail(err, ERR_INPUT, "%s: is encoded in '%s', UTF-8 was expected", name, shown);
	return err_mend(err, "convert it to UTF-8, for instance with iconv");
}

static int check_bytes(const char *name, const char *text, size_t length, struct error *err)
{
	const char *nul;

	if (!length) {
		err_fail(err, ERR_INPUT, "%s: is empty, an XML document was expected", name);
		return err_mend(err, "check that whatever should have written it succeeded");
	}
	if (length > XML_FILE_MAX)
		return err_fail(err, ERR_INPUT, "%s: is %zu bytes large, at most %u are accepted",
				name, length, XML_FILE_MAX);
	if (!is_markup(text, length)) {
		err_fail(err, ERR_INPUT, "%s: does not begin with '<' as an XML document does",
			 name);
		return err_mend(err, "check that this is the file that you meant");
	}
	/* libxml2 would take a NUL for the end and ignore what follows. */
	nul = memchr(text, '\0', length);
	if (nul) {
		err_fail(err, ERR_INPUT,
			 "%s: has a NUL byte at offset %zu: it is not XML, or is encoded in UTF-16",
			 name, (size_t)(nul - text));
		return err_mend(err, "convert it to UTF-8, for instance with iconv");
	}
	if (check_encoding(name, text, length, err) < 0)
		return -1;
	return check_attributes(name, text, length, err);
}

/* ---- parsing ------------------------------------------------------------- */

/* What goes on while libxml2 parses; the context's _private points here. */
struct parse {
	bool namespaces; /* accept them */
	size_t nodes;
	enum { FINE, DOCTYPE, NAMESPACE, DEPTH, NODES, TEXT } refused;
	unsigned line; /* where it was refused */
};

static void refuse(xmlParserCtxt *context, int reason)
{
	struct parse *parse = context->_private;

	if (parse->refused == FINE) {
		parse->refused = reason;
		parse->line = context->input ? (unsigned)context->input->line : 0;
	}
	xmlStopParser(context);
}

/* Called with a DOCTYPE's name and identifiers, before its internal subset is read. */
static void on_doctype(void *data, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
	(void)name;
	(void)id;
	(void)system;
	refuse(data, DOCTYPE);
}

static bool add_nodes(xmlParserCtxt *context, size_t count)
{
	struct parse *parse = context->_private;

	parse->nodes += count;
	if (parse->nodes <= XML_NODES_MAX)
		return true;
	refuse(context, NODES);
	return false;
}

/* The line on which the start tag that was just read begins: libxml2's is where it ends. No '<'
 * can stand inside a tag. */
static uint32_t start_line(const xmlParserInput *input)
{
	uint32_t line = (uint32_t)input->line;

	for (const xmlChar *at = input->cur; at > input->base && *at != '<';)
		if (*--at == '\n')
			line--;
	return line;
}

static void on_element(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		       int namespace_count, const xmlChar **namespaces, int attribute_count,
		       int defaulted_count, const xmlChar **attributes)
{
	xmlParserCtxt *context = data;
	struct parse *parse = context->_private;
	bool plain = !prefix && !namespace_count;

	for (int i = 0; i < attribute_count; i++)
		plain = plain && !attributes[5 * i + 1];
	if (!plain && !parse->namespaces) {
		refuse(context, NAMESPACE);
		return;
	}
	if (context->nodeNr >= XML_DEPTH_MAX) {
		refuse(context, DEPTH);
		return;
	}
	if (!add_nodes(context, 1 + (size_t)attribute_count))
		return;
	xmlSAX2StartElementNs(context, name, prefix, uri, namespace_count, namespaces,
			      attribute_count, defaulted_count, attributes);
	if (context->node)
		set_origin(context->node, 0, start_line(context->input));
}

/* libxml2 bounds only a text that comes in pieces. */
static void on_text(void *data, const xmlChar *text, int length)
{
	if (length > XML_TEXT_MAX)
		refuse(data, TEXT);
	else
		xmlSAX2Characters(data, text, length);
}

static void on_comment(void *data, const xmlChar *text)
{
	if (add_nodes(data, 1))
		xmlSAX2Comment(data, text);
}

static void on_instruction(void *data, const xmlChar *target, const xmlChar *text)
{
	if (add_nodes(data, 1))
		xmlSAX2ProcessingInstruction(data, target, text);
}

static xmlParserCtxt *new_context(struct parse *parse)
{
	xmlParserCtxt *context = xchecked(xmlNewParserCtxt());

	context->_private = parse;
	context->sax->internalSubset = on_doctype;
	context->sax->startElementNs = on_element;
	context->sax->characters = on_text;
	context->sax->ignorableWhitespace = on_text;
	context->sax->comment = on_comment;
	context->sax->processingInstruction = on_instruction;
	return context;
}

#define MEND_OTHER_FILE                                                                            \
	"check that this is the file that you meant: no policy of Muen's is like this"
#define MEND_MALFORMED "correct the document there; xmllint FILE shows the place"

static int fail_long(const char *name, unsigned line, struct error *err)
{
	err_fail(err, ERR_INPUT, "%s:%u: a text or a name is longer than %d bytes", name, line,
		 XML_TEXT_MAX);
	return err_mend(err, MEND_OTHER_FILE);
}

static int fail_refused(const char *name, const struct parse *parse, struct error *err)
{
	switch (parse->refused) {
	case DOCTYPE:
		err_fail(err, ERR_INPUT, "%s:%u: has a DOCTYPE; Muen's documents have none", name,
			 parse->line);
		return err_mend(err,
				"remove the DOCTYPE, and write out what its entities stand for");
	case NAMESPACE:
		err_fail(err, ERR_INPUT,
			 "%s:%u: uses an XML namespace or a name with a ':'; Muen's documents have "
			 "none",
			 name, parse->line);
		return err_mend(err, "remove the xmlns attribute and the prefixes");
	case DEPTH:
		err_fail(err, ERR_INPUT, "%s:%u: elements are nested more than %d deep", name,
			 parse->line, XML_DEPTH_MAX);
		return err_mend(err, MEND_OTHER_FILE);
	case TEXT:
		return fail_long(name, parse->line, err);
	default:
		err_fail(err, ERR_INPUT,
			 "%s:%u: has more than %d elements, attributes and comments", name,
			 parse->line, XML_NODES_MAX);
		return err_mend(err, MEND_OTHER_FILE);
	}
}

static int fail_malformed(const char *name, const struct complaints *complaints, struct error *err)
{
	const struct complaint *first = &complaints->list[0];

	if (!complaints->shown) {
		err_fail(err, ERR_INPUT, "%s: is not well-formed XML", name);
		return err_mend(err, MEND_MALFORMED);
	}
	if (strstr(first->text, "too long") || strstr(first->text, "too big") ||
	    strstr(first->text, "huge text"))
		return fail_long(name, first->line, err);
	err_fail(err, ERR_INPUT, "%s:%u: is not well-formed XML: %s", name, first->line,
		 first->text);
	return err_mend(err, MEND_MALFORMED);
}

static void drop_blanks(xmlNode *element)
{
	bool is_mixed = false;
	xmlNode *next;

	for (const xmlNode *child = element->children; child; child = child->next)
		is_mixed = is_mixed || has_words(child);
	for (xmlNode *child = element->children; child; child = next) {
		next = child->next;
		if (child->type == XML_ELEMENT_NODE)
			drop_blanks(child);
		else if (is_text(child) && !is_mixed)
			remove_node(child);
	}
}

struct xml_document *xml_parse_any(const char *name, const char *text, size_t length,
				   bool namespaces, struct error *err)
{
	struct parse parse = { .namespaces = namespaces };
	struct complaints complaints;
	xmlParserCtxt *context;
	xmlDoc *tree;

	if (check_bytes(name, text, length, err) < 0)
		return NULL;
	context = new_context(&parse);
	complaints_begin(&complaints);
	tree = xmlCtxtReadMemory(context, text, (int)length, NULL, NULL,
				 XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA);
	complaints_end(&complaints);
	xmlFreeParserCtxt(context);
	if (parse.refused != FINE)
		fail_refused(name, &parse, err);
	else if (!tree || complaints.count)
		fail_malformed(name, &complaints, err);
	if (parse.refused == FINE && tree && !complaints.count) {
		drop_blanks(xmlDocGetRootElement(tree));
		return document_around(tree, name);
	}
	xmlFreeDoc(tree);
	return NULL;
}

struct xml_document *xml_parse(const char *name, const char *text, size_t length, struct error *err)
{
	return xml_parse_any(name, text, length, false, err);
}

struct xml_document *xml_read(const char *path, struct error *err)
{
	cleanup_bytes struct bytes bytes = { 0 };

	if (file_read(path, XML_FILE_MAX, 0, &bytes, err) < 0)
		return NULL;
	return xml_parse(path, (const char *)bytes.data, bytes.size, err);
}
