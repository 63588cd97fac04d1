#include "xml/schema_source.h"

#include "base/alloc.h"

#include <libxml/relaxng.h>
#include <libxml/xmlschemas.h>

struct xml_schema {
	char *path;
	xmlRelaxNG *grammar; /* one of these two */
	xmlSchema *w3c;
	struct schema_roots roots;
};

/* ---- reading ------------------------------------------------------------- */

static void compile_grammar(struct xml_schema *schema, xmlDoc *tree)
{
	xmlRelaxNGParserCtxt *context = xchecked(xmlRelaxNGNewDocParserCtxt(tree));

	schema->grammar = xmlRelaxNGParse(context);
	xmlRelaxNGFreeParserCtxt(context);
}

static void compile_w3c(struct xml_schema *schema, xmlDoc *tree)
{
	xmlSchemaParserCtxt *context = xchecked(xmlSchemaNewDocParserCtxt(tree));

	schema->w3c = xmlSchemaParse(context);
	xmlSchemaFreeParserCtxt(context);
}

static int compile(struct xml_schema *schema, enum schema_language language, xmlDoc *tree,
		   struct error *err)
{
	struct complaints complaints;

	complaints_begin(&complaints);
	if (language == SCHEMA_RELAX_NG)
		compile_grammar(schema, tree);
	else
		compile_w3c(schema, tree);
	complaints_end(&complaints);
	if (schema->grammar || schema->w3c)
		return 0;
	if (!complaints.shown)
		return err_fail(err, ERR_INPUT, "%s: is not a usable schema", schema->path);
	return err_fail(
		err, ERR_INPUT,
		"%s: is not a usable schema: %s (line %u, here or in a file that it includes)",
		schema->path, complaints.list[0].text, complaints.list[0].line);
}

struct xml_schema *xml_schema_read(const char *path, struct error *err)
{
	cleanup_xml_schema struct xml_schema *schema = xcalloc(1, sizeof(*schema));
	cleanup_xml struct xml_document *source = NULL;
	enum schema_language language;

	schema->path = xstrdup(path);
	source = schema_source_read(path, &language, err);
	if (!source || compile(schema, language, source->tree, err) < 0)
		return NULL;
	schema_roots_collect(&schema->roots, language, xml_root(source));
	return steal(schema);
}

void xml_schema_free(struct xml_schema *schema)
{
	xmlRelaxNGFree(schema->grammar);
	xmlSchemaFree(schema->w3c);
	schema_roots_free(&schema->roots);
	free(schema->path);
	free(schema);
}

bool xml_schema_has_root(const struct xml_schema *schema, const char *name)
{
	for (size_t i = 0; i < schema->roots.count; i++)
		if (!strcmp(schema->roots.names[i], name))
			return true;
	return schema->roots.any;
}

/* ---- validating ---------------------------------------------------------- */

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

static int fail_invalid(const char *name, const struct xml_schema *schema,
			struct complaints *complaints, struct error *err)
{
	cleanup_buffer struct buffer text = { 0 };

	for (size_t i = 0; i < complaints->shown; i++) {
		explain_stray_text(&complaints->list[i]);
		if (i)
			buffer_printf(&text, "; line %u: ", complaints->list[i].line);
		buffer_add_text(&text, complaints->list[i].text);
	}
	return err_fail(err, ERR_INPUT, "%s:%u: %s (schema %s)", name, complaints->list[0].line,
			text.data ? text.data : "is not valid", schema->path);
}

int xml_validate(const struct xml_document *document, const struct xml_schema *schema,
		 struct error *err)
{
	const char *name = document->files[0];
	cleanup_buffer struct buffer text = { 0 };
	cleanup_xml struct xml_document *canonical = NULL;
	struct complaints complaints = { 0 };
	int result;

	xml_write(document, &text);
	canonical = xml_parse(name, text.data, text.length, err);
	if (!canonical)
		return -1;
	complaints_begin(&complaints);
	result = schema->grammar ? validate_grammar(schema->grammar, canonical->tree)
				 : validate_w3c(schema->w3c, canonical->tree);
	complaints_end(&complaints);
	if (result < 0)
		return err_fail(err, ERR_INTERNAL, "%s: the validator failed on schema %s", name,
				schema->path);
	return result ? fail_invalid(name, schema, &complaints, err) : 0;
}
