#include "cli/delivery.h"

#include "base/alloc.h"
#include "cli/data.h"

#include <string.h>

int delivery_begin(struct delivery *delivery, const char *folder, bool dry_run, struct error *err)
{
	delivery->folder = folder;
	delivery->files = json_array();
	if (dry_run)
		return 0;
	delivery->output = output_begin(folder, err);
	return delivery->output ? 0 : -1;
}

int delivery_add_schema(struct delivery *delivery, const char *path, struct error *err)
{
	struct xml_schema *schema = xml_schema_read(path, err);

	if (!schema)
		return -1;
	array_grow(delivery->schemas, delivery->schema_count);
	delivery->schemas[delivery->schema_count++] = schema;
	return 0;
}

/* Our own grammar of that name, loaded once. */
static const struct xml_schema *own_schema(struct delivery *delivery, const char *grammar,
					   struct error *err)
{
	cleanup_free char *path = xasprintf("%s/schema/%s.rng", data_folder(), grammar);
	struct own_schema *own;
	struct xml_schema *schema;

	for (size_t i = 0; i < delivery->own_count; i++)
		if (!strcmp(delivery->own[i].grammar, grammar))
			return delivery->own[i].schema;
	schema = xml_schema_read(path, err);
	if (!schema) {
		err->kind = ERR_MISSING;
		err_mend(err, "install muenbuild completely, or point MUENBUILD_DATA to the folder "
			      "that has its schema/ and recipes/");
		return NULL;
	}
	array_grow(delivery->own, delivery->own_count);
	own = &delivery->own[delivery->own_count++];
	*own = (struct own_schema){ grammar, schema };
	return schema;
}

int delivery_validate(struct delivery *delivery, const char *name,
		      const struct xml_document *document, const char *grammar, struct error *err)
{
	const struct xml_schema *own = own_schema(delivery, grammar, err);

	if (!own)
		return -1;
	if (xml_validate(document, own, err) < 0)
		return err_within(err, "%s", name);
	for (size_t i = 0; i < delivery->schema_count; i++) {
		const struct xml_schema *schema = delivery->schemas[i];

		if (xml_schema_has_root(schema, xml_name(xml_root(document))) &&
		    xml_validate(document, schema, err) < 0)
			return err_within(err, "%s", name);
	}
	return 0;
}

int delivery_add(struct delivery *delivery, const char *name, const char *what, const void *bytes,
		 size_t length, struct error *err)
{
	if (delivery->output && output_add(delivery->output, name, bytes, length, 0666, err) < 0)
		return -1;
	json_array_append_new(delivery->files, json_pack("{s:s, s:I, s:s}", "name", name, "size",
							 (json_int_t)length, "what", what));
	return 0;
}

int delivery_add_document(struct delivery *delivery, const char *name, const char *what,
			  const struct xml_document *document, const char *grammar,
			  struct error *err)
{
	cleanup_buffer struct buffer text = { 0 };

	if (delivery_validate(delivery, name, document, grammar, err) < 0)
		return -1;
	xml_write(document, &text);
	return delivery_add(delivery, name, what, text.data, text.length, err);
}

int delivery_commit(struct delivery *delivery, struct error *err)
{
	return delivery->output ? output_commit(delivery->output, err) : 0;
}

void delivery_free(struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->schema_count; i++)
		xml_schema_free(delivery->schemas[i]);
	for (size_t i = 0; i < delivery->own_count; i++)
		xml_schema_free(delivery->own[i].schema);
	free(delivery->own);
	free(delivery->schemas);
	json_decref(delivery->files);
	if (delivery->output)
		output_free(delivery->output);
}
