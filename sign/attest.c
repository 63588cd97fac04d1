#include "sign/attest.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

static const char default_builder[] = "urn:muenbuild:builder:local";
static const char default_build_type[] = "urn:muenbuild:build:v1";

/* ---- checks --------------------------------------------------------------------------------- */

/* RFC 3986: a scheme, a colon, and no blanks or controls. */
static bool is_uri(const char *text)
{
	size_t scheme = strcspn(text, ":");

	if (!isalpha((unsigned char)text[0]) || !text[scheme] || !text[scheme + 1])
		return false;
	for (size_t i = 0; i < scheme; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("+-.", text[i]))
			return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
			return false;
	return true;
}

static int check_uri(const char *text, const char *what, struct error *err)
{
	if (is_uri(text))
		return 0;
	err_fail(err, ERR_USAGE, "the %s '%s' is not a URI", what, text);
	return err_mend(err, "write one with a scheme: https://example.org/builder");
}

static int check_text(const char *text, const char *what, struct error *err)
{
	char printable[256];

	if (*text && text_is_utf8(text, strlen(text)))
		return 0;
	return err_fail(err, ERR_USAGE, "the %s '%s' cannot be written in JSON: it is not UTF-8",
			what, text_printable(text, strlen(text), printable, sizeof(printable)));
}

static int check(const struct attestation *attestation, struct error *err)
{
	for (size_t i = 0; i < attestation->subject_count; i++) {
		const char *name = attestation->subjects[i].name;

		if (check_text(name, "file name", err) < 0)
			return -1;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(attestation->subjects[k].name, name))
				return err_fail(err, ERR_USAGE,
						"two files to attest have the name %s", name);
	}
	for (size_t i = 0; i < attestation->material_count; i++)
		if (check_text(attestation->materials[i].name, "material's name", err) < 0)
			return -1;
	for (size_t i = 0; i < attestation->parameter_count; i++)
		if (check_text(attestation->parameters[i].name, "parameter", err) < 0 ||
		    check_text(attestation->parameters[i].value, "parameter", err) < 0)
			return -1;
	if (attestation->builder && check_uri(attestation->builder, "builder's id", err) < 0)
		return -1;
	return attestation->build_type ? check_uri(attestation->build_type, "build type", err) : 0;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* A ResourceDescriptor: https://github.com/in-toto/attestation, spec/v1/resource_descriptor.md */
static json_t *descriptor(const struct attest_file *file)
{
	char hex[DIGEST_HEX_SIZE];

	return json_pack("{s:s, s:{s:s}}", "name", file->name, "digest",
			 digest_name(file->digest.algorithm), digest_hex(&file->digest, hex));
}

static json_t *descriptors(const struct attest_file *files, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, descriptor(&files[i]));
	return array;
}

static json_t *parameters(const struct attestation *attestation)
{
	json_t *object = json_object();

	for (size_t i = 0; i < attestation->parameter_count; i++)
		json_object_set_new(object, attestation->parameters[i].name,
				    json_string(attestation->parameters[i].value));
	return object;
}

static json_t *predicate(const struct attestation *attestation)
{
	const char *builder = attestation->builder ? attestation->builder : default_builder;
	const char *type = attestation->build_type ? attestation->build_type : default_build_type;

	return json_pack(
		"{s:{s:s, s:o, s:o}, s:{s:{s:s, s:{s:s}}}}", "buildDefinition", "buildType", type,
		"externalParameters", parameters(attestation), "resolvedDependencies",
		descriptors(attestation->materials, attestation->material_count), "runDetails",
		"builder", "id", builder, "version", "muenbuild", MUENBUILD_VERSION);
}

char *attest_statement(const struct attestation *attestation, struct error *err)
{
	cleanup_free char *text = NULL;
	json_t *statement;

	if (check(attestation, err) < 0)
		return NULL;
	statement = json_pack(
		"{s:s, s:o, s:s, s:o}", "_type", "https://in-toto.io/Statement/v1", "subject",
		descriptors(attestation->subjects, attestation->subject_count), "predicateType",
		"https://slsa.dev/provenance/v1", "predicate", predicate(attestation));
	text = statement ? json_dumps(statement, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
	json_decref(statement);
	if (!text) {
		err_fail(err, ERR_INTERNAL, "the attestation cannot be written as JSON");
		return NULL;
	}
	return xasprintf("%s\n", text);
}
