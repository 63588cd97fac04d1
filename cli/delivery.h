/* What a verb writes: documents are validated, then everything is put in place at once. */
#ifndef CLI_DELIVERY_H
#define CLI_DELIVERY_H

#include "base/file.h"
#include "xml/xml.h"

#include <jansson.h>

/* A grammar of our own that is loaded. */
struct own_schema {
	const char *grammar;
	struct xml_schema *schema;
};

struct delivery {
	struct output *output; /* NULL: a dry run, nothing is written */
	const char *folder;
	struct xml_schema **schemas; /* the user's, from --schema */
	size_t schema_count;
	struct own_schema *own;
	size_t own_count;
	json_t *files; /* what was written: {"name", "size", "what"} */
};

/* Begins a delivery into the folder; with dry_run nothing is touched. */
int delivery_begin(struct delivery *delivery, const char *folder, bool dry_run, struct error *err);

/* Loads a schema that documents must fulfil whose root element it declares. */
int delivery_add_schema(struct delivery *delivery, const char *path, struct error *err);

/* Validates the document against our own schema `grammar` (the name of a file in the data folder's
 * schema/, without ".rng") and those of the user's that declare its root element. Fails with
 * ERR_INPUT, or ERR_MISSING if our schema is not installed. */
int delivery_validate(struct delivery *delivery, const char *name,
		      const struct xml_document *document, const char *grammar, struct error *err);

/* Validates the document as above and adds it under that name. `what` says in a few words what it
 * is. */
int delivery_add_document(struct delivery *delivery, const char *name, const char *what,
			  const struct xml_document *document, const char *grammar,
			  struct error *err);

int delivery_add(struct delivery *delivery, const char *name, const char *what, const void *bytes,
		 size_t length, struct error *err);

/* Puts everything in place (not in a dry run). */
int delivery_commit(struct delivery *delivery, struct error *err);
void delivery_free(struct delivery *delivery);

#define cleanup_delivery cleanup_with(delivery_free)

#endif
