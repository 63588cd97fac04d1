/* The canonical form, and that it reads back as what was written. */
#include "tests/unit/support.h"

#include "base/alloc.h"
#include "base/file.h"
#include "xml/xml.h"

#include <string.h>

#define DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

static const struct {
	const char *text;
	const char *canonical; /* behind the declaration */
} forms[] = {
	{ "<a/>", "<a/>\n" },
	{ "<a></a>", "<a/>\n" },
	{ "<a> \n\t </a>", "<a/>\n" },
	{ "<?xml version='1.0'?>\n\n<a\n/>\n\n", "<a/>\n" },
	{ "\xef\xbb\xbf<a/>", "<a/>\n" },
	{ "<a z='1' b='2' B='3' a-b='4' ab='5'/>",
	  "<a B=\"3\" a-b=\"4\" ab=\"5\" b=\"2\" z=\"1\"/>\n" },
	{ "<a><b><c/></b><d/></a>", "<a>\n <b>\n  <c/>\n </b>\n <d/>\n</a>\n" },
	{ "<a><b>text</b></a>", "<a>\n <b>text</b>\n</a>\n" },
	{ "<a>\n  one\n  two\n</a>", "<a>\n  one\n  two\n</a>\n" },
	{ "<a><b> x </b></a>", "<a>\n <b> x </b>\n</a>\n" },
	{ "<a>x <b> <c/> </b> y\n</a>", "<a>x <b><c/></b> y\n</a>\n" },
	{ "<a> <b>1</b> <b>2</b> z</a>", "<a> <b>1</b> <b>2</b> z</a>\n" },
	{ "<!-- top --><a><!-- in --></a><!-- end -->",
	  "<!-- top -->\n<a>\n <!-- in -->\n</a>\n<!-- end -->\n" },
	{ "<a><b/><!--x\n  y--><c/></a>", "<a>\n <b/>\n <!--x\n  y-->\n <c/>\n</a>\n" },
	{ "<a>t<!--x-->u</a>", "<a>t<!--x-->u</a>\n" },
	{ "<?p?><a><?q  r s?></a>", "<?p?>\n<a>\n <?q r s?>\n</a>\n" },
	{ "<a><![CDATA[<&>]]></a>", "<a>&lt;&amp;&gt;</a>\n" },
	{ "<a>\"'&#13;&#9;</a>", "<a>\"'&#13;\t</a>\n" },
	{ "<a b='\"&apos;&lt;&gt;&amp;&#9;&#10;&#13;'/>",
	  "<a b=\"&quot;'&lt;>&amp;&#9;&#10;&#13;\"/>\n" },
	{ "<a b='1\n2\t3'/>", "<a b=\"1 2 3\"/>\n" },
	{ "<a>\r\nx\r</a>", "<a>\nx\n</a>\n" },
	{ "<a>&#xe9;\xc3\xa9</a>", "<a>\xc3\xa9\xc3\xa9</a>\n" },
	{ "<\xc3\xa9 \xc3\xa8='1'/>", "<\xc3\xa9 \xc3\xa8=\"1\"/>\n" },
};

/* Reads text and appends the canonical form to out. */
static void canonise(const char *text, size_t length, struct buffer *out)
{
	struct error err = { 0 };
	cleanup_xml struct xml_document *document = xml_parse("test.xml", text, length, &err);

	ck_assert_msg(document != NULL, "%s", err.message);
	xml_write(document, out);
}

START_TEST(the_form_is_canonical)
{
	cleanup_buffer struct buffer out = { 0 };
	cleanup_buffer struct buffer again = { 0 };
	size_t skip = strlen(DECLARATION);

	canonise(forms[_i].text, strlen(forms[_i].text), &out);
	ck_assert_int_eq(strncmp(out.data, DECLARATION, skip), 0);
	ck_assert_str_eq(out.data + skip, forms[_i].canonical);
	canonise(out.data, out.length, &again);
	ck_assert_str_eq(again.data, out.data);
}
END_TEST

START_TEST(one_element_is_written_alone)
{
	struct error err = { 0 };
	static const char text[] = "<a><b><c x='1'>t</c><d/></b></a>";
	cleanup_xml struct xml_document *document =
		xml_parse("test.xml", text, sizeof(text) - 1, &err);
	cleanup_buffer struct buffer out = { 0 };

	buffer_add_text(&out, "before\n");
	xml_write_node(xml_first(xml_root(document), "b"), &out);
	ck_assert_str_eq(out.data, "before\n<b>\n <c x=\"1\">t</c>\n <d/>\n</b>\n");
}
END_TEST

static const char *const values[] = {
	"",
	"&",
	"<",
	">",
	"\"",
	"'",
	"\n",
	"\t",
	"\r",
	" ",
	"  ",
	"&amp;",
	"]]>",
	"-->",
	"a\nb\tc",
	" \n both ",
	"\xc2\x85",
	"\x7f",
	"\xe2\x80\xa8",
	"\xf4\x8f\xbf\xbd",
	"&#10;",
	"<!--",
	"$x",
	"\r\n",
};

/* Every character that a value may hold, alone and beside others. */
START_TEST(values_survive)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		cleanup_xml struct xml_document *document = xml_new("made", "a");
		cleanup_xml struct xml_document *again = NULL;
		cleanup_buffer struct buffer out = { 0 };
		cleanup_free char *text = xasprintf("x%sy", values[i]), *read = NULL;
		struct error err = { 0 };

		xml_set(xml_root(document), "v", values[i]);
		xml_set_text(xml_root(document), text);
		xml_write(document, &out);
		again = xml_parse("again", out.data, out.length, &err);
		ck_assert_msg(again != NULL, "%zu: %s", i, err.message);
		ck_assert_str_eq(xml_get(xml_root(again), "v"), values[i]);
		read = xml_text(xml_root(again));
		ck_assert_str_eq(read, text);
	}
}
END_TEST

/* ---- documents of Muen's own tools --------------------------------------- */

static size_t line_length(const char *line)
{
	return strcspn(line, "\n");
}

/* Whether the line is a start tag, and the next its end tag: an element that a tool has emptied. */
static bool is_emptied(const char *line)
{
	const char *next = line + line_length(line) + 1;
	size_t indent = strspn(line, " ");

	return line[indent] == '<' && line[indent + 1] != '/' && next[-2] == '>' &&
	       next[-3] != '/' && strspn(next, " ") == indent && !strncmp(next + indent, "</", 2);
}

/* Takes out what is known to differ: the byte order mark, empty lines (before comments and at the
 * end), and the line break in emptied elements. */
static char *without_quirks(const char *line)
{
	struct buffer out = { 0 };

	if (!strncmp(line, "\xef\xbb\xbf", 3))
		line += 3;
	while (*line) {
		size_t length = line_length(line);

		if (is_emptied(line)) {
			buffer_add(&out, line, length - 1);
			buffer_add_text(&out, "/>\n");
			line += length + 1;
			length = line_length(line);
		} else if (length) {
			buffer_add(&out, line, length + 1);
		}
		line += length + 1;
	}
	return out.data;
}

static const char *const golden[] = {
	"golden/demo_system_vtd-qemu-kvm/07-joined.xml",
	"golden/demo_system_vtd-qemu-kvm/10-a.xml",
	"golden/demo_system_vtd-qemu-kvm/11-b.xml",
	"golden/mirage-solo5-hello-noreset/07-joined.xml",
	"golden/mirage-solo5-hello-noreset/10-a.xml",
	"golden/mirage-solo5-hello-noreset/11-b.xml",
	"golden/mirage-solo5-net-reset/07-joined.xml",
	"golden/mirage-solo5-net-reset/10-a.xml",
	"golden/mirage-solo5-net-reset/11-b.xml",
};

START_TEST(golden_documents_are_written_alike)
{
	const char *path = shared_path(golden[_i]);
	cleanup_bytes struct bytes bytes = { 0 };
	cleanup_buffer struct buffer out = { 0 };
	cleanup_free char *expected = NULL;
	struct error err = { 0 };

	if (!path) {
		printf("# SKIP %s is not there\n", golden[_i]);
		return;
	}
	ck_assert_int_eq(file_read(path, XML_FILE_MAX, 1, &bytes, &err), 0);
	expected = without_quirks((const char *)bytes.data);
	canonise((const char *)bytes.data, bytes.size, &out);
	for (size_t i = 0, line = 1; i < out.length; i++) {
		if (out.data[i] != expected[i])
			ck_abort_msg("%s: differs in line %zu: %.60s", golden[_i], line,
				     out.data + i);
		line += out.data[i] == '\n';
	}
	ck_assert_uint_eq(strlen(expected), out.length);
}
END_TEST

#define count_of(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *suite = suite_create("xml_write");
	TCase *tests = tcase_create("writer");

	tcase_add_loop_test(tests, the_form_is_canonical, 0, count_of(forms));
	tcase_add_test(tests, one_element_is_written_alone);
	tcase_add_test(tests, values_survive);
	tcase_add_loop_test(tests, golden_documents_are_written_alike, 0, count_of(golden));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
