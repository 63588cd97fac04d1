/* What the files of this room share. Nothing outside xml/ includes it. */
#ifndef XML_INTERNAL_H
#define XML_INTERNAL_H

#include "xml/xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <string.h>

/* A document is libxml2's tree and the names of the files that its elements came from. The tree's
 * _private points back here. */
struct xml_document {
	xmlDoc *tree;
	char **files; /* the first is the document's own name */
	size_t file_count;
};

/* A struct xml_node is an xmlNode; its _private holds the place that it was read from. */
static inline xmlNode *raw(const struct xml_node *node)
{
	return (xmlNode *)(uintptr_t)node;
}

static inline struct xml_node *cooked(const xmlNode *node)
{
	return (struct xml_node *)(uintptr_t)node;
}

static inline struct xml_document *document_of(const xmlNode *node)
{
	return node->doc->_private;
}

static inline const xmlChar *to_xml(const char *text)
{
	return (const xmlChar *)text;
}

static inline const char *from_xml(const xmlChar *text)
{
	return (const char *)text;
}

/* Where an element was read: its line, and its file's index in the document's list. */
_Static_assert(sizeof(void *) >= sizeof(uint64_t), "a node's origin must fit into its _private");

static inline void set_origin(xmlNode *node, uint32_t file, uint32_t line)
{
	node->_private = (void *)(uintptr_t)((uint64_t)file << 32 | line);
}

static inline uint32_t origin_file(const xmlNode *node)
{
	return (uint32_t)((uint64_t)(uintptr_t)node->_private >> 32);
}

static inline uint32_t origin_line(const xmlNode *node)
{
	return (uint32_t)(uintptr_t)node->_private;
}

/* Whether the text is all blanks as XML counts them (or empty). */
static inline bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static inline bool is_text(const xmlNode *node)
{
	return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

/* Whether the node is text other than blanks. */
static inline bool has_words(const xmlNode *node)
{
	return is_text(node) && node->content && !is_blank(from_xml(node->content));
}

/* Takes a node of any kind out of its tree and frees it. */
void remove_node(xmlNode *node);

/* The text with every byte that XML cannot hold replaced by U+FFFD; owned by the caller. */
char *legal_text(const char *text);

/* xml_parse(), which accepts namespaces if `namespaces` is set: for schemas, which have them and
 * are never written. */
struct xml_document *xml_parse_any(const char *name, const char *text, size_t length,
				   bool namespaces, struct error *err);

/* ---- what libxml2 complains about ---------------------------------------- */

#define COMPLAINTS_SHOWN 4

/* The errors that libxml2 reported: how many there were, and the first few of the most telling
 * ones. While a list is open, nothing that libxml2 says reaches stderr. */
struct complaints {
	struct complaint {
		unsigned line;		/* 0: none */
		const xmlNode *element; /* that a validator finds fault with, or NULL */
		unsigned rank;
		char unplaced[64]; /* the name of an element that has bad attributes, if
				    * libxml2 does not say which one it is; else empty */
		char text[512];
	} list[COMPLAINTS_SHOWN];
	size_t shown; /* in the list */
	size_t count; /* in all */
	xmlStructuredErrorFunc previous;
	void *previous_context;
	xmlGenericErrorFunc previous_generic;
	void *previous_generic_context;
};

/* Between these two calls libxml2's errors (not its warnings) go to the list. The handlers that
 * were set before are put back: they are this thread's, and maybe somebody else's. */
void complaints_begin(struct complaints *complaints);
void complaints_end(struct complaints *complaints);

/* How little an error tells; 0 is best. Those of a worse rank are left out if there are better. */
unsigned complaint_rank(const xmlError *error);

/* Says what an error means, and on which line. */
void print_complaint(const xmlError *error, struct complaint *complaint);

/* Says what an unplaced complaint means, once its element is known. */
void place_complaint(struct complaint *complaint, const xmlNode *element);

#endif
