/* Worlds out of policies: what is composed has the world that the components have by themselves;
 * Muen's own tools' documents have the same one in all their forms; what the policy changes is
 * changed, and what Muen would refuse is refused where it stands. */
#include "policy/world_xml.h"

#include "base/alloc.h"
#include "base/file.h"
#include "policy/documents.h"
#include "solo5/unikernel.h"
#include "tests/unit/composition.h"
#include "tests/unit/elf_builder.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define RECIPE "description: x\n"

/* ---- a composed policy in memory ----------------------------------------- */

struct composed {
	struct composing composing;
	struct buffer policy, plan;
	struct elf_image image;
	struct policy_file files[3];
	struct policy_source source;
	struct policy *opened;
	struct error err;
};

static void write_document(struct xml_document *document, struct buffer *text)
{
	ck_assert_ptr_nonnull(document);
	xml_write(document, text);
	xml_free(document);
}

/* What the unikernels added so far come to. */
static void compose(struct composed *c)
{
	const struct system *system = composing_run(&c->composing);
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);

	ck_assert_msg(system != NULL, "%s", c->composing.err.message);
	write_document(system_document(system, &c->err), &c->policy);
	write_document(schedule_document(system), &c->plan);
	c->image = elf_build(&spec);
	c->files[0] = (struct policy_file){ "system.xml", c->policy.data, c->policy.length, NULL };
	c->files[1] =
		(struct policy_file){ SCHEDULING_PLAN_FILE, c->plan.data, c->plan.length, NULL };
	c->files[2] = (struct policy_file){ "test.muen", c->image.bytes, c->image.size,
					    "/proc/self/fd/9" };
	c->source = (struct policy_source){ .path = "nowhere/system.xml",
					    .files = c->files,
					    .file_count = 3 };
}

static void composed_free(struct composed *c)
{
	if (c->opened)
		policy_close(c->opened);
	buffer_free(&c->policy);
	buffer_free(&c->plan);
	elf_image_free(&c->image);
	composing_free(&c->composing);
}
#define cleanup_composed cleanup_with(composed_free)

/* Replaces the first `from` in the policy that stands behind `after`. */
static void change(struct composed *c, const char *after, const char *from, const char *to)
{
	struct buffer changed = { 0 };
	const char *start = strstr(c->policy.data, after), *place;

	ck_assert_msg(start != NULL, "no '%s' in the policy", after);
	place = strstr(start, from);
	ck_assert_msg(place != NULL, "no '%s' in the policy", from);
	buffer_add(&changed, c->policy.data, (size_t)(place - c->policy.data));
	buffer_add_text(&changed, to);
	buffer_add_text(&changed, place + strlen(from));
	buffer_free(&c->policy);
	c->policy = changed;
	c->files[0].bytes = changed.data;
	c->files[0].size = changed.length;
}

static struct subject_world *world_of(struct composed *c, const char *subject)
{
	if (!c->opened)
		c->opened = policy_open(&c->source, &c->err);
	return c->opened ? policy_world(c->opened, subject, &c->err) : NULL;
}

/* ---- comparing ----------------------------------------------------------- */

static void check_region(const struct world_region *found, const struct world_region *expected)
{
	const char *name = expected->name;

	ck_assert_msg(found != NULL, "no region '%s'", name);
	ck_assert_msg(found->address == expected->address && found->size == expected->size,
		      "place of '%s'", name);
	ck_assert_msg(found->writable == expected->writable &&
			      found->executable == expected->executable,
		      "rights of '%s'", name);
	ck_assert_msg(found->role == expected->role, "role of '%s': %s", name,
		      world_role_name(found->role));
	ck_assert_msg(found->content == expected->content && found->pattern == expected->pattern &&
			      found->file_offset == expected->file_offset &&
			      !found->file == !expected->file,
		      "content of '%s'", name);
}

/* What Muen adds for itself, beyond what a unikernel sees: muinit, and what it resets from. */
static size_t count_seen(const struct subject_world *world)
{
	size_t count = world->count;

	for (size_t i = 0; i < world->count; i++)
		count -= world->regions[i].role == WORLD_MEMORY;
	return count;
}

static void check_same(const struct subject_world *found, const struct subject_world *expected)
{
	for (size_t i = 0; i < expected->count; i++)
		check_region(world_region_named(found, expected->regions[i].name),
			     &expected->regions[i]);
	ck_assert_uint_eq(count_seen(found), expected->count);
	ck_assert_str_eq(found->name, expected->name);
	ck_assert_str_eq(found->bootparams, expected->bootparams);
	ck_assert_uint_eq(found->entry, expected->entry);
	ck_assert_uint_eq(found->stack, expected->stack);
	ck_assert_uint_eq(found->boot_info, expected->boot_info);
	ck_assert_int_eq(found->exit_event, expected->exit_event);
	ck_assert_uint_eq(found->sinfo_revision, expected->sinfo_revision);
}

static struct subject_world *expected_world(const struct component *component,
					    const struct recipe *recipe)
{
	struct world_options options = { .name = component->name,
					 .sinfo_revision = 5,
					 .log_channel_size = recipe->debug.log_channel_size,
					 .origin = "the unikernel" };
	struct error err = { 0 };
	struct subject_world *world = world_from_component(component, &options, &err);

	ck_assert_msg(world != NULL, "%s", err.message);
	return world;
}

static void check_composed(struct composed *c)
{
	const struct composing *composing = &c->composing;
	const char *const *names;

	compose(c);
	for (size_t i = 0; i < composing->composition.unikernel_count; i++) {
		const struct component *component = composing->components[i];
		cleanup_world struct subject_world *found = world_of(c, component->name);
		cleanup_world struct subject_world *expected = NULL;

		ck_assert_msg(found != NULL, "%s", c->err.message);
		expected = expected_world(component, composing->recipe);
		check_same(found, expected);
		ck_assert_str_eq(found->unikernel, "/proc/self/fd/9");
	}
	ck_assert_uint_eq(policy_unikernels(c->opened, &names),
			  composing->composition.unikernel_count);
	ck_assert_str_eq(names[0], composing->components[0]->name);
}

/* ---- composed systems ---------------------------------------------------- */

static const char *const recipes[] = { "recipes/x86-qemu-solo5.yaml",
				       "recipes/x86-qemu-solo5-test.yaml",
				       "recipes/x86-lenovo-t430s.yaml" };

START_TEST(test_recipes)
{
	cleanup_composed struct composed c = { 0 };
	cleanup_bytes struct bytes text = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(file_read(recipes[_i], 1 << 16, 1, &text, &err), 0);
	composing_begin(&c.composing, (const char *)text.data);
	composing_add(&c.composing, "unikernel",
		      c.composing.recipe->network.allowed ? "service" : "", true);
	check_composed(&c);
}
END_TEST

START_TEST(test_several)
{
	cleanup_composed struct composed c = { 0 };

	composing_begin(&c.composing, RECIPE);
	composing_add(&c.composing, "web", "service0 eth1", true);
	composing_add(&c.composing, "dns", "service0", false);
	composing_add(&c.composing, "lone", "", false);
	composing_link(&c.composing, "web", "eth1", "dns", "service0");
	check_composed(&c);
}
END_TEST

/* By the physical name two subjects know their channel. */
START_TEST(test_direct_channel)
{
	cleanup_composed struct composed c = { 0 };
	cleanup_world struct subject_world *web = NULL, *dns = NULL;

	composing_begin(&c.composing, RECIPE);
	composing_add(&c.composing, "web", "service", true);
	composing_add(&c.composing, "dns", "eth", true);
	composing_link(&c.composing, "web", "service", "dns", "eth");
	compose(&c);
	web = world_of(&c, "web");
	dns = world_of(&c, "dns");
	ck_assert_msg(web && dns, "%s", c.err.message);
	ck_assert_str_eq(world_region_named(web, "service|out")->physical,
			 world_region_named(dns, "eth|in")->physical);
	ck_assert_str_eq(world_region_named(web, "service|in")->physical,
			 world_region_named(dns, "eth|out")->physical);
	ck_assert_str_ne(world_region_named(web, "ram")->physical,
			 world_region_named(dns, "ram")->physical);
}
END_TEST

/* ---- what the policy changes --------------------------------------------- */

static void begin_one(struct composed *c)
{
	composing_begin(&c->composing, RECIPE);
	composing_add(&c->composing, "uk", "net", true);
	compose(c);
}

static const struct world_region *changed_region(struct composed *c, struct subject_world **world,
						 const char *name)
{
	*world = world_of(c, "uk");
	ck_assert_msg(*world != NULL, "%s", c->err.message);
	return world_region_named(*world, name);
}

START_TEST(test_moved_channel)
{
	cleanup_composed struct composed c = { 0 };
	cleanup_world struct subject_world *world = NULL;

	begin_one(&c);
	change(&c, "<reader logical=\"net|in\"", "virtualAddress=\"",
	       "virtualAddress=\"16#00aa_0000_0000#\" other=\"");
	ck_assert_uint_eq(changed_region(&c, &world, "net|in")->address, 0xaa00000000);
}
END_TEST

START_TEST(test_own_log_size)
{
	cleanup_composed struct composed c = { 0 };
	cleanup_world struct subject_world *world = NULL;

	begin_one(&c);
	change(&c, "logchannel_size", "16#0002_0000#", "16#0004_0000#");
	ck_assert_uint_eq(changed_region(&c, &world, "debuglog")->size, 0x40000);
}
END_TEST

/* As Muen's allocator: first fit from 4 GiB on, in the component's order. */
START_TEST(test_unplaced_channels)
{
	cleanup_composed struct composed c = { 0 };
	cleanup_world struct subject_world *world = NULL;

	begin_one(&c);
	change(&c, "<reader logical=\"net|in\"", "virtualAddress", "other");
	change(&c, "<writer logical=\"net|out\"", "virtualAddress=\"16#",
	       "virtualAddress=\"auto\" other=\"");
	ck_assert_uint_eq(changed_region(&c, &world, "net|in")->address, 0x100000000);
	ck_assert_uint_eq(world_region_named(world, "net|out")->address, 0x100100000);
}
END_TEST

START_TEST(test_own_mapping)
{
	cleanup_composed struct composed c = { 0 };
	cleanup_world struct subject_world *world = NULL;
	const struct world_region *region;

	begin_one(&c);
	change(&c, "<memory>", "<memory>",
	       "<memory><memory name='extra' size='16#2000#' caching='WB'><fill "
	       "pattern='16#5a#'/></memory>");
	change(&c, "<subject name=\"uk\">", "<events>",
	       "<memory><memory logical='more' physical='extra' "
	       "virtualAddress='16#00bb_0000_0000#' "
	       "writable='true' executable='false'/></memory><events>");
	region = changed_region(&c, &world, "more");
	ck_assert_uint_eq(region->address, 0xbb00000000);
	ck_assert_uint_eq(region->size, 0x2000);
	ck_assert_int_eq(region->role, WORLD_MEMORY);
	ck_assert_int_eq(region->content, REGION_FILL);
	ck_assert_int_eq(region->pattern, 0x5a);
	ck_assert_str_eq(region->physical, "extra");
}
END_TEST

START_TEST(test_registers)
{
	cleanup_composed struct composed c = { 0 };
	cleanup_world struct subject_world *world = NULL;

	begin_one(&c);
	change(&c, "<subject name=\"uk\">", "<events>",
	       "<vcpu><registers><gpr><rsp>16#0020_8000#</rsp></gpr></registers></vcpu>"
	       "<bootparams>more</bootparams><events>");
	changed_region(&c, &world, "ram");
	ck_assert_uint_eq(world->stack, 0x208000);
	ck_assert_str_eq(world->bootparams, "more");
}
END_TEST

/* The line of an origin is that of the element. */
START_TEST(test_origins)
{
	cleanup_composed struct composed c = { 0 };
	cleanup_world struct subject_world *world = NULL;
	const char *start;
	unsigned line = 1;
	char expected[64];

	begin_one(&c);
	start = strstr(c.policy.data, "<memory executable=\"true\" logical=\"text\"");
	ck_assert_ptr_nonnull(start);
	for (const char *at = c.policy.data; at < start; at++)
		line += *at == '\n';
	snprintf(expected, sizeof(expected), "system.xml:%u", line);
	ck_assert_str_eq(changed_region(&c, &world, "text")->origin, expected);
}
END_TEST

/* A component that is not in the policy stands beside it, with variables of its own. */
START_TEST(test_component_beside)
{
	static const char name[] = "component_uk.xml";
	cleanup_composed struct composed c = { 0 };
	cleanup_world struct subject_world *world = NULL;
	struct policy_file files[4];
	const char *document;

	begin_one(&c);
	change(&c, "<component name=\"uk\"", "name=\"uk\"", "name=\"other\"");
	memcpy(files, c.files, sizeof(c.files));
	document = c.composing.components[0]->document;
	files[3] = (struct policy_file){ name, document, strlen(document), NULL };
	c.source.files = files;
	c.source.file_count = 4;
	ck_assert(!strncmp(changed_region(&c, &world, "text")->origin, name, strlen(name)));
}
END_TEST

/* ---- what is refused ----------------------------------------------------- */

static const struct {
	const char *after, *from, *to;
	const char *word, *mend;
} refused[] = {
	{ "name=\"uk_net_in\"", "16#0010_0000#", "16#0020_0000#",
	  "the component wants 16#0010_0000#", "same size" },
	{ "<map logical=\"net|in\"", "logical=\"net|in\"", "logical=\"x\"",
	  "does not map the channel 'net|in', which its component requires (system.xml:", "<map" },
	{ "<map logical=\"net|in\"", "physical=\"uk_net_in\"", "physical=\"nosuch\"",
	  "no channel of that name", "" },
	{ "<subject name=\"uk\">", "physical=\"uk|ctl\"", "physical=\"nosuch\"",
	  "no memory region of that name", "" },
	{ "<map logical=\"net|in\"", "<map", "<map logical='net|in' physical='x'/><map",
	  "is mapped at line", "" },
	{ "logical=\"ram\"", "size=\"16#0100_0000#\"", "size=\"16#4000_0000#\"", "overlap", "" },
	{ "logical=\"text\"", "logical=\"text\"", "logical=\"ram\"",
	  "another 'ram', of system.xml:", "" },
	{ "logical=\"ram\"", "virtualAddress=\"16#0020_", "virtualAddress=\"16#7000_0020_",
	  "its stack", "" },
	{ "logical=\"text\"", "virtualAddress=\"16#0020_0000#\"",
	  "virtualAddress=\"16#0020_0010#\"", "whole pages", "" },
	{ "logical=\"text\"", "offset=\"16#1000#\"", "offset=\"16#1000_0000#\"", "has only",
	  "not that of this unikernel" },
	{ "logical=\"text\"", "writable=\"false\"", "writable=\"maybe\"", "true or false", "" },
	{ "<rsp>", "<rsp>16#", "<rsp>no", "a number was expected", "" },
	{ "<library ref=\"libmutime\"", "libmutime", "libnosuch", "specification is not there",
	  "cspec_libnosuch.xml" },
	{ "<depends>", "<library ref=\"libmutime\"/>", "", "no region for its time info", "" },
	{ "id=\"0\" logical=\"solo5_exit\"", "id=\"0\"", "id=\"256\"", "above 255", "" },
	{ "<subjects>", "<subject name=\"uk\">", "<subject name=\"other\">", "no subject 'uk'",
	  "its unikernels are: other" },
	{ "type=\"subject_solo5_boot_info\"", "subject_solo5_boot_info", "subject",
	  "is no unikernel", "none of the policy's subjects" },
	{ "filename=\"test.muen\"", "test.muen", "nosuch.muen", "none of the folders", "-I" },
	{ "<include href", "scheduling_plans.xml", "nosuch.xml", "none of the folders", "-I" },
	{ "<system>", "<system>", "<system2>", "system.xml:", "" },
};

START_TEST(test_refused)
{
	cleanup_composed struct composed c = { 0 };
	const char *mend = refused[_i].mend;

	begin_one(&c);
	change(&c, refused[_i].after, refused[_i].from, refused[_i].to);
	ck_assert_msg(!world_of(&c, "uk"), "accepted, '%s' was expected", refused[_i].word);
	ck_assert_msg(c.err.kind == ERR_INPUT || c.err.kind == ERR_NO_INPUT, "kind %d",
		      (int)c.err.kind);
	ck_assert_msg(strstr(c.err.message, refused[_i].word) != NULL, "no '%s' in: %s",
		      refused[_i].word, c.err.message);
	ck_assert_msg(strstr(c.err.mend, mend) != NULL, "no '%s' in: %s", mend, c.err.mend);
	ck_assert_msg(strstr(c.err.message, ".xml") != NULL, "no place in: %s", c.err.message);
}
END_TEST

/* ---- Muen's own documents ------------------------------------------------ */

static const char *const golden[] = { "mirage-solo5-net-reset", "mirage-solo5-hello-noreset" };
static const char *const forms[] = { "04-merged", "07-joined", "08-va",	     "09-filtered",
				     "10-a",	  "11-b",      "15-b-hashes" };

/* The file that the golden documents' unikernel is: any of the size that it had. */
static void golden_file(struct policy_file *file, const char *name, struct elf_image *image)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);

	spec.text_size = 0x8000;
	*image = elf_build(&spec);
	*file = (struct policy_file){ name, image->bytes, image->size, NULL };
}

static struct subject_world *golden_world(const char *folder, const char *form,
					  const struct policy_file *file, struct error *err)
{
	cleanup_free char *relative = xasprintf("golden/%s/%s.xml", folder, form);
	cleanup_policy struct policy *policy = NULL;
	struct policy_source source = { .files = file, .file_count = 1 };

	source.path = shared_path(relative);
	policy = source.path ? policy_open(&source, err) : NULL;
	return policy ? policy_world(policy, "unikernel", err) : NULL;
}

static struct subject_world *golden_expected(const char *folder, struct error *err)
{
	cleanup_free char *relative = xasprintf("golden/%s/01-component_unikernel.xml", folder);
	cleanup_component struct component *component = NULL;
	cleanup_bytes struct bytes bytes = { 0 };
	struct world_options options = { .name = "unikernel",
					 .sinfo_revision = 5,
					 .log_channel_size = 0x20000,
					 .origin = "golden" };

	if (!shared_path(relative))
		return NULL;
	ck_assert_int_eq(file_read(shared_path(relative), 1 << 20, 0, &bytes, err), 0);
	component = component_parse(relative, (const char *)bytes.data, bytes.size, err);
	ck_assert_msg(component != NULL, "%s", err->message);
	return world_from_component(component, &options, err);
}

START_TEST(test_golden)
{
	const char *folder = golden[_i];
	const char *name = _i ? "test_hello.muen" : "test_net.muen";
	cleanup_elf_image struct elf_image image = { 0 };
	cleanup_world struct subject_world *expected = NULL;
	struct policy_file file;
	struct error err = { 0 };

	expected = golden_expected(folder, &err);
	if (!expected) {
		printf("# SKIP no golden/%s\n", folder);
		return;
	}
	golden_file(&file, name, &image);
	for (int i = 0; i < LENGTH(forms); i++) {
		cleanup_world struct subject_world *found =
			golden_world(folder, forms[i], &file, &err);

		ck_assert_msg(found != NULL, "%s: %s", forms[i], err.message);
		check_same(found, expected);
	}
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("policy_world");
	TCase *composed = tcase_create("composed"), *changed = tcase_create("changed");
	TCase *own = tcase_create("muen");

	tcase_add_loop_test(composed, test_recipes, 0, LENGTH(recipes));
	tcase_add_test(composed, test_several);
	tcase_add_test(composed, test_direct_channel);
	tcase_add_test(changed, test_moved_channel);
	tcase_add_test(changed, test_own_log_size);
	tcase_add_test(changed, test_unplaced_channels);
	tcase_add_test(changed, test_own_mapping);
	tcase_add_test(changed, test_registers);
	tcase_add_test(changed, test_origins);
	tcase_add_test(changed, test_component_beside);
	tcase_add_loop_test(changed, test_refused, 0, LENGTH(refused));
	tcase_add_loop_test(own, test_golden, 0, LENGTH(golden));
	suite_add_tcase(suite, composed);
	suite_add_tcase(suite, changed);
	suite_add_tcase(suite, own);
	return suite;
}

int main(void)
{
	return run_suite(make_suite());
}
