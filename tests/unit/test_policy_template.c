/* Composing into a policy of the user's: Muen's own documents come out as Muen's own composer makes
 * them, and a template that lacks something is told where. */
#include "policy/template.h"

#include "base/alloc.h"
#include "tests/unit/composition.h"
#include "tests/unit/conversion.h"
#include "tests/unit/support.h"
#include "tests/unit/xml_compare.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- Muen's own documents ------------------------------------------------ */

static struct component *golden_component(const char *file, const char *parameters, bool network)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	if (network)
		elf_spec_device(&c.spec, "service0", SOLO5_NET_BASIC);
	c.options.file = file;
	c.options.bootparams = parameters;
	c.options.resettable = network;
	ck_assert_msg(conversion_run(&c) != NULL, "%s", c.err.message);
	return steal(c.component);
}

/* Takes ownership of the component. */
static void check_golden(const char *golden, struct component *made)
{
	cleanup_component struct component *component = made;
	struct unikernel_request request = { .component = component, .cpu = -1 };
	struct composition composition = { .unikernels = &request, .unikernel_count = 1 };
	const char *path = shared_path("muen/policy/system/mirageos/mirage-solo5.xml");
	cleanup_xml struct xml_document *found = NULL, *expected = NULL;
	cleanup_findings struct findings findings = { 0 };
	cleanup_free char *difference = NULL;
	struct error err = { 0 };

	if (!path || !shared_path(golden)) {
		printf("# SKIP no %s\n", golden);
		return;
	}
	found = xml_read(shared_path("muen/policy/system/mirageos/mirage-solo5.xml"), &err);
	ck_assert_msg(found != NULL, "%s", err.message);
	ck_assert_msg(template_compose(found, &composition, &request, &findings, &err) == 0, "%s",
		      err.message);
	expected = xml_read(shared_path(golden), &err);
	ck_assert_msg(expected != NULL, "%s", err.message);
	difference = xml_difference(xml_root(expected), xml_root(found));
	ck_assert_msg(!difference, "%s", difference);
}

START_TEST(test_golden_hello)
{
	check_golden("golden/mirage-solo5-hello-noreset/mirage-solo5.xml",
		     golden_component("test_hello.muen", "Hi!", false));
}
END_TEST

START_TEST(test_golden_net)
{
	check_golden("golden/mirage-solo5-net-reset/mirage-solo5.xml",
		     golden_component("test_net.muen", "limit", true));
}
END_TEST

/* ---- small templates ----------------------------------------------------- */

#define SUBJECT(name, component, inside)                                                           \
	"<subject name='" name "'><events/>" inside "<component ref='" component "'/></subject>"
#define TEMPLATE(before, subjects)                                                                 \
	"<system><config/>" before "<subjects>" subjects "</subjects></system>"

static struct xml_document *compose(struct composing *c, const char *template)
{
	cleanup_xml struct xml_document *document =
		xml_parse("template.xml", template, strlen(template), &c->err);

	ck_assert_msg(document != NULL, "%s", c->err.message);
	if (template_compose(document, &c->composition, c->requests, &c->findings, &c->err) < 0)
		return NULL;
	return steal(document);
}

/* The template's driver has channels of its own: ours come behind them. */
START_TEST(test_driver_channels)
{
	cleanup_composing struct composing c;
	cleanup_xml struct xml_document *document = NULL;
	struct xml_node *ends, *last;

	composing_begin(&c, "description: x\n");
	composing_add(&c, "web", "wan", false);
	document = compose(
		&c, TEMPLATE("<channels><channel name='old' size='16#0002_0000#'/></channels>",
			     SUBJECT("webby", "web", "")
				     SUBJECT("nic_linux", "linux",
					     "<channels><reader logical='old' physical='old' "
					     "virtualAddress='16#000e_0300_0000#'/></channels>")));
	ck_assert_msg(document != NULL, "%s", c.err.message);
	ends = xml_path(
		xml_find(xml_path(xml_root(document), "subjects"), "subject", "name", "nic_linux"),
		"channels");
	last = xml_find(ends, "writer", "logical", "wan|in");
	ck_assert_ptr_nonnull(last);
	ck_assert_str_eq(xml_get(last, "virtualAddress"), "16#000e_0302_0000#");
	ck_assert_str_eq(xml_get(last, "physical"), "webby_wan_in");
	ck_assert_str_eq(c.requests[0].subject, "webby");
}
END_TEST

/* A template that has the channel and maps it is left as it is. */
START_TEST(test_mapped_already)
{
	cleanup_composing struct composing c;
	cleanup_xml struct xml_document *document = NULL;
	size_t maps = 0;

	composing_begin(&c, "description: x\n");
	composing_add(&c, "web", "wan", false);
	document = compose(&c, TEMPLATE("<channels><channel name='mine' size='16#0010_0000#'/>"
					"</channels>",
					"<subject name='web'><events/><component ref='web'>"
					"<map logical='wan|in' physical='mine'/>"
					"<map logical='wan|out' physical='mine'/></component>"
					"</subject>" SUBJECT("nic_linux", "linux", "")));
	ck_assert_msg(document != NULL, "%s", c.err.message);
	xml_each (map, xml_path(xml_root(document), "subjects/subject/component"), "map")
		maps++;
	ck_assert_uint_eq(maps, 2);
	ck_assert_ptr_null(xml_find(xml_path(xml_root(document), "channels"), "channel", "name",
				    "web_wan_in"));
}
END_TEST

static const struct {
	const char *template, *word, *mend;
} bad_templates[] = {
	{ "<component name='x'/>", "a <system> was expected", "source form" },
	{ "<system/>", "has no <subjects>", "complete" },
	{ "<system><subjects/></system>",
	  "no subject of the template refers to the component 'web'", "nothing" },
	{ TEMPLATE("", SUBJECT("a", "other", "")), "refers to the component 'web'", "other" },
	{ TEMPLATE("", SUBJECT("a", "web", "") SUBJECT("b", "web", "")), "second subject",
	  "twice" },
	{ TEMPLATE("", "<subject name='a'/>" SUBJECT("a", "web", "")),
	  "another subject of that name", "of its own" },
	{ TEMPLATE("", "<subject><component ref='web'/></subject>"), "has no attribute 'name'",
	  "" },
	{ TEMPLATE("", SUBJECT("a", "web", "")), "no subject 'nic_linux'", "--connect" },
	{ TEMPLATE("<components><component name='web'/></components>", SUBJECT("a", "web", "")),
	  "has a component 'web' already", "remove" },
	{ TEMPLATE("<channels><channel name='a_wan_in' size='16#1000#'/></channels>",
		   SUBJECT("a", "web", "") SUBJECT("nic_linux", "linux", "")),
	  "has 0x1000 bytes", "--channel-size 4096" },
	{ TEMPLATE("<channels><channel name='a_wan_in' size='$size'/></channels>",
		   SUBJECT("a", "web", "") SUBJECT("nic_linux", "linux", "")),
	  "'$size'", "" },
	{ TEMPLATE("", SUBJECT("a", "web", "")
			       SUBJECT("nic_linux", "linux",
				       "<channels><reader logical='o' physical='o' "
				       "virtualAddress='16#000f_ffcf_f000#'/></channels>")),
	  "Linux' address space", "--channel-size" },
};

START_TEST(test_refused)
{
	cleanup_composing struct composing c;

	composing_begin(&c, "description: x\n");
	composing_add(&c, "web", "wan", false);
	ck_assert_ptr_null(compose(&c, bad_templates[_i].template));
	ck_assert_msg(strstr(c.err.message, bad_templates[_i].word) != NULL, "%s", c.err.message);
	ck_assert_msg(strstr(c.err.mend, bad_templates[_i].mend) != NULL, "%s", c.err.mend);
}
END_TEST

/* The template's parameters and the unikernel's share one page. */
START_TEST(test_bootparams)
{
	for (size_t length = BOOT_PARAMETERS_MAX - 4; length < BOOT_PARAMETERS_MAX; length++) {
		cleanup_composing struct composing c;
		cleanup_conversion struct conversion conversion = conversion_of(SOLO5_MUEN);
		cleanup_xml struct xml_document *document = NULL;
		char text[BOOT_PARAMETERS_MAX + 1] = { 0 };

		memset(text, 'x', length);
		conversion.options.bootparams = text;
		ck_assert_msg(conversion_run(&conversion) != NULL, "%s", conversion.err.message);
		composing_begin(&c, "description: x\n");
		composing_add(&c, "unikernel", "", false);
		c.requests[0].component = conversion.component;
		document = compose(&c, TEMPLATE("", SUBJECT("a", "unikernel",
							    "<bootparams>abc</bootparams>")));
		if (length + 4 <= BOOT_PARAMETERS_MAX)
			ck_assert_msg(document != NULL, "%s", c.err.message);
		else
			ck_assert_ptr_nonnull(strstr(c.err.message, "their page holds 4055"));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("template");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60); /* seconds; machines may be busy */
	tcase_add_test(tcase, test_golden_hello);
	tcase_add_test(tcase, test_golden_net);
	tcase_add_test(tcase, test_driver_channels);
	tcase_add_test(tcase, test_mapped_already);
	tcase_add_loop_test(tcase, test_refused, 0, LENGTH(bad_templates));
	tcase_add_test(tcase, test_bootparams);
	return run_suite(suite);
}
