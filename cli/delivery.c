#include "cli/delivery.h"

#include "base/alloc.h"
#include "cli/data.h"

#include <errno.h>
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

static const struct xml_schema *add_schema(struct kind_schemas *schemas, const char *kind,
					   struct xml_schema *schema)
{
	array_grow(schemas->list, schemas->count);
	schemas->list[schemas->count++] = (struct kind_schema){ kind, schema };
	return schema;
}

/* ---- the user's schemas -------------------------------------------------- */

static const char *const kinds[] = { "component", "system", "scheduling", "system_config",
				     "fragment" };

/* The kind named in front of the '=' of "KIND=FILE", and the file; NULL if there is none. */
static const char *split_kind(const char **value)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t length = strlen(kinds[i]);

		if (strncmp(*value, kinds[i], length) || (*value)[length] != '=')
			continue;
		*value += length + 1;
		return kinds[i];
	}
	return NULL;
}

int delivery_add_schema(struct delivery *delivery, const char *value, struct error *err)
{
	const char *kind = split_kind(&value);
	struct xml_schema *schema = xml_schema_read(value, err);

	if (!schema)
		return -1;
	if (!kind && xml_schema_has_root(schema, "component"))
		kind = "component";
	if (!kind && xml_schema_has_root(schema, "system"))
		kind = "system";
	if (kind) {
		add_schema(&delivery->users, kind, schema);
		return 0;
	}
	xml_schema_free(schema);
	err_fail(err, ERR_USAGE, "--schema %s: is a schema neither for components nor for systems",
		 value);
	return err_mend(err, "say what it is for: --schema KIND=FILE, where KIND is component, "
			     "system, scheduling, system_config or fragment");
}

bool delivery_has_schema(const struct delivery *delivery, const char *kind)
{
	for (size_t i = 0; i < delivery->users.count; i++)
		if (!strcmp(delivery->users.list[i].kind, kind))
			return true;
	return false;
}

static int validate(const struct xml_document *document, const struct xml_schema *schema,
		    const char *name, struct error *err)
{
	if (xml_validate(document, schema, err) == 0)
		return 0;
	err_mend(err, "correct the source specification or template that this comes from, or use "
		      "the schema of the Muen release that it is for");
	return err_within(err, "%s", name);
}

int delivery_validate_users(const struct delivery *delivery, const char *name, const char *kind,
			    const struct xml_document *document, struct error *err)
{
	for (size_t i = 0; i < delivery->users.count; i++) {
		const struct kind_schema *user = &delivery->users.list[i];

		if (!strcmp(user->kind, kind) && validate(document, user->schema, name, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- our own ------------------------------------------------------------- */

static const struct xml_schema *own_schema(struct delivery *delivery, const char *kind,
					   struct error *err)
{
	cleanup_free char *path = xasprintf("%s/schema/%s.rng", data_folder(), kind);
	struct xml_schema *schema;

	for (size_t i = 0; i < delivery->own.count; i++)
		if (!strcmp(delivery->own.list[i].kind, kind))
			return delivery->own.list[i].schema;
	schema = xml_schema_read(path, err);
	if (schema)
		return add_schema(&delivery->own, kind, schema);
	err->kind = ERR_MISSING;
	err_mend(err, "install muenbuild completely, or point MUENBUILD_DATA to the folder that "
		      "has its schema/ and recipes/");
	return NULL;
}

int delivery_validate(struct delivery *delivery, const char *name, const char *kind,
		      const struct xml_document *document, struct error *err)
{
	const struct xml_schema *own = own_schema(delivery, kind, err);

	return own ? validate(document, own, name, err) : -1;
}

/* ---- files --------------------------------------------------------------- */

void delivery_protect(struct delivery *delivery, const char *path)
{
	struct stat status;

	if (!path || stat(path, &status) < 0)
		return;
	array_grow(delivery->inputs, delivery->input_count);
	delivery->inputs[delivery->input_count++] = status;
}

static int check_not_input(const struct delivery *delivery, const char *name, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", delivery->folder, name);
	struct stat status;

	if (stat(path, &status) < 0)
		return 0;
	for (size_t i = 0; i < delivery->input_count; i++) {
		const struct stat *input = &delivery->inputs[i];

		if (input->st_dev != status.st_dev || input->st_ino != status.st_ino)
			continue;
		err_fail(err, ERR_USAGE, "%s: is an input, the output would replace it", path);
		return err_mend(err, "name another folder with --output");
	}
	return 0;
}

/* What was noted of a file of the delivery, or NULL. */
static json_t *noted_file(const struct delivery *delivery, const char *name)
{
	for (size_t i = 0; i < json_array_size(delivery->files); i++) {
		json_t *file = json_array_get(delivery->files, i);

		if (!strcmp(json_string_value(json_object_get(file, "name")), name))
			return file;
	}
	return NULL;
}

/* Also in a dry run, which has no output that would find out. */
static int check_new(const struct delivery *delivery, const char *name, struct error *err)
{
	if (!noted_file(delivery, name))
		return 0;
	err_fail(err, ERR_USAGE, "%s/%s: two outputs would have this name", delivery->folder, name);
	return err_mend(err, "give the unikernels, their files or the system (--system) different "
			     "names");
}

static int check_name(const struct delivery *delivery, const char *name, struct error *err)
{
	return check_not_input(delivery, name, err) < 0 ? -1 : check_new(delivery, name, err);
}

/* Takes the size. */
static void note_file(struct delivery *delivery, const char *name, const char *what, json_t *size)
{
	json_array_append_new(delivery->files, json_pack("{s:s, s:o, s:s}", "name", name, "size",
							 size, "what", what));
}

int delivery_add(struct delivery *delivery, const char *name, const char *what, const void *bytes,
		 size_t length, struct error *err)
{
	if (check_name(delivery, name, err) < 0)
		return -1;
	if (delivery->output && output_add(delivery->output, name, bytes, length, 0666, err) < 0)
		return -1;
	note_file(delivery, name, what, json_integer((json_int_t)length));
	return 0;
}

int delivery_add_folder(struct delivery *delivery, const char *name, struct error *err)
{
	return delivery->output ? output_add_folder(delivery->output, name, err) : 0;
}

int delivery_begin_file(struct delivery *delivery, const char *name, const char *what,
			const char **path, struct error *err)
{
	*path = NULL;
	if (check_name(delivery, name, err) < 0)
		return -1;
	if (delivery->output && output_open(delivery->output, name, 0666, err) < 0)
		return -1;
	*path = delivery_pending(delivery, name);
	note_file(delivery, name, what, json_null());
	return 0;
}

const char *delivery_pending(const struct delivery *delivery, const char *name)
{
	return delivery->output ? output_pending(delivery->output, name) : NULL;
}

int delivery_end_file(struct delivery *delivery, const char *name, struct error *err)
{
	const char *path = delivery_pending(delivery, name);
	struct stat status;

	if (!path)
		return 0;
	if (stat(path, &status) < 0)
		return err_fail_errno(err, ERR_IO, errno, "%s/%s: cannot be examined",
				      delivery->folder, name);
	json_object_set_new(noted_file(delivery, name), "size", json_integer(status.st_size));
	return 0;
}

int delivery_add_link(struct delivery *delivery, const char *name, const char *of, const char *what,
		      struct error *err)
{
	if (check_name(delivery, name, err) < 0)
		return -1;
	if (delivery->output && output_add_link(delivery->output, name, of, 0666, err) < 0)
		return -1;
	note_file(delivery, name, what,
		  json_deep_copy(json_object_get(noted_file(delivery, of), "size")));
	return 0;
}

int delivery_add_document(struct delivery *delivery, const char *name, const char *kind,
			  const char *what, const struct xml_document *document, struct error *err)
{
	struct delivered_document *kept;

	if (delivery_validate(delivery, name, kind, document, err) < 0)
		return -1;
	if (strcmp(kind, "system") &&
	    delivery_validate_users(delivery, name, kind, document, err) < 0)
		return -1;
	array_grow(delivery->documents, delivery->document_count);
	kept = &delivery->documents[delivery->document_count++];
	*kept = (struct delivered_document){ .name = xstrdup(name) };
	xml_write(document, &kept->text);
	return delivery_add(delivery, name, what, kept->text.data, kept->text.length, err);
}

int delivery_commit(struct delivery *delivery, struct error *err)
{
	return delivery->output ? output_commit(delivery->output, err) : 0;
}

static void free_schemas(struct kind_schemas *schemas)
{
	for (size_t i = 0; i < schemas->count; i++)
		xml_schema_free(schemas->list[i].schema);
	free(schemas->list);
}

void delivery_free(struct delivery *delivery)
{
	free_schemas(&delivery->own);
	free_schemas(&delivery->users);
	json_decref(delivery->files);
	for (size_t i = 0; i < delivery->document_count; i++) {
		free(delivery->documents[i].name);
		buffer_free(&delivery->documents[i].text);
	}
	free(delivery->documents);
	free(delivery->inputs);
	if (delivery->output)
		output_free(delivery->output);
}
