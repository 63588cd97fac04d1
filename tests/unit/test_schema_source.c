/* What source documents may have beyond processed ones, and what they may not. */
#include "tests/unit/support.h"

#include "base/alloc.h"
#include "xml/xml.h"

#include <string.h>

#define SYSTEM(memory, rest)                                                                       \
	"<system><config/><memory>" memory "</memory><events/><subjects><include href='s.xml'/>"   \
	"</subjects>" rest "</system>"
#define REGION "<memory name='m' size='16#1000#' caching='WB'/>"
#define PLAN "<include href='scheduling_plans.xml'/>"
#define IF(content) "<if variable='v' value='true'>" content "</if>"
#define CASE(content)                                                                              \
	"<case variable='v'><when value='1'>" content "</when><others>" content "</others></case>"

static const struct {
	const char *schema;
	const char *text;
	bool is_accepted;
} sources[] = {
	{ "system", SYSTEM(REGION, PLAN), true },
	{ "system", SYSTEM("", PLAN), false },
	{ "system", SYSTEM(REGION, ""), false },
	{ "system", SYSTEM(REGION, PLAN PLAN), false },
	{ "system", SYSTEM(IF(REGION), PLAN), true },
	{ "system", SYSTEM(IF(IF(REGION) REGION), PLAN), true },
	{ "system", SYSTEM(IF("<event name='e' mode='self'/>"), PLAN), false },
	{ "system", SYSTEM(IF("<memory name='m' size='1' caching='WB'/>"), PLAN), false },
	{ "system", SYSTEM("<if variable='v'>" REGION "</if>", PLAN), false },
	{ "system", SYSTEM(CASE(REGION), PLAN), true },
	{ "system", SYSTEM(CASE("<unknown/>"), PLAN), false },
	{ "system", SYSTEM("<case variable='v'><others/><when value='1'/></case>", PLAN), false },
	{ "system", SYSTEM("<doc type='dev'>text</doc>" REGION, PLAN), true },
	{ "system", SYSTEM("<memory name='$n' size='$s' caching='$c'/>", PLAN), true },
	{ "system", SYSTEM("<memory name='n' size='$' caching='WB'/>", PLAN), false },
	{ "system", SYSTEM("<memory name='n' size='x$s' caching='WB'/>", PLAN), false },
	{ "system", SYSTEM(REGION "<include/>", PLAN), false },
	{ "component", "<component name='c' profile='native'/>", true },
	{ "component", "<component name='c' profile='$p'/>", false },
	{ "component", "<component name='c' profile='native'><doc/></component>", false },
	{ "component", "<component name='c' profile='native'>" IF("") "</component>", false },
	{ "component", "<library name='l'><provides/></library>", false },
	{ "component_source", "<library name='l'><provides/></library>", true },
	{ "component_source", "<component name='c' profile='$p'>" IF("") "</component>", true },
	{ "component_source",
	  "<library name='l'><requires><channels><reader logical='r' size='$s' vector='auto'/>"
	  "<writer logical='w' size='16#1000#'/></channels></requires></library>",
	  true },
	{ "component_source",
	  "<library name='l'><requires><channels><reader logical='r' size='auto'/></channels>"
	  "</requires></library>",
	  false },
	{ "component_source",
	  "<library name='l'><requires><vcpu><vmx><controls><proc>" IF(
		  "<HLTExiting>1</HLTExiting>") "</proc></controls></vmx></vcpu></requires>"
						"</library>",
	  true },
	{ "fragment",
	  "<include><channel name='c' size='$s'/>" IF("<include href='x'/>") "</include>", true },
	{ "fragment", "<include><unknown/></include>", false },
	{ "fragment",
	  "<expressions><expression name='e'><and><variable name='a'/><not><variable name='b'/>"
	  "</not></and></expression></expressions>",
	  true },
	{ "fragment",
	  "<expressions><expression name='e'><and><variable name='a'/></and></expression>"
	  "</expressions>",
	  false },
	{ "system_config", "<system><config><string name='n' value='$v'/></config></system>",
	  true },
	{ "system_config", "<system><config>" IF("") "</config></system>", false },
};

START_TEST(sources_may_have_more)
{
	cleanup_free char *path = xasprintf("schema/%s.rng", sources[_i].schema);
	struct error err = { 0 };
	cleanup_xml_schema struct xml_schema *schema = xml_schema_read(path, &err);
	cleanup_xml struct xml_document *document =
		xml_parse("doc.xml", sources[_i].text, strlen(sources[_i].text), &err);
	bool is_accepted;

	ck_assert_msg(schema && document, "%s", err.message);
	is_accepted = xml_validate(document, schema, &err) == 0;
	ck_assert_msg(is_accepted == sources[_i].is_accepted, "%s: %s", sources[_i].text,
		      is_accepted ? "is accepted" : err.message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema_source");
	TCase *tests = tcase_create("documents");

	tcase_add_loop_test(tests, sources_may_have_more, 0,
			    (int)(sizeof(sources) / sizeof(sources[0])));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
