/* Documents that want to harm: each is refused with a message, quickly, without a word on stderr,
 * and without opening anything. */
#include "tests/unit/support.h"

#include "base/alloc.h"
#include "xml/xml.h"

#include <fcntl.h>
#include <libxml/xmlerror.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static void assert_refused(const char *text, size_t length, const char *expected)
{
	struct error err = { 0 };
	cleanup_xml struct xml_document *document = xml_parse("bad.xml", text, length, &err);

	ck_assert_msg(document == NULL, "accepted, expected: %s", expected);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(strstr(err.message, expected) != NULL, "'%s' lacks '%s'", err.message,
		      expected);
	ck_assert_msg(!strncmp(err.message, "bad.xml", 7), "%s", err.message);
}

/* ---- malformed and odd --------------------------------------------------- */

static const struct {
	const char *text;
	const char *expected;
} bad_texts[] = {
	{ "", "is empty" },
	{ " \n", "does not begin with '<'" },
	{ "\xef\xbb\xbf", "does not begin with '<'" },
	{ "\x7f"
	  "ELF",
	  "does not begin with '<'" },
	{ "{\"json\": 1}", "does not begin with '<'" },
	{ "<", "not well-formed" },
	{ "<a", "not well-formed" },
	{ "<a>", "not well-formed" },
	{ "<a\n>\n\n<b>", "bad.xml:4: is not well-formed" },
	{ "<a></b>", "tag mismatch" },
	{ "<a/><b/>", "Extra content" },
	{ "<a/>text", "Extra content" },
	{ "<!-- only -->", "not well-formed" },
	{ "<a b='1' b='2'/>", "redefined" },
	{ "<a b=1/>", "not well-formed" },
	{ "<a b='<'/>", "not well-formed" },
	{ "<a>&nbsp;</a>", "not defined" },
	{ "<a>&#0;</a>", "not well-formed" },
	{ "<a>&#x1b;</a>", "not well-formed" },
	{ "<a>\x1b</a>", "not well-formed" },
	{ "<a b='\x01'/>", "not well-formed" },
	{ "<a>\xff\xfe</a>", "not well-formed" },
	{ "<a>\xc0\xbc</a>", "not well-formed" },
	{ "<a>]]></a>", "not well-formed" },
	{ "<a><!-- -- --></a>", "not well-formed" },
	{ "<?xml version='2.0'?><a/>", "not well-formed" },
	{ "<a xmlns='urn:x'/>", "namespace" },
	{ "<a xmlns:p='urn:x'/>", "namespace" },
	{ "<a><p:b/></a>", "namespace" },
	{ "<a p:b='1'/>", "namespace" },
	{ "<a xml:lang='en'/>", "namespace" },
	{ "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd'/>",
	  "namespace" },
	{ "<?xml version='1.0' encoding='UTF-7'?><a/>", "encoded in 'UTF-7'" },
	{ "<?xml version='1.0' encoding='EBCDIC-US'?><a/>", "encoded in 'EBCDIC-US'" },
	{ "<?xml version='1.0' encoding='Shift_JIS'?><a/>", "encoded in 'Shift_JIS'" },
	{ "<?xml version='1.0' encoding='UTF-16'?><a/>", "UTF-16" },
	{ "<?xml version='1.0' encoding='nonsense'?><a/>", "nonsense" },
};

START_TEST(malformed_documents_are_refused)
{
	assert_refused(bad_texts[_i].text, strlen(bad_texts[_i].text), bad_texts[_i].expected);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	static const char text[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- c -->\n"
				   "<a b=\"&lt;\">t<![CDATA[x]]><?p i?><c/>&#65;</a>";

	for (size_t length = 0; length < sizeof(text) - 1; length++)
		assert_refused(text, length, "");
}
END_TEST

START_TEST(nul_bytes_and_utf16_are_refused)
{
	static const char after[] = "<a/>\0<b/>";
	static const char inside[] = "<a>\0</a>";
	static const char little[] = "\xff\xfe<\0a\0/\0>\0";
	static const char big[] = "\xfe\xff\0<\0a\0/\0>";
	static const char bare[] = "<\0a\0/\0>\0";

	assert_refused(after, sizeof(after) - 1, "NUL byte at offset 4");
	assert_refused(inside, sizeof(inside) - 1, "NUL byte");
	assert_refused(little, sizeof(little) - 1, "");
	assert_refused(big, sizeof(big) - 1, "");
	assert_refused(bare, sizeof(bare) - 1, "UTF-16");
}
END_TEST

START_TEST(known_encodings_are_read)
{
	static const char *const texts[] = {
		"<a b='\xc3\xa9'/>",
		"\xef\xbb\xbf<a b='\xc3\xa9'/>",
		"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?><a b='\xc3\xa9'/>",
		"<?xml version='1.0' encoding='utf-8'?><a b='\xc3\xa9'/>",
		"<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xe9'/>",
		"<?xml version='1.0' encoding='us-ascii'?><a b='&#233;'/>",
		"<?xml version='1.0'?><?x encoding='UTF-7'?><a b='&#233;'/>",
		"<?xml-stylesheet encoding='UTF-7'?><a b='&#233;'/>",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct error err = { 0 };
		cleanup_xml struct xml_document *document =
			xml_parse("good.xml", texts[i], strlen(texts[i]), &err);

		ck_assert_msg(document != NULL, "%zu: %s", i, err.message);
		ck_assert_str_eq(xml_get(xml_root(document), "b"), "\xc3\xa9");
	}
}
END_TEST

/* ---- nothing is opened --------------------------------------------------- */

/* Watches a file while documents that refer to it are read: the kernel tells if it was opened. */
static void assert_not_opened(const char *const *formats, size_t count)
{
	char path[] = "/tmp/test_xml_XXXXXX", event[4096];
	cleanup_close int file = mkstemp(path);
	cleanup_close int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct error err;

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, "secret", 6), 6);
	ck_assert_int_ge(inotify_add_watch(watch, path, IN_OPEN | IN_ACCESS), 0);
	for (size_t i = 0; i < count; i++) {
		cleanup_buffer struct buffer text = { 0 };
		const char *place = strstr(formats[i], "PATH");
		struct xml_document *document;

		buffer_add(&text, formats[i], (size_t)(place - formats[i]));
		buffer_add_text(&text, path);
		buffer_add_text(&text, place + 4);
		document = xml_parse("bad.xml", text.data, text.length, &err);
		if (document)
			xml_free(document);
		ck_assert_msg(read(watch, event, sizeof(event)) < 0, "%zu opened it", i);
	}
	close(open(path, O_RDONLY | O_CLOEXEC));
	ck_assert_msg(read(watch, event, sizeof(event)) > 0, "the watch does not work");
	unlink(path);
}

START_TEST(references_are_not_followed)
{
	static const char *const formats[] = {
		"<!DOCTYPE a SYSTEM 'file://PATH'><a/>",
		"<!DOCTYPE a SYSTEM 'PATH'><a/>",
		"<!DOCTYPE a PUBLIC 'x' 'PATH'><a/>",
		"<!DOCTYPE a [<!ENTITY x SYSTEM 'file://PATH'>]><a>&x;</a>",
		"<!DOCTYPE a [<!ENTITY x SYSTEM 'file://PATH'>]><a b='&x;'/>",
		"<!DOCTYPE a [<!ENTITY % x SYSTEM 'file://PATH'> %x;]><a/>",
		"<?xml-stylesheet href='PATH' type='text/xsl'?><a/>",
		"<?xml-model href='PATH'?><a/>",
		"<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='PATH'/></a>",
		"<a xmlns:x='urn:x' x:noNamespaceSchemaLocation='PATH'/>",
		"<a><include href='PATH'/></a>",
	};

	assert_not_opened(formats, sizeof(formats) / sizeof(formats[0]));
}
END_TEST

START_TEST(doctypes_are_refused)
{
	static const char *const texts[] = {
		"<!DOCTYPE a><a/>",
		"<!DOCTYPE a []><a/>",
		"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x.dtd'><a/>",
		"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
		"<!DOCTYPE a [<!ATTLIST a b CDATA 'default'>]><a/>",
		"<!DOCTYPE a [<!ENTITY a '&b;&b;'><!ENTITY b '&a;&a;'>]><a>&a;</a>",
		"<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
		"<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d "
		"'&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>"
		"<!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'><!ENTITY g "
		"'&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;'>]><l>&g;</l>",
		"<!DOCTYPE a [",
		"<!DOCTYPE a [<!ENTITY x 'y'>",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_refused(texts[i], strlen(texts[i]), "has a DOCTYPE");
	assert_refused("<a>\n</a><!DOCTYPE a>", 20, "not well-formed");
}
END_TEST

/* ---- bounds -------------------------------------------------------------- */

static void add_repeated(struct buffer *buffer, const char *text, int count)
{
	for (int i = 0; i < count; i++)
		buffer_add_text(buffer, text);
}

START_TEST(depth_is_bounded)
{
	cleanup_buffer struct buffer deep = { 0 };
	cleanup_buffer struct buffer deeper = { 0 };
	cleanup_buffer struct buffer endless = { 0 };
	cleanup_xml struct xml_document *document = NULL;
	struct error err = { 0 };

	add_repeated(&deep, "<a>", XML_DEPTH_MAX);
	add_repeated(&deep, "</a>", XML_DEPTH_MAX);
	document = xml_parse("deep.xml", deep.data, deep.length, &err);
	ck_assert_msg(document != NULL, "%s", err.message);
	add_repeated(&deeper, "<a>\n", XML_DEPTH_MAX + 1);
	add_repeated(&deeper, "</a>", XML_DEPTH_MAX + 1);
	assert_refused(deeper.data, deeper.length, "bad.xml:201: elements are nested more than");
	add_repeated(&endless, "<a>", 1000000);
	assert_refused(endless.data, endless.length, "nested more than");
}
END_TEST

START_TEST(attributes_are_bounded)
{
	cleanup_buffer struct buffer text = { 0 };
	struct error err = { 0 };
	struct xml_document *document;

	buffer_add_text(&text, "<a>\n<b");
	for (int i = 0; i < XML_ATTRIBUTES_MAX; i++)
		buffer_printf(&text, " a%d='>'", i);
	buffer_add_text(&text, "/></a>");
	document = xml_parse("many.xml", text.data, text.length, &err);
	ck_assert_msg(document != NULL, "%s", err.message);
	xml_free(document);
	text.length = 0;
	buffer_add_text(&text, "<a>\n<b");
	for (int i = 0; i < 1000000; i++)
		buffer_printf(&text, " a%d=\"\"", i);
	buffer_add_text(&text, "/></a>");
	assert_refused(text.data, text.length, "bad.xml:2: this element has more than 256");
}
END_TEST

START_TEST(nodes_are_bounded)
{
	static const char *const pieces[] = { "<a/>", "<!---->", "<?p?>", "<a b='' c='' d=''/>" };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		cleanup_buffer struct buffer text = { 0 };

		buffer_add_text(&text, "<r>");
		add_repeated(&text, pieces[i], XML_NODES_MAX);
		buffer_add_text(&text, "</r>");
		assert_refused(text.data, text.length, "elements, attributes and comments");
	}
}
END_TEST

START_TEST(texts_are_bounded)
{
	cleanup_buffer struct buffer text = { 0 };

	buffer_add_text(&text, "<r>");
	add_repeated(&text, "0123456789", 1100000);
	assert_refused(text.data, text.length, "longer than 10000000 bytes");
	text.length = 0;
	buffer_add_text(&text, "<r b='");
	add_repeated(&text, "0123456789", 1100000);
	buffer_add_text(&text, "'/>");
	assert_refused(text.data, text.length, "longer than 10000000 bytes");
	text.length = 0;
	buffer_add_text(&text, "<r><!--");
	add_repeated(&text, "0123456789", 1100000);
	buffer_add_text(&text, "--></r>");
	assert_refused(text.data, text.length, "longer than 10000000 bytes");
}
END_TEST

START_TEST(files_are_bounded)
{
	char path[] = "/tmp/test_xml_XXXXXX";
	cleanup_close int file = mkstemp(path);
	struct error err = { 0 };

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(ftruncate(file, (off_t)XML_FILE_MAX + 1), 0);
	ck_assert_ptr_null(xml_read(path, &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "at most"));
	unlink(path);
	ck_assert_ptr_null(xml_read(path, &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_ptr_null(xml_read("/tmp", &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
}
END_TEST

/* ---- libxml2 keeps quiet ------------------------------------------------- */

START_TEST(nothing_is_printed)
{
	char path[] = "/tmp/test_xml_XXXXXX";
	cleanup_close int file = mkstemp(path);
	cleanup_close int saved = dup(STDERR_FILENO);
	struct error err;

	ck_assert_int_ge(file, 0);
	unlink(path);
	dup2(file, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(bad_texts) / sizeof(bad_texts[0]); i++) {
		const char *text = bad_texts[i].text;
		struct xml_document *document = xml_parse("bad.xml", text, strlen(text), &err);

		if (document)
			xml_free(document);
	}
	dup2(saved, STDERR_FILENO);
	ck_assert_int_eq(lseek(file, 0, SEEK_END), 0);
}
END_TEST

static void own_handler(void *context, xmlError *error)
{
	(void)error;
	(*(int *)context)++;
}

START_TEST(handlers_of_others_are_left_alone)
{
	struct error err;
	int calls = 0;

	xmlSetStructuredErrorFunc(&calls, own_handler);
	ck_assert_ptr_null(xml_parse("bad.xml", "<a", 2, &err));
	ck_assert_int_eq(calls, 0);
	ck_assert(xmlStructuredError == own_handler);
	ck_assert_ptr_eq(xmlStructuredErrorContext, &calls);
	xmlSetStructuredErrorFunc(NULL, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("xml_hostile");
	TCase *tests = tcase_create("documents");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, malformed_documents_are_refused, 0,
			    (int)(sizeof(bad_texts) / sizeof(bad_texts[0])));
	tcase_add_test(tests, every_truncation_is_refused);
	tcase_add_test(tests, nul_bytes_and_utf16_are_refused);
	tcase_add_test(tests, known_encodings_are_read);
	tcase_add_test(tests, references_are_not_followed);
	tcase_add_test(tests, doctypes_are_refused);
	tcase_add_test(tests, depth_is_bounded);
	tcase_add_test(tests, attributes_are_bounded);
	tcase_add_test(tests, nodes_are_bounded);
	tcase_add_test(tests, texts_are_bounded);
	tcase_add_test(tests, files_are_bounded);
	tcase_add_test(tests, nothing_is_printed);
	tcase_add_test(tests, handlers_of_others_are_left_alone);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
