/* What a verb writes: documents are validated, then everything is put in place at once. */
#ifndef CLI_DELIVERY_H
#define CLI_DELIVERY_H

#include "base/buffer.h"
#include "base/file.h"
#include "xml/xml.h"

#include <jansson.h>
#include <sys/stat.h>

/* What kind of document it is, by the name of our own schema for it in the data folder's schema/:
 * "component", "system", "scheduling", "system_config", "fragment". */
struct kind_schema {
	const char *kind;
	struct xml_schema *schema;
};

struct kind_schemas {
	struct kind_schema *list;
	size_t count;
};

/* A document of the delivery: who reads it before it is in place takes it from here. */
struct delivered_document {
	char *name;
	struct buffer text;
};

struct delivery {
	struct output *output; /* NULL: a dry run, nothing is written */
	const char *folder;
	struct kind_schemas own;   /* ours, as far as they were needed */
	struct kind_schemas users; /* from --schema */
	json_t *files;		   /* what was written: {"name", "size", "what"}; what would have
				    * to be made to know its size has null in a dry run */
	struct delivered_document *documents;
	size_t document_count;
	struct stat *inputs; /* files that must not be replaced */
	size_t input_count;
};

/* Begins a delivery into the folder; with dry_run nothing is touched. */
int delivery_begin(struct delivery *delivery, const char *folder, bool dry_run, struct error *err);

/* Says that the file is read: an output that would replace it is refused. A path that is NULL or
 * cannot be examined is left to whoever reads it. */
void delivery_protect(struct delivery *delivery, const char *path);

/* Loads a schema of the user's from "FILE" or "KIND=FILE"; without a kind, its root elements
 * tell: a component's or a system's. */
int delivery_add_schema(struct delivery *delivery, const char *value, struct error *err);

/* Whether the user gave a schema for that kind. */
bool delivery_has_schema(const struct delivery *delivery, const char *kind);

/* Validates a document of that kind against our own schema. Fails with ERR_INPUT, or ERR_MISSING if
 * the schema is not installed. */
int delivery_validate(struct delivery *delivery, const char *name, const char *kind,
		      const struct xml_document *document, struct error *err);

/* Validates it against the user's schemas for that kind. ERR_INPUT. */
int delivery_validate_users(const struct delivery *delivery, const char *name, const char *kind,
			    const struct xml_document *document, struct error *err);

/* Validates the document and adds it under that name; a "system" is only validated against our
 * own schema, since the user's is about the merged one. `what` says in a few words what it is. */
int delivery_add_document(struct delivery *delivery, const char *name, const char *kind,
			  const char *what, const struct xml_document *document, struct error *err);

/* Adds a file. Fails with ERR_USAGE for a name that the delivery has already, or an input's. */
int delivery_add(struct delivery *delivery, const char *name, const char *what, const void *bytes,
		 size_t length, struct error *err);

/* Adds a folder: files in it are named "FOLDER/NAME". */
int delivery_add_folder(struct delivery *delivery, const char *name, struct error *err);

/* Begins a file that its maker writes itself: the path to write to, which exists and is empty;
 * in a dry run, NULL. Returns -1 as delivery_add() does. */
int delivery_begin_file(struct delivery *delivery, const char *name, const char *what,
			const char **path, struct error *err);

/* Where a file of the delivery lies for now; NULL in a dry run. */
const char *delivery_pending(const struct delivery *delivery, const char *name);

/* Notes the size of such a file when it is written. */
int delivery_end_file(struct delivery *delivery, const char *name, struct error *err);

/* Adds a second name for a file of the delivery. */
int delivery_add_link(struct delivery *delivery, const char *name, const char *of, const char *what,
		      struct error *err);

/* Puts everything in place (not in a dry run). */
int delivery_commit(struct delivery *delivery, struct error *err);
void delivery_free(struct delivery *delivery);

#define cleanup_delivery cleanup_with(delivery_free)

#endif
