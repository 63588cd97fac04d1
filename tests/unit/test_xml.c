/* Reading, walking and editing documents. Hostile documents have a test of their own. */
#include "tests/unit/support.h"

#include "base/alloc.h"
#include "base/text.h"
#include "xml/xml.h"

#include <string.h>

static struct xml_document *parse(const char *text)
{
	struct error err = { 0 };
	struct xml_document *document = xml_parse("test.xml", text, strlen(text), &err);

	ck_assert_msg(document != NULL, "%s", err.message);
	return document;
}

/* The canonical form of the root element. */
static char *written(const struct xml_document *document)
{
	struct buffer out = { 0 };

	xml_write_node(xml_root(document), &out);
	return out.data;
}

static void assert_written(const struct xml_document *document, const char *expected)
{
	cleanup_free char *text = written(document);

	ck_assert_str_eq(text, expected);
}

/* ---- walking ------------------------------------------------------------- */

static const char family[] = "<a>\n"
			     " <b name='1'/>\n"
			     " <!-- comment -->\n"
			     " <c\n"
			     "   name='2'\n"
			     "   size='16#1000#'><d/></c>\n"
			     " <b name='3'>text</b>\n"
			     "</a>\n";

START_TEST(elements_are_walked)
{
	cleanup_xml struct xml_document *document = parse(family);
	const struct xml_node *root = xml_root(document);
	const struct xml_node *b = xml_first(root, "b");
	int count = 0;

	ck_assert_str_eq(xml_name(root), "a");
	ck_assert_ptr_null(xml_parent(root));
	ck_assert_ptr_eq(xml_parent(b), root);
	ck_assert_str_eq(xml_name(xml_next(b, NULL)), "c");
	ck_assert_str_eq(xml_get(xml_next(b, "b"), "name"), "3");
	ck_assert_ptr_null(xml_next(xml_next(b, "b"), NULL));
	ck_assert_ptr_null(xml_first(root, "d"));
	ck_assert_ptr_null(xml_first(b, NULL));
	xml_each (child, root, NULL)
		count++;
	ck_assert_int_eq(count, 3);
}
END_TEST

START_TEST(lines_are_where_elements_begin)
{
	cleanup_xml struct xml_document *document = parse(family);
	const struct xml_node *root = xml_root(document);

	ck_assert_str_eq(xml_file(root), "test.xml");
	ck_assert_uint_eq(xml_line(root), 1);
	ck_assert_uint_eq(xml_line(xml_first(root, "b")), 2);
	ck_assert_uint_eq(xml_line(xml_first(root, "c")), 4);
	ck_assert_uint_eq(xml_line(xml_path(root, "c/d")), 6);
	ck_assert_uint_eq(xml_line(xml_next(xml_first(root, "c"), NULL)), 7);
}
END_TEST

START_TEST(lines_beyond_65535_are_right)
{
	cleanup_buffer struct buffer text = { 0 };
	cleanup_xml struct xml_document *document = NULL;
	unsigned line = 2;

	buffer_add_text(&text, "<a>\n");
	for (int i = 0; i < 100000; i++)
		buffer_add_text(&text, i % 2 ? "<b/>\n" : "<b\n x='1'/>\n");
	buffer_add_text(&text, "</a>");
	document = parse(text.data);
	xml_each (child, xml_root(document), "b") {
		ck_assert_uint_eq(xml_line(child), line);
		line += xml_get(child, "x") ? 2 : 1;
	}
	ck_assert_uint_eq(line, 150002);
}
END_TEST

START_TEST(paths_and_values_are_found)
{
	cleanup_xml struct xml_document *document =
		parse("<a><b n='1'><c><d/></c></b><b n='2' m='1'/><e n='2'/></a>");
	const struct xml_node *root = xml_root(document);

	ck_assert_str_eq(xml_name(xml_path(root, "b/c/d")), "d");
	ck_assert_ptr_null(xml_path(root, "b/d"));
	ck_assert_ptr_null(xml_path(root, "b/c/d/e"));
	ck_assert_ptr_eq(xml_path(root, ""), root);
	ck_assert_str_eq(xml_get(xml_find(root, "b", "n", "2"), "m"), "1");
	ck_assert_str_eq(xml_name(xml_find(root, "e", "n", "2")), "e");
	ck_assert_ptr_null(xml_find(root, "b", "n", "3"));
	ck_assert_ptr_null(xml_find(root, "e", "m", "1"));
}
END_TEST

/* ---- attributes and text ------------------------------------------------- */

START_TEST(attributes_are_read)
{
	cleanup_xml struct xml_document *document =
		parse("<a name='x' empty='' entities='&lt;&amp;&#65;&quot;' hex='16#0020_0000#' "
		      "number='7' yes='true' no='false'/>");
	const struct xml_node *root = xml_root(document);
	struct error err = { 0 };
	const char *text;
	uint64_t number;
	bool truth;

	ck_assert_str_eq(xml_get(root, "empty"), "");
	ck_assert_str_eq(xml_get(root, "entities"), "<&A\"");
	ck_assert_ptr_null(xml_get(root, "missing"));
	ck_assert_int_eq(xml_need(root, "name", &text, &err), 0);
	ck_assert_str_eq(text, "x");
	ck_assert_int_eq(xml_need_number(root, "hex", &number, &err), 0);
	ck_assert_uint_eq(number, 0x200000);
	ck_assert_int_eq(xml_need_number(root, "number", &number, &err), 0);
	ck_assert_uint_eq(number, 7);
	ck_assert_int_eq(xml_need_bool(root, "yes", &truth, &err), 0);
	ck_assert(truth);
	ck_assert_int_eq(xml_need_bool(root, "no", &truth, &err), 0);
	ck_assert(!truth);
}
END_TEST

START_TEST(bad_attributes_are_named)
{
	cleanup_xml struct xml_document *document =
		parse("<a>\n<memory name='ram' size='0x1000' flag='True'/>\n<map logical='l'/>\n"
		      "<plain/></a>");
	const struct xml_node *memory = xml_path(xml_root(document), "memory");
	struct error err = { 0 };
	const char *text;
	uint64_t number;
	bool truth;

	ck_assert_int_eq(xml_need(memory, "caching", &text, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_str_eq(err.message,
			 "test.xml:2: <memory name='ram'>: has no attribute 'caching'");
	ck_assert_str_eq(err.mend, "add caching=\"...\" to this element");
	ck_assert_int_eq(xml_need_number(memory, "size", &number, &err), -1);
	ck_assert_str_eq(err.message,
			 "test.xml:2: <memory name='ram'>: attribute 'size' is '0x1000', a number "
			 "such as 16#0020_0000# or 42, below 2^64 was expected");
	ck_assert_int_eq(xml_need_bool(memory, "flag", &truth, &err), -1);
	ck_assert_str_eq(err.message, "test.xml:2: <memory name='ram'>: attribute 'flag' is "
				      "'True', true or false was expected");
	xml_fail(xml_path(xml_root(document), "map"), &err, "nothing is called %s", "p");
	ck_assert_str_eq(err.message, "test.xml:3: <map logical='l'>: nothing is called p");
	xml_fail(xml_path(xml_root(document), "plain"), &err, "bad");
	ck_assert_str_eq(err.message, "test.xml:4: <plain>: bad");
	ck_assert_int_eq(xml_need_number(memory, "none", &number, &err), -1);
	ck_assert_int_eq(xml_need_bool(memory, "none", &truth, &err), -1);
}
END_TEST

START_TEST(messages_hold_no_terminal_commands)
{
	cleanup_xml struct xml_document *document =
		parse("<a name='\xc2\x9b' size='\xc2\x9b'/>"); /* U+009B: CSI */
	struct error err = { 0 };
	uint64_t number;

	ck_assert_int_eq(xml_need_number(xml_root(document), "size", &number, &err), -1);
	ck_assert_ptr_null(strstr(err.message, "\xc2\x9b"));
	ck_assert_ptr_nonnull(strstr(err.message, "\\xc2\\x9b"));
}
END_TEST

START_TEST(attributes_are_set)
{
	cleanup_xml struct xml_document *document = parse("<a z='1' b='2' c='3'/>");
	struct xml_node *root = xml_root(document);

	xml_set(root, "b", "two");
	xml_set(root, "new", "");
	xml_set_number(root, "size", 0x10000);
	xml_set_byte(root, "pattern", 0xff);
	xml_set_bool(root, "writable", true);
	xml_set_bool(root, "executable", false);
	xml_unset(root, "c");
	xml_unset(root, "not-there");
	ck_assert_str_eq(xml_get(root, "b"), "two");
	ck_assert_str_eq(xml_get(root, "new"), "");
	assert_written(document, "<a b=\"two\" executable=\"false\" new=\"\" pattern=\"16#ff#\" "
				 "size=\"16#0001_0000#\" writable=\"true\" z=\"1\"/>\n");
}
END_TEST

START_TEST(a_value_may_be_set_to_itself)
{
	cleanup_xml struct xml_document *document = parse("<a b='long enough not to be moved'/>");

	xml_set(xml_root(document), "b", xml_get(xml_root(document), "b"));
	ck_assert_str_eq(xml_get(xml_root(document), "b"), "long enough not to be moved");
}
END_TEST

START_TEST(texts_are_joined_and_replaced)
{
	cleanup_xml struct xml_document *document =
		parse("<a>one<!-- - --><b>inner</b> &amp; <![CDATA[<two>]]></a>");
	struct xml_node *root = xml_root(document);
	cleanup_free char *text = xml_text(root);
	cleanup_free char *none = NULL;

	ck_assert_str_eq(text, "one & <two>");
	xml_set_text(root, "x < y");
	assert_written(document, "<a><!-- - --><b>inner</b>x &lt; y</a>\n");
	xml_set_text(root, " \n");
	none = xml_text(root);
	ck_assert_str_eq(none, "");
	assert_written(document, "<a>\n <!-- - -->\n <b>inner</b>\n</a>\n");
	xml_set_text_number(xml_first(root, "b"), 0);
	assert_written(document, "<a>\n <!-- - -->\n <b>16#0000#</b>\n</a>\n");
}
END_TEST

START_TEST(only_legal_text_is_allowed)
{
	static const char *const good[] = { "",
					    "plain",
					    "tab\tnewline\nreturn\r",
					    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
					    "\x7f",
					    "\xef\xbf\xbd" };
	static const char *const bad[] = { "\x01",	   "a\x1b[0m",	   "\x0b",
					   "\xff",	   "\xc3",	   "\xc3(",
					   "\xe2\x82",	   "\xef\xbf\xbe", "\xef\xbf\xbf",
					   "\xed\xa0\x80", "\xc0\x80",	   "a\x80z" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(text_is_xml(good[i]), "good text %zu", i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!text_is_xml(bad[i]), "bad text %zu", i);
}
END_TEST

START_TEST(illegal_text_does_not_get_in)
{
	cleanup_xml struct xml_document *document = xml_new("made", "a");
	cleanup_xml struct xml_document *again = NULL;
	cleanup_free char *text = NULL;

	xml_set(xml_root(document), "b", "x\x01y\xffz\xc3");
	xml_set_text(xml_root(document), "\x1b[2J");
	text = written(document);
	ck_assert_str_eq(text, "<a b=\"x\xef\xbf\xbdy\xef\xbf\xbdz\xef\xbf\xbd\">\xef\xbf\xbd[2J"
			       "</a>\n");
	again = parse(text);
}
END_TEST

/* ---- editing ------------------------------------------------------------- */

START_TEST(elements_are_added_and_removed)
{
	cleanup_xml struct xml_document *document = xml_new("made", "root");
	struct xml_node *root = xml_root(document);
	struct xml_node *middle = xml_add_first(root, "middle");

	xml_add(root, "last");
	xml_add_first(root, "first");
	xml_add_before(middle, "before");
	xml_add_after(middle, "after");
	xml_add(xml_add_after(xml_first(root, "last"), "end"), "inner");
	assert_written(document, "<root>\n <first/>\n <before/>\n <middle/>\n <after/>\n <last/>\n"
				 " <end>\n  <inner/>\n </end>\n</root>\n");
	xml_remove(middle);
	xml_remove(xml_first(root, "end"));
	assert_written(document, "<root>\n <first/>\n <before/>\n <after/>\n <last/>\n</root>\n");
	ck_assert_uint_eq(xml_line(xml_first(root, NULL)), 0);
	ck_assert_str_eq(xml_file(xml_first(root, NULL)), "made");
}
END_TEST

START_TEST(children_are_made_where_the_schema_wants_them)
{
	static const char *const order[] = { "config", "memory", "events", "subjects", NULL };
	cleanup_xml struct xml_document *document = parse("<s><x/><memory/><subjects/></s>");
	struct xml_node *root = xml_root(document);
	struct xml_node *memory = xml_first(root, "memory");

	ck_assert_ptr_eq(xml_child(root, "memory", order), memory);
	xml_child(root, "events", order);
	xml_child(root, "config", order);
	xml_child(root, "unknown", order);
	assert_written(document, "<s>\n <x/>\n <config/>\n <memory/>\n <events/>\n <subjects/>\n"
				 " <unknown/>\n</s>\n");
}
END_TEST

START_TEST(copies_are_deep_and_know_their_origin)
{
	cleanup_xml struct xml_document *target = xml_new("target.xml", "t");
	struct error err = { 0 };
	static const char text[] = "<s>\n<!-- c -->\n<u a='1'>\n<v>text</v><w/></u></s>";
	struct xml_document *source = xml_parse("source.xml", text, sizeof(text) - 1, &err);
	struct xml_node *first, *second;

	ck_assert_ptr_nonnull(source);
	first = xml_add_copy(xml_root(target), xml_first(xml_root(source), "u"));
	xml_set(first, "a", "2");
	second = xml_add_copy_before(first, xml_root(source));
	ck_assert_str_eq(xml_get(xml_path(second, "u"), "a"), "1");
	xml_free(source);
	assert_written(target, "<t>\n <s>\n  <!-- c -->\n  <u a=\"1\">\n   <v>text</v>\n   <w/>\n"
			       "  </u>\n </s>\n <u a=\"2\">\n  <v>text</v>\n  <w/>\n </u>\n</t>\n");
	ck_assert_str_eq(xml_file(first), "source.xml");
	ck_assert_uint_eq(xml_line(first), 3);
	ck_assert_uint_eq(xml_line(xml_path(second, "u/w")), 4);
	ck_assert_str_eq(xml_file(xml_path(second, "u/w")), "source.xml");
	ck_assert_str_eq(xml_file(xml_root(target)), "target.xml");
	second = xml_add_copy(first, first);
	ck_assert_str_eq(xml_file(second), "source.xml");
	ck_assert_uint_eq(xml_line(second), 3);
}
END_TEST

START_TEST(many_siblings_are_searched_quickly)
{
	cleanup_xml struct xml_document *document = xml_new("made", "a");
	char name[32];

	for (int i = 0; i < 3000; i++) {
		struct xml_node *child = xml_add(xml_root(document), "memory");

		xml_set(child, "size", "16#1000#");
		snprintf(name, sizeof(name), "region_%d", i);
		xml_set(child, "name", name);
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "region_%d", i);
		ck_assert_str_eq(
			xml_get(xml_find(xml_root(document), "memory", "name", name), "name"),
			name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("xml");
	TCase *tests = tcase_create("documents");

	tcase_add_test(tests, elements_are_walked);
	tcase_add_test(tests, lines_are_where_elements_begin);
	tcase_add_test(tests, lines_beyond_65535_are_right);
	tcase_add_test(tests, paths_and_values_are_found);
	tcase_add_test(tests, attributes_are_read);
	tcase_add_test(tests, bad_attributes_are_named);
	tcase_add_test(tests, messages_hold_no_terminal_commands);
	tcase_add_test(tests, attributes_are_set);
	tcase_add_test(tests, a_value_may_be_set_to_itself);
	tcase_add_test(tests, texts_are_joined_and_replaced);
	tcase_add_test(tests, only_legal_text_is_allowed);
	tcase_add_test(tests, illegal_text_does_not_get_in);
	tcase_add_test(tests, elements_are_added_and_removed);
	tcase_add_test(tests, children_are_made_where_the_schema_wants_them);
	tcase_add_test(tests, copies_are_deep_and_know_their_origin);
	tcase_add_test(tests, many_siblings_are_searched_quickly);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
