/* The files that a schema consists of, and the root elements that it declares. Part of the
 * room xml/ alone. */
#ifndef XML_SCHEMA_SOURCE_H
#define XML_SCHEMA_SOURCE_H

#include "xml/internal.h"

#define SCHEMA_FILES_MAX 32

enum schema_language { SCHEMA_RELAX_NG, SCHEMA_W3C };

/* A schema file and all that it includes, directly or not: files of the same folder only. */
struct schema_sources {
	char *folder;
	enum schema_language language;
	struct schema_source {
		char *name; /* in the folder */
		struct xml_document *document;
	} list[SCHEMA_FILES_MAX];
	size_t count;
};

/* Reads them. Fails with ERR_NO_INPUT or ERR_INPUT, at the include that is to blame. */
int schema_sources_read(struct schema_sources *sources, const char *path, struct error *err);
void schema_sources_free(struct schema_sources *sources);
#define cleanup_schema_sources cleanup_with(schema_sources_free)

/* The names that a root element may have. */
struct schema_roots {
	char **names;
	size_t count;
	bool any; /* every name */
};

void schema_roots_collect(struct schema_roots *roots, const struct schema_sources *sources);
void schema_roots_free(struct schema_roots *roots);

#endif
