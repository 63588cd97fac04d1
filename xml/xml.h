/* Muen's XML documents: read with their line numbers, edited as a tree, written in one
 * canonical form, validated. The only room that sees libxml2.
 *
 * Reading never touches anything but the file it was given: no network, no external
 * entities, no DTD: a document with a DOCTYPE is refused, and with it every entity that it could
 * declare. So are namespaces, encodings other than UTF-8, US-ASCII and ISO-8859-1, and what goes
 * beyond the bounds below. Blank text between elements is dropped, and an element that holds
 * nothing but blanks is empty; comments and processing instructions are kept.
 *
 * Writing is canonical, as Muen's own tools write: attributes sorted by name, one space of indent
 * per level, text-only elements on one line, empty elements collapsed, LF, UTF-8 with an XML
 * declaration. Comments stand on a line of their own; an element with both text and children is
 * written on one line as it is. (Muen's tools also put a byte order mark in front, an empty line
 * before a comment and one at the end: ours do not.) What was written reads back as the same
 * tree.
 *
 * Nodes belong to their document and live as long as it does (or until xml_remove()). Names of
 * elements and attributes are given by the program, and must be XML names without ':'. Texts and
 * attribute values may hold anything that text_is_xml() accepts; other bytes are written
 * as U+FFFD, the replacement character, so that the document stays well-formed.
 */
#ifndef XML_XML_H
#define XML_XML_H

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XML_FILE_MAX (64u << 20) /* bytes; Muen's largest policies have under 1 MB */
#define XML_NODES_MAX (1 << 20)	 /* elements, attributes, comments of one document */
#define XML_ATTRIBUTES_MAX 256	 /* of one element */
#define XML_TEXT_MAX 10000000	 /* bytes of a text, a value or a comment */
#define XML_DEPTH_MAX 200	 /* elements inside each other */

struct xml_document;
struct xml_node; /* an element */

/* ---- documents ----------------------------------------------------------- */

/* Parses a file. Fails with ERR_NO_INPUT or ERR_INPUT "FILE:LINE: ...". */
struct xml_document *xml_read(const char *path, struct error *err);

/* Parses text from memory; `name` stands for the file in messages. */
struct xml_document *xml_parse(const char *name, const char *text, size_t length,
			       struct error *err);

/* An empty document with a root element of that name. */
struct xml_document *xml_new(const char *name, const char *root_name);

void xml_free(struct xml_document *document);
DEFINE_CLEANUP(struct xml_document *, xml_free)
#define cleanup_xml cleanup_with(xml_freep)

struct xml_node *xml_root(const struct xml_document *document);

/* Appends the canonical form of the document to `out`. */
void xml_write(const struct xml_document *document, struct buffer *out);

/* Appends the canonical form of one element (no declaration) at indent level 0. */
void xml_write_node(const struct xml_node *node, struct buffer *out);

/* ---- walking ------------------------------------------------------------- */

/* The element's name; "FILE" and line it was read from: a copy keeps those of its original. An
 * element that was made here has the document's name and line 0. */
const char *xml_name(const struct xml_node *node);
const char *xml_file(const struct xml_node *node);
unsigned xml_line(const struct xml_node *node);

struct xml_node *xml_parent(const struct xml_node *node); /* NULL for the root */

/* The first child element / next sibling element of that name; any, if name is NULL. NULL at
 * the end. */
struct xml_node *xml_first(const struct xml_node *parent, const char *name);
struct xml_node *xml_next(const struct xml_node *node, const char *name);

#define xml_each(child, parent, name)                                                              \
	for (struct xml_node *child = xml_first(parent, name); child; child = xml_next(child, name))

/* Follows a path of child element names, "requires/vcpu/registers"; NULL if a step is missing. */
struct xml_node *xml_path(const struct xml_node *node, const char *path);

/* The child element `name` whose attribute has that value, or NULL. */
struct xml_node *xml_find(const struct xml_node *parent, const char *name, const char *attribute,
			  const char *value);

/* ---- attributes and text ------------------------------------------------- */

/* The attribute's value, NULL if it is not there. Valid until the attribute or node changes. */
const char *xml_get(const struct xml_node *node, const char *attribute);

/* The name of the node's attribute number `index`, counted from 0 in the order they were given;
 * NULL behind the last. */
const char *xml_attribute_name(const struct xml_node *node, size_t index);

/* Mandatory attributes: fail with ERR_INPUT "FILE:LINE: <element name='...'>: ..." */
int xml_need(const struct xml_node *node, const char *attribute, const char **value,
	     struct error *err);
int xml_need_number(const struct xml_node *node, const char *attribute, uint64_t *value,
		    struct error *err);
int xml_need_bool(const struct xml_node *node, const char *attribute, bool *value,
		  struct error *err);

void xml_set(struct xml_node *node, const char *attribute, const char *value);
void xml_set_number(struct xml_node *node, const char *attribute, uint64_t value);
void xml_set_byte(struct xml_node *node, const char *attribute, uint8_t value);
void xml_set_decimal(struct xml_node *node, const char *attribute, unsigned long long value);
void xml_set_bool(struct xml_node *node, const char *attribute, bool value);
void xml_unset(struct xml_node *node, const char *attribute);

/* The element's own text (all its text nodes joined), owned by the caller. "" if none. */
char *xml_text(const struct xml_node *node);

/* Replaces the element's own text; its child elements stay. A text of nothing but blanks counts
 * as none. */
void xml_set_text(struct xml_node *node, const char *text);
void xml_set_text_number(struct xml_node *node, uint64_t value);

/* ---- editing ------------------------------------------------------------- */

/* Adds a new element as the last / first child of parent, or right before / after a sibling. */
struct xml_node *xml_add(struct xml_node *parent, const char *name);
struct xml_node *xml_add_first(struct xml_node *parent, const char *name);
struct xml_node *xml_add_before(struct xml_node *sibling, const char *name);
struct xml_node *xml_add_after(struct xml_node *sibling, const char *name);

/* Adds a deep copy of `node` (of any document) as the last child of parent, or before a
 * sibling. */
struct xml_node *xml_add_copy(struct xml_node *parent, const struct xml_node *node);
struct xml_node *xml_add_copy_before(struct xml_node *sibling, const struct xml_node *node);

/* The child of that name; made if it is missing, at the place that `order` gives: a NULL-ended list
 * of child names in the order that the schema wants. */
struct xml_node *xml_child(struct xml_node *parent, const char *name, const char *const *order);

void xml_remove(struct xml_node *node);

/* Fails with ERR_INPUT at the node: "FILE:LINE: <element name='...'>: <text>". Always -1. */
int xml_fail(const struct xml_node *node, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- Muen's number literals ---------------------------------------------- */

#define ADA_HEX_MAX 24

/* "16#0020_0000#": lower case, groups of four digits, at least four: zero is "16#0000#". */
const char *ada_hex(uint64_t value, char text[static ADA_HEX_MAX]);

/* "16#ff#": two digits. */
const char *ada_byte(uint8_t value, char text[static ADA_HEX_MAX]);

/* Reads an Ada based literal "16#...#" with optional underscores between digits, or a plain decimal
 * number. Returns 0 or -1 (not a number, or above 2^64-1). */
int ada_number(const char *text, uint64_t *value);

/* ---- validation ---------------------------------------------------------- */

struct xml_schema;

/* Loads a schema: a RELAX NG grammar or a W3C schema, told apart by its root element. It may
 * include files of its own folder and below, nothing else. Takes some milliseconds: read each
 * schema once. Fails with ERR_NO_INPUT or ERR_INPUT. */
struct xml_schema *xml_schema_read(const char *path, struct error *err);
void xml_schema_free(struct xml_schema *schema);
DEFINE_CLEANUP(struct xml_schema *, xml_schema_free)
#define cleanup_xml_schema cleanup_with(xml_schema_freep)

/* Whether the schema declares a root element of that name. */
bool xml_schema_has_root(const struct xml_schema *schema, const char *name);

/* Validates. Fails with ERR_INPUT "FILE:LINE: what is wrong (schema FILE)", for the first few
 * things that are. FILE and LINE are where the element was read; for one that was made here, the
 * document's name and the line in its canonical form. */
int xml_validate(const struct xml_document *document, const struct xml_schema *schema,
		 struct error *err);

#endif
