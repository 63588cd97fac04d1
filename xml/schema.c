#include "xml/schema.h"

#include "base/alloc.h"

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
	enum schema_language language;

	schema->path = xstrdup(path);
	schema->source = schema_source_read(path, &language, err);
	if (!schema->source || compile(schema, language, schema->source->tree, err) < 0)
		return NULL;
	schema_roots_collect(&schema->roots, language, xml_root(schema->source));
	return steal(schema);
}

void xml_schema_free(struct xml_schema *schema)
{
	xmlRelaxNGFree(schema->grammar);
	xmlSchemaFree(schema->w3c);
	if (schema->source)
		xml_free(schema->source);
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
