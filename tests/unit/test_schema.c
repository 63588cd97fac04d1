/* Reading schemas, what they accept, and how they say what is wrong. */
#include "tests/unit/support.h"

#include "base/alloc.h"
#include "base/file.h"
#include "xml/xml.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define count_of(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct xml_schema *read_schema(const char *path)
{
	struct error err = { 0 };
	struct xml_schema *schema = xml_schema_read(path, &err);

	ck_assert_msg(schema != NULL, "%s", err.message);
	return schema;
}

/* ---- Muen's documents are accepted --------------------------------------- */

static const struct {
	const char *schema;
	const char *documents; /* below the shared folder */
	size_t count;	       /* at least */
} accepted[] = {
	{ "component", "golden/*/01-component_unikernel.xml", 2 },
	{ "component", "golden/*/05-components/*.xml", 52 },
	{ "component_source", "golden/*/05-components/*.xml", 52 },
	{ "component_source", "muen/cspec/*.xml", 17 },
	{ "component_source", "muen/policy/system/mirageos/cspec_src.xml", 1 },
	{ "scheduling", "golden/*/scheduling_plans.xml", 3 },
	{ "scheduling", "examples/minimal-systems/*/scheduling_plans.xml", 9 },
	{ "scheduling", "muen/policy/scheduling/*.xml", 4 },
	{ "system_config", "golden/*/03-system_config.xml", 3 },
	{ "system_config", "examples/minimal-systems/*/system_config.xml", 9 },
	{ "system", "examples/minimal-systems/*/system.xml", 9 },
	{ "system", "golden/*/mirage-solo5.xml", 2 },
	{ "system", "muen/policy/system/demo_system*.xml", 2 },
	{ "system", "muen/policy/system/mirageos/mirage-solo5.xml", 1 },
	{ "fragment", "muen/policy/system/subject_*.xml", 15 },
	{ "fragment", "muen/policy/system/common_*.xml", 5 },
	{ "fragment", "muen/policy/system/memory_*.xml", 2 },
};

START_TEST(muens_documents_are_accepted)
{
	cleanup_free char *path = xasprintf("schema/%s.rng", accepted[_i].schema);
	cleanup_xml_schema struct xml_schema *schema = read_schema(path);
	const char *folder = shared_path("");
	cleanup_free char *pattern =
		xasprintf("%s%s", folder ? folder : "", accepted[_i].documents);
	struct error err = { 0 };
	glob_t found;

	if (!folder || glob(pattern, 0, NULL, &found) != 0) {
		printf("# SKIP %s are not there\n", accepted[_i].documents);
		return;
	}
	ck_assert_uint_ge(found.gl_pathc, accepted[_i].count);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		cleanup_xml struct xml_document *document = xml_read(found.gl_pathv[i], &err);

		ck_assert_msg(document != NULL, "%s", err.message);
		ck_assert(xml_schema_has_root(schema, xml_name(xml_root(document))));
		ck_assert_msg(xml_validate(document, schema, &err) == 0, "%s", err.message);
	}
	globfree(&found);
}
END_TEST

/* ---- roots --------------------------------------------------------------- */

static const struct {
	const char *schema;
	const char *roots; /* each with a blank behind it */
} roots[] = {
	{ "component", "component library " },
	{ "component_source", "component library " },
	{ "scheduling", "scheduling " },
	{ "system", "system " },
	{ "system_config", "system " },
	{ "fragment", "subject memory domain event channel expressions include if " },
};

START_TEST(roots_are_known)
{
	static const char *const names[] = { "component", "library", "scheduling",  "system",
					     "subject",	  "memory",  "domain",	    "event",
					     "channel",	  "if",	     "expressions", "include",
					     "reader",	  "config",  "case",	    "",
					     "doc" };
	cleanup_free char *path = xasprintf("schema/%s.rng", roots[_i].schema);
	cleanup_xml_schema struct xml_schema *schema = read_schema(path);

	for (int i = 0; i < count_of(names); i++) {
		cleanup_free char *word = xasprintf("%s ", names[i]);
		bool expected = *names[i] && strstr(roots[_i].roots, word);

		ck_assert_msg(xml_schema_has_root(schema, names[i]) == expected, "%s", names[i]);
	}
}
END_TEST

/* ---- schemas written for the purpose ------------------------------------- */

#define GRAMMAR "<grammar xmlns='http://relaxng.org/ns/structure/1.0'>"
#define ELEMENT "<element xmlns='http://relaxng.org/ns/structure/1.0' name='a'><empty/></element>"
#define W3C "<s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'>"

static char folder[] = "/tmp/test_schema_XXXXXX";

static void make_folder(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* Writes a file of that folder; returns its path in a static buffer. */
static const char *write_schema(const char *name, const char *text)
{
	static char path[256];
	struct error err = { 0 };

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	ck_assert_msg(file_write(path, text, strlen(text), 0644, &err) == 0, "%s", err.message);
	return path;
}

static void remove_folder(void)
{
	cleanup_free char *pattern = xasprintf("%s/*", folder);
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
		globfree(&found);
	}
	rmdir(folder);
}

static const struct {
	const char *text;
	const char *yes, *no;
} forms[] = {
	{ ELEMENT, "a", "b" },
	{ GRAMMAR "<start><ref name='x'/></start><define name='x'><choice><element "
		  "name='a'><element name='b'><empty/></element></element><element "
		  "name='c'><empty/></element></choice></define></grammar>",
	  "c", "b" },
	{ GRAMMAR "<start><element><choice><name>a</name><name>b</name></choice><empty/>"
		  "</element></start></grammar>",
	  "b", "c" },
	{ GRAMMAR "<start><element><anyName/><empty/></element></start></grammar>", "z", NULL },
	{ GRAMMAR "<include href='other.rng'/></grammar>", "o", "a" },
	{ GRAMMAR "<include href='other.rng'><start><element name='a'><empty/></element>"
		  "</start></include></grammar>",
	  "a", "o" },
	{ GRAMMAR "<start><grammar><start><parentRef name='x'/></start><define name='x'>"
		  "<element name='b'><empty/></element></define></grammar></start>"
		  "<define name='x'><element name='a'><empty/></element></define></grammar>",
	  "a", "b" },
	{ W3C "<s:element name='a'/><s:complexType name='t'><s:sequence><s:element "
	      "name='b'/></s:sequence></s:complexType></s:schema>",
	  "a", "b" },
	{ W3C "<s:include schemaLocation='other.xsd'/></s:schema>", "o", "a" },
};

START_TEST(roots_are_found_in_any_form)
{
	make_folder();
	write_schema("other.rng",
		     GRAMMAR "<start><element name='o'><empty/></element></start></grammar>");
	write_schema("other.xsd", W3C "<s:element name='o'/></s:schema>");
	for (int i = 0; i < count_of(forms); i++) {
		cleanup_xml_schema struct xml_schema *schema =
			read_schema(write_schema("test.rng", forms[i].text));

		ck_assert_msg(xml_schema_has_root(schema, forms[i].yes), "%d", i);
		if (forms[i].no)
			ck_assert_msg(!xml_schema_has_root(schema, forms[i].no), "%d", i);
	}
	remove_folder();
}
END_TEST

static const struct {
	const char *text;
	const char *expected;
} bad_schemas[] = {
	{ "", "is empty" },
	{ "<a", "not well-formed" },
	{ "<a/>", "is not a schema" },
	{ "<grammar/>", "is not a schema" },
	{ "<grammar xmlns='urn:other'/>", "is not a schema" },
	{ "<!DOCTYPE a>" ELEMENT, "has a DOCTYPE" },
	{ GRAMMAR "</grammar>", "is not a usable schema" },
	{ GRAMMAR "<start><ref name='x'/></start></grammar>", "is not a usable schema" },
	{ GRAMMAR "<start><nonsense/></start></grammar>", "is not a usable schema" },
	{ GRAMMAR "<include href='missing.rng'/></grammar>", "missing.rng" },
	{ GRAMMAR "<include href='../x.rng'/></grammar>", "files that lie in its own folder" },
	{ GRAMMAR "<include href='/etc/passwd'/></grammar>", "files that lie in its own folder" },
	{ GRAMMAR "<include href='file:///etc/passwd'/></grammar>",
	  "files that lie in its own folder" },
	{ GRAMMAR "<include href='http://127.0.0.1:1/x'/></grammar>",
	  "files that lie in its own folder" },
	{ GRAMMAR "<start><externalRef href='http://127.0.0.1:1/x'/></start></grammar>",
	  "<externalRef>: is not supported" },
	{ GRAMMAR "<include href='test.rng'/></grammar>", "test.rng includes itself" },
	{ GRAMMAR "<include/></grammar>", "has no attribute 'href'" },
	{ GRAMMAR "<include href='element.rng'/></grammar>", "is not a grammar" },
	{ W3C "<s:element name='a' type='missing'/></s:schema>", "is not a usable schema" },
	{ W3C "<s:import schemaLocation='http://127.0.0.1:1/x'/></s:schema>",
	  "<import>: is not supported" },
	{ W3C "<s:redefine schemaLocation='x.xsd'/></s:schema>", "<redefine>: is not supported" },
	{ W3C "<s:include schemaLocation='../../etc/passwd'/></s:schema>",
	  "files that lie in its own folder" },
};

START_TEST(bad_schemas_are_refused)
{
	make_folder();
	write_schema("element.rng", ELEMENT);
	for (int i = 0; i < count_of(bad_schemas); i++) {
		struct error err = { 0 };
		struct xml_schema *schema =
			xml_schema_read(write_schema("test.rng", bad_schemas[i].text), &err);

		ck_assert_msg(schema == NULL, "%d is accepted", i);
		ck_assert_msg(strstr(err.message, bad_schemas[i].expected) != NULL, "%d: %s", i,
			      err.message);
		ck_assert_msg(strstr(err.message, folder) != NULL, "%d: %s", i, err.message);
	}
	remove_folder();
}
END_TEST

START_TEST(missing_schemas_are_told_apart)
{
	struct error err = { 0 };

	ck_assert_ptr_null(xml_schema_read("schema/missing.rng", &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_ptr_null(xml_schema_read("schema", &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
}
END_TEST

/* ---- messages ------------------------------------------------------------ */

#define SUBJECT                                                                                    \
	"<subject name='s'><events/><component ref='c'><map logical='l' physical='p'/>"            \
	"</component></subject>"

static const struct {
	const char *text;
	const char *message; /* behind the file's name */
} invalid[] = {
	{ "<channel name='c' size='0x1000'/>",
	  "1: <channel name='c' size='0x1000'>: an attribute is missing, or its value is not "
	  "allowed" },
	{ "<channel name='c'/>",
	  "1: <channel name='c'>: an attribute is missing, or its value is not allowed" },
	{ "<channel name='c' size='16#1000#' x='1'/>",
	  "1: <channel name='c' size='16#1000#' x='1'>: the attribute 'x' is not allowed here, or "
	  "its value is not" },
	{ "<subject name='s'><component ref='c'/></subject>",
	  "1: <component ref='c'>: this element is not allowed, or not at this place" },
	{ "<subject name='s'><events/></subject>",
	  "1: <subject name='s'>: a child element is missing" },
	{ "<subject name='s'><events/>hello<component ref='c'/></subject>",
	  "1: <subject name='s'>: text is not allowed here" },
	{ "<nonsense/>", "1: <nonsense>: this element is not allowed, or not at this place" },
	{ "<include><channel name='c' size='16#1000#' hasEvent='asap'/>\n<channel name='d' "
	  "size='16#1000#'/>\n<channel size='16#1000#' hasEvent='asap'/>\n<channel name='d' "
	  "size='16#1000#' hasEvent='asap'/></include>",
	  "3: <channel hasEvent='asap' size='16#1000#'>: an attribute is missing, or its value is "
	  "not allowed (" },
	{ "<subject name='s'><vcpu><vmx><controls><proc><HLTExiting>2</HLTExiting></proc>"
	  "</controls></vmx></vcpu><events/><component ref='c'/></subject>",
	  "1: <HLTExiting>: a value is not allowed (" },
	{ "<subject name='s'><events><source><group name='vmcall'><event id='x' logical='l' "
	  "physical='p'/></group></source></events><component ref='c'/></subject>",
	  "1: <event id='x' logical='l' physical='p'>: the value 'x' is not allowed (" },
	{ "<include>\n\n<if variable='v' value='true'><channel name='c' size='1'/></if></include>",
	  "3: <channel name='c' size='1'>: an attribute is missing, or its value is not allowed" },
};

START_TEST(messages_say_what_and_where)
{
	cleanup_xml_schema struct xml_schema *schema = read_schema("schema/fragment.rng");
	struct error err = { 0 };
	cleanup_xml struct xml_document *document =
		xml_parse("doc.xml", invalid[_i].text, strlen(invalid[_i].text), &err);
	cleanup_free char *expected = xasprintf("doc.xml:%s", invalid[_i].message);

	ck_assert_ptr_nonnull(document);
	ck_assert_int_eq(xml_validate(document, schema, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(!strncmp(err.message, expected, strlen(expected)), "%s", err.message);
	ck_assert_ptr_nonnull(strstr(err.message, "(schema schema/fragment.rng)"));
}
END_TEST

START_TEST(w3c_messages_have_lines_beyond_65535)
{
	cleanup_xml_schema struct xml_schema *schema = NULL;
	cleanup_xml struct xml_document *document = xml_new("made", "a");
	struct error err = { 0 };

	make_folder();
	schema = read_schema(write_schema(
		"test.xsd", W3C "<s:element name='a'><s:complexType><s:sequence><s:element "
				"name='b' maxOccurs='unbounded' type='s:integer'/></s:sequence>"
				"</s:complexType></s:element></s:schema>"));
	remove_folder();
	for (int i = 0; i < 70000; i++)
		xml_set_text(xml_add(xml_root(document), "b"), i == 69999 ? "x" : "1");
	ck_assert_int_eq(xml_validate(document, schema, &err), -1);
	ck_assert_msg(!strncmp(err.message, "made:70002: ", 12), "%s", err.message);
}
END_TEST

START_TEST(made_elements_have_canonical_lines)
{
	cleanup_xml_schema struct xml_schema *schema = read_schema("schema/fragment.rng");
	static const char text[] = "<include><channel name='c' size='16#1000#'/>\n\n\n"
				   "<channel name='d' size='1'/></include>";
	struct error err = { 0 };
	cleanup_xml struct xml_document *read = xml_parse("read", text, sizeof(text) - 1, &err);
	cleanup_xml struct xml_document *made = xml_new("made", "include");

	xml_set(xml_add(xml_root(made), "event"), "name", "e");
	xml_add_copy(xml_root(made), xml_next(xml_first(xml_root(read), NULL), NULL));
	ck_assert_int_eq(xml_validate(made, schema, &err), -1);
	ck_assert_str_eq(
		err.message,
		"made:3: <event name='e'>: an attribute is missing, or its value is not "
		"allowed; read:4: <channel name='d' size='1'>: an attribute is missing, or "
		"its value is not allowed (schema schema/fragment.rng)");
}
END_TEST

START_TEST(a_document_is_not_changed)
{
	cleanup_xml_schema struct xml_schema *schema = read_schema("schema/fragment.rng");
	struct error err = { 0 };
	cleanup_xml struct xml_document *document =
		xml_parse("doc.xml", SUBJECT, strlen(SUBJECT), &err);
	cleanup_buffer struct buffer before = { 0 };
	cleanup_buffer struct buffer after = { 0 };

	xml_write(document, &before);
	ck_assert_int_eq(xml_validate(document, schema, &err), 0);
	xml_add(xml_root(document), "nonsense");
	ck_assert_int_eq(xml_validate(document, schema, &err), -1);
	xml_remove(xml_first(xml_root(document), "nonsense"));
	xml_write(document, &after);
	ck_assert_str_eq(before.data, after.data);
}
END_TEST

START_TEST(nothing_is_printed)
{
	char path[] = "/tmp/test_schema_XXXXXX";
	cleanup_close int file = mkstemp(path);
	cleanup_close int saved = dup(STDERR_FILENO);
	cleanup_xml_schema struct xml_schema *schema = NULL;
	struct error err;

	ck_assert_int_ge(file, 0);
	unlink(path);
	dup2(file, STDERR_FILENO);
	schema = xml_schema_read("schema/component.rng", &err);
	for (int i = 0; i < count_of(invalid); i++) {
		struct xml_document *document =
			xml_parse("doc.xml", invalid[i].text, strlen(invalid[i].text), &err);

		xml_validate(document, schema, &err);
		xml_free(document);
	}
	make_folder();
	ck_assert_ptr_null(xml_schema_read(write_schema("test.rng", GRAMMAR "</grammar>"), &err));
	remove_folder();
	dup2(saved, STDERR_FILENO);
	ck_assert_int_eq(lseek(file, 0, SEEK_END), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema");
	TCase *tests = tcase_create("schemas");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, muens_documents_are_accepted, 0, count_of(accepted));
	tcase_add_loop_test(tests, roots_are_known, 0, count_of(roots));
	tcase_add_test(tests, roots_are_found_in_any_form);
	tcase_add_test(tests, bad_schemas_are_refused);
	tcase_add_test(tests, missing_schemas_are_told_apart);
	tcase_add_loop_test(tests, messages_say_what_and_where, 0, count_of(invalid));
	tcase_add_test(tests, w3c_messages_have_lines_beyond_65535);
	tcase_add_test(tests, made_elements_have_canonical_lines);
	tcase_add_test(tests, a_document_is_not_changed);
	tcase_add_test(tests, nothing_is_printed);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
