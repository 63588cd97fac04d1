/* Source specifications of the user's: what they have is kept, what is lacking is added where
 * Muen's schema wants it, and what cannot be is refused with file and line. */
#include "base/alloc.h"
#include "tests/unit/conversion.h"
#include "tests/unit/support.h"
#include "xml/xml.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static char path[64]; /* of the specification that the test has written */

static const char *write_source(const char *text)
{
	FILE *stream;

	snprintf(path, sizeof(path), "/tmp/muenbuild-test-source-%ld.xml", (long)getpid());
	stream = fopen(path, "w");
	ck_assert_ptr_nonnull(stream);
	fputs(text, stream);
	ck_assert_int_eq(fclose(stream), 0);
	return path;
}

static void remove_source(void)
{
	unlink(path);
}

static struct xml_document *convert(struct conversion *c, const char *source)
{
	struct xml_document *document;

	c->options.source = write_source(source);
	ck_assert_msg(conversion_run(c) != NULL, "%s", c->err.message);
	document = xml_parse("component", c->component->document, strlen(c->component->document),
			     &c->err);
	ck_assert_msg(document != NULL, "%s", c->err.message);
	return document;
}

/* The names of the children, one blank behind each. */
static void check_children(const struct xml_node *node, const char *expected)
{
	cleanup_buffer struct buffer names = { 0 };

	buffer_add_text(&names, "");
	xml_each (child, node, NULL)
		buffer_printf(&names, "%s ", xml_name(child));
	ck_assert_str_eq(names.data, expected);
}

#define BOOT_INFO                                                                                  \
	"<memory logical='boot_info' type='subject_solo5_boot_info' virtualAddress='16#1000#' "    \
	"size='16#1000#' writable='false' executable='false'>"                                     \
	"<file filename='mine_bi' offset='none'/></memory>"

/* ---- what is added ------------------------------------------------------- */

START_TEST(test_least)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	cleanup_xml struct xml_document *document = NULL;
	struct xml_node *root;

	elf_spec_device(&c.spec, "net", SOLO5_NET_BASIC);
	c.options.resettable = true;
	document = convert(&c, "<component name='mine' profile='native'/>");
	root = xml_root(document);
	ck_assert_str_eq(c.component->name, "mine");
	check_children(root, "config depends requires provides ");
	check_children(xml_path(root, "requires"), "vcpu channels ");
	check_children(xml_path(root, "requires/vcpu/registers/gpr"), "rip rsp ");
	ck_assert(component_depends(c.component, "libmudebuglog"));
	ck_assert(component_depends(c.component, "libmutime"));
	ck_assert(component_depends(c.component, "muinit"));
	/* Only the user can know what shall be there. */
	ck_assert_uint_eq(c.findings.count, 1);
	ck_assert_ptr_nonnull(strstr(c.findings.list[0].text, "no boot info page at 0x1000"));
}
END_TEST

/* Muen's schema wants each part at its place, whatever there is already. */
START_TEST(test_places)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	cleanup_xml struct xml_document *document = NULL;
	struct xml_node *root;

	elf_spec_device(&c.spec, "net", SOLO5_NET_BASIC);
	document = convert(&c, "<component name='mine' profile='native'>"
			       "<config><boolean name='b' value='true'/>"
			       "<integer name='i' value='1'/><string name='s' value='x'/></config>"
			       "<requires><vcpu><registers><cr4><PCIDEnable>0</PCIDEnable></cr4>"
			       "</registers></vcpu>"
			       "<devices><device logical='d'/></devices>"
			       "<events><source><event id='1' logical='e'/></source></events>"
			       "</requires><provides>" BOOT_INFO "</provides></component>");
	root = xml_root(document);
	check_children(root, "config depends requires provides ");
	check_children(xml_path(root, "config"), "boolean boolean integer string string ");
	ck_assert_str_eq(xml_get(xml_path(root, "config/boolean"), "name"), "resettable");
	check_children(xml_path(root, "requires"), "vcpu channels devices events ");
	check_children(xml_path(root, "requires/vcpu/registers"), "gpr cr4 ");
	ck_assert_str_eq(c.component->other, "the device 'd'");
}
END_TEST

/* What is there stays, in front of what is added; values that are the unikernel's are set. */
START_TEST(test_existing)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	cleanup_xml struct xml_document *document = NULL;
	struct xml_node *root;

	elf_spec_device(&c.spec, "net", SOLO5_NET_BASIC);
	c.options.bootparams = "new";
	document = convert(
		&c, "<component name='mine' profile='native'>"
		    "<config><boolean name='resettable' value='true'/>"
		    "<string name='bootparams' value='old'/></config>"
		    "<depends><library ref='muinit'/><library ref='libmutime'/>"
		    "<library ref='libmine'/></depends>"
		    "<requires><vcpu><registers><gpr><rip>16#0001#</rip><rax>16#0007#</rax></gpr>"
		    "</registers></vcpu>"
		    "<channels><reader logical='first|in' virtualAddress='16#000a_0000_0000#' "
		    "size='16#1000#'/></channels></requires>"
		    "<provides>" BOOT_INFO "</provides></component>");
	root = xml_root(document);
	ck_assert_str_eq(c.component->bootparams, "new");
	ck_assert(!c.component->resettable);
	check_children(xml_path(root, "config"), "boolean string ");
	/* Without restarts nothing may start with muinit. */
	check_children(xml_path(root, "depends"), "library library library ");
	ck_assert(!component_depends(c.component, "muinit"));
	ck_assert(component_depends(c.component, "libmine"));
	check_children(xml_path(root, "requires/vcpu/registers/gpr"), "rip rsp rax ");
	ck_assert_uint_eq(c.component->channel_count, 3);
	ck_assert_str_eq(c.component->channels[0].logical, "first|in");
	ck_assert_str_eq(component_stray_channel(c.component)->logical, "first|in");
}
END_TEST

/* Two components of one system need two boot info files. */
START_TEST(test_boot_info_name)
{
	static const char source[] = "<component name='mine' profile='native'><provides>" BOOT_INFO
				     "</provides></component>";

	for (int renamed = 0; renamed < 2; renamed++) {
		cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
		cleanup_xml struct xml_document *document = NULL;

		c.options.name = renamed ? "web" : NULL;
		document = convert(&c, source);
		ck_assert_str_eq(c.component->name, renamed ? "web" : "mine");
		ck_assert_str_eq(c.component->regions[0].file, renamed ? "web_bi" : "mine_bi");
	}
}
END_TEST

/* A region of the source's that has a section's name. */
START_TEST(test_same_name)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	cleanup_xml struct xml_document *document = convert(
		&c, "<component name='mine' profile='native'><provides>" BOOT_INFO
		    "<memory logical='.data' type='subject' virtualAddress='16#000a_0000_0000#' "
		    "size='16#1000#' writable='true' executable='false'/></provides></component>");

	ck_assert_ptr_nonnull(document);
	ck_assert_uint_eq(component_region_named(c.component, ".data")->address, 0xa00000000);
	ck_assert_uint_eq(component_region_named(c.component, ".data2")->address, 0x207000);
}
END_TEST

/* ---- what is refused ----------------------------------------------------- */

#define REGION(attributes)                                                                         \
	"<component name='c' profile='native'><provides><memory " attributes                       \
	"/></provides></component>"
#define FILLED(content)                                                                            \
	"<component name='c' profile='native'><provides><memory logical='r' "                      \
	"virtualAddress='16#1000#' size='16#1000#' writable='true' executable='false'>" content    \
	"</memory></provides></component>"
#define CHANNEL(attributes)                                                                        \
	"<component name='c' profile='native'><requires><channels><reader " attributes             \
	"/></channels></requires></component>"
#define ACCESS " writable='true' executable='false'"
#define NAME_64 "a123456789b123456789c123456789d123456789e123456789f123456789g123"

static const struct {
	const char *source, *word;
} bad_sources[] = {
	{ "", "source" },
	{ "<component", "source" },
	{ "<system/>", "a <component> was expected" },
	{ "<component/>", "has no attribute 'name'" },
	{ "<component name=''/>", "0 characters" },
	{ "<component name='" NAME_64 "'/>", "64 characters" },
	{ REGION(""), "has no attribute 'logical'" },
	{ REGION("logical=''"), "0 characters" },
	{ REGION("logical='" NAME_64 "'"), "64 characters" },
	{ REGION("logical='r'"), "has no attribute 'virtualAddress'" },
	{ REGION("logical='r' virtualAddress='16##'"), "'16##'" },
	{ REGION("logical='r' virtualAddress='0x10'"), "'0x10'" },
	{ REGION("logical='r' virtualAddress='16#1#' size='16#1000#'" ACCESS), "multiple of" },
	{ REGION("logical='r' virtualAddress='16#1000#' size='1'" ACCESS), "multiple of" },
	{ REGION("logical='r' virtualAddress='16#1000#' size='0'" ACCESS), "at least a page" },
	{ REGION("logical='r' virtualAddress='16#1000#' size='16#1000#' writable='yes'"), "'yes'" },
	{ REGION("logical='r' virtualAddress='16#1000#' size='16#1000#' writable='true'"),
	  "'executable'" },
	{ REGION("logical='r' virtualAddress='16#ffff_ffff_ffff_f000#' size='16#1000#'" ACCESS),
	  "16#8000_0000_0000#" },
	{ REGION("logical='r' virtualAddress='16#1000#' size='16#ffff_ffff_ffff_f000#'" ACCESS),
	  "16#8000_0000_0000#" },
	{ CHANNEL("logical='c'"), "has no attribute 'size'" },
	{ CHANNEL("logical='c' size='16#1001#'"), "multiple of" },
	{ CHANNEL("logical='c' size='16#8000_0000_0000_0000#'"), "16#8000_0000_0000#" },
	{ CHANNEL("logical='c' size='16#1000#' virtualAddress='here'"), "'here'" },
	{ CHANNEL("logical='c' size='16#1000#'/><writer logical='c' size='16#1000#'"),
	  "'c' already" },
	{ "<component name='c'><config><boolean name='resettable' value='maybe'/></config>"
	  "</component>",
	  "'maybe'" },
	{ "<component name='c'><depends><library/></depends></component>", "'ref'" },
	{ "<component name='c'><provides><memory logical='r' virtualAddress='16#1000#' "
	  "size='16#1000#' writable='true' executable='false'><file/></memory></provides>"
	  "</component>",
	  "'filename'" },
	{ FILLED("<fill/>"), "'pattern'" },
	{ FILLED("<fill pattern='ff'/>"), "'ff'" },
	{ FILLED("<fill pattern='16#0100#'/>"), "the pattern is 16#0100#, a byte" },
	{ "<!DOCTYPE c [<!ENTITY e SYSTEM '/etc/passwd'>]><component name='&e;'/>", "source" },
};

START_TEST(test_refused)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.options.source = write_source(bad_sources[_i].source);
	conversion_refused(&c, ERR_INPUT, bad_sources[_i].word, "");
	ck_assert_ptr_nonnull(strstr(c.err.message, path));
}
END_TEST

START_TEST(test_missing)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.options.source = "/nonexistent/source.xml";
	ck_assert_ptr_null(conversion_run(&c));
	ck_assert_int_eq(c.err.kind, ERR_NO_INPUT);
	ck_assert_ptr_nonnull(strstr(c.err.message, "/nonexistent/source.xml"));
}
END_TEST

/* A channel that the source has already, under the name of a device of the manifest. */
START_TEST(test_channel_twice)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	elf_spec_device(&c.spec, "net", SOLO5_NET_BASIC);
	c.options.source = write_source(CHANNEL("logical='net|in' size='16#1000#'"));
	conversion_refused(&c, ERR_INPUT, "region or channel 'net|in' already", "name");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gencspec");
	TCase *tcase = tcase_create("source");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60); /* seconds; machines may be busy */
	tcase_add_checked_fixture(tcase, NULL, remove_source);
	tcase_add_test(tcase, test_least);
	tcase_add_test(tcase, test_places);
	tcase_add_test(tcase, test_existing);
	tcase_add_test(tcase, test_boot_info_name);
	tcase_add_test(tcase, test_same_name);
	tcase_add_loop_test(tcase, test_refused, 0, LENGTH(bad_sources));
	tcase_add_test(tcase, test_missing);
	tcase_add_test(tcase, test_channel_twice);
	return run_suite(suite);
}
