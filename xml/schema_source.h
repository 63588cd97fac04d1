/* The files that a schema consists of, and the root elements that it declares. Part of the
 * room xml/ alone. */
#ifndef XML_SCHEMA_SOURCE_H
#define XML_SCHEMA_SOURCE_H

#include "xml/internal.h"

#define SCHEMA_FILES_MAX 64

enum schema_language { SCHEMA_RELAX_NG, SCHEMA_W3C };

/* Reads a schema, with all that it includes, directly or not, in the places of the includes: files
 * of its own folder and below only. Fails with ERR_NO_INPUT or ERR_INPUT, at the include that is to
 * blame. */
struct xml_document *schema_source_read(const char *path, enum schema_language *language,
					struct error *err);

/* The names that a root element may have. */
struct schema_roots {
	char **names;
	size_t count;
	bool any; /* every name */
};

/* Finds them in a schema that has no includes any more. */
void schema_roots_collect(struct schema_roots *roots, enum schema_language language,
			  const struct xml_node *schema);
void schema_roots_free(struct schema_roots *roots);

#endif
