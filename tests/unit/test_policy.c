/* Composed systems: what is in them, no more and no less. That Muen's rules hold for them is what
 * tests/e2e/check_system.py shows. */
#include "policy/documents.h"
#include "policy/subjects.h"
#include "tests/unit/composition.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

static const char plain[] = "description: plain\n";

static const struct system *compose(struct composing *c)
{
	const struct system *system = composing_run(c);

	ck_assert_msg(system != NULL, "%s", c->err.message);
	return system;
}

static const struct event_end *target_of(const struct subject *subject, const char *physical)
{
	for (size_t i = 0; i < subject->target_count; i++)
		if (!strcmp(subject->targets[i].physical, physical))
			return &subject->targets[i];
	return NULL;
}

static const char *mapped(const struct system *system, const char *subject, const char *logical)
{
	const struct subject *found = system_subject(system, subject);

	ck_assert_ptr_nonnull(found);
	for (size_t i = 0; i < found->map_count; i++)
		if (!strcmp(found->maps[i].logical, logical))
			return found->maps[i].physical;
	return NULL;
}

static size_t logs(const struct system *system)
{
	size_t count = 0;

	for (size_t i = 0; i < system->channel_count; i++)
		count += system->channels[i].log;
	return count;
}

/* The totals of the recipe for N unikernels in the fact sheet; `links` are direct pairs. */
static void check_totals(const struct system *system, size_t count, size_t resettable, size_t links)
{
	ck_assert_uint_eq(system->subject_count, 2 + 2 * count);
	ck_assert_uint_eq(system->event_count, 4 + 2 * count + resettable);
	ck_assert_uint_eq(logs(system), 1 + 2 * count);
	ck_assert_uint_eq(system->memory_count, 3 + 2 * count + 2 * resettable);
	ck_assert_uint_eq(system->channel_count, 2 + 2 * count + 2 * links);
	ck_assert_uint_eq(system->component_count, count);
	ck_assert_uint_eq(system->partition_count, count + 1);
	ck_assert_ptr_null(system_subject(system, SUBJECT_LINUX));
	ck_assert_ptr_null(system->domain.name);
}

START_TEST(test_hello)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, "hello", "", false);
	check_totals(compose(&c), 1, 0, 0);
	ck_assert_ptr_null(target_of(system_subject(c.system, "hello"), "hello_reset"));
	ck_assert_str_eq(mapped(c.system, "hello_mon", "resume_subject"), "hello_resume");
	ck_assert_str_eq(mapped(c.system, "dbgserver", "log_channel1"), "log_time");
	ck_assert_str_eq(mapped(c.system, "dbgserver", "log_channel2"), "log_hello_mon");
	ck_assert_str_eq(mapped(c.system, "dbgserver", "log_channel3"), "log_hello");
	ck_assert_ptr_null(mapped(c.system, "dbgserver", "log_channel4"));
	ck_assert_ptr_null(mapped(c.system, "hello", "control"));
}
END_TEST

START_TEST(test_reset)
{
	cleanup_composing struct composing c;
	const struct event_end *reset;

	composing_begin(&c, plain);
	composing_add(&c, "hello", "", true);
	check_totals(compose(&c), 1, 1, 0);
	reset = target_of(system_subject(c.system, "hello"), "hello_reset");
	ck_assert_ptr_nonnull(reset);
	ck_assert_str_eq(reset->action, "reset");
	ck_assert_str_eq(mapped(c.system, "hello", "control"), "hello|ctl");
	ck_assert_str_eq(mapped(c.system, "hello", "status"), "hello|sts");
}
END_TEST

START_TEST(test_direct)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, "a", "net", false);
	composing_add(&c, "b", "lan", true);
	composing_link(&c, "a", "net", "b", "lan");
	check_totals(compose(&c), 2, 1, 1);
	ck_assert_str_eq(mapped(c.system, "a", "net|out"), "a_net_out");
	ck_assert_str_eq(mapped(c.system, "b", "lan|in"), "a_net_out");
	ck_assert_str_eq(mapped(c.system, "b", "lan|out"), "b_lan_out");
	ck_assert_str_eq(mapped(c.system, "a", "net|in"), "b_lan_out");
	ck_assert_uint_eq(c.findings.count, 0);
}
END_TEST

/* A device joined to itself: what it writes, it reads. */
START_TEST(test_loop)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, "a", "net", false);
	composing_link(&c, "a", "net", "a", "net");
	compose(&c);
	ck_assert_str_eq(mapped(c.system, "a", "net|out"), "a_net_out");
	ck_assert_str_eq(mapped(c.system, "a", "net|in"), "a_net_out");
	ck_assert_uint_eq(c.system->channel_count, 2 + 2 + 1);
}
END_TEST

static void check_linux(bool loader)
{
	cleanup_composing struct composing c;
	const struct subject *driver;

	composing_begin(&c, loader ? plain : "description: x\nnetwork:\n  loader: no\n");
	composing_add(&c, "web", "wan lan", true);
	compose(&c);
	ck_assert_uint_eq(c.system->subject_count, 2 + 2 + (loader ? 3 : 2));
	ck_assert_uint_eq(c.system->event_count, 4 + 3 + (loader ? 8 : 5));
	ck_assert_uint_eq(logs(c.system), 4);
	driver = system_subject(c.system, SUBJECT_LINUX);
	ck_assert_uint_eq(driver->channel_count, 4);
	ck_assert_str_eq(driver->bootparams, "console=ttyS0 hostname=nic_linux "
					     "unikernel_iface=wan,lan");
	ck_assert_str_eq(driver->channels[0].logical, "wan|in");
	ck_assert(driver->channels[0].writer);
	ck_assert_str_eq(driver->channels[0].physical, "web_wan_in");
	ck_assert_uint_eq(driver->channels[0].address, 0xe03000000);
	ck_assert_str_eq(driver->channels[3].logical, "lan|out");
	ck_assert_uint_eq(driver->channels[3].address, 0xe03300000);
	ck_assert_str_eq(c.system->domain.subject, SUBJECT_LINUX);
	ck_assert_int_eq(system_subject(c.system, SUBJECT_LINUX_LOADER) != NULL, loader);
}

START_TEST(test_linux)
{
	check_linux(true);
	check_linux(false);
}
END_TEST

/* Interfaces of the same name are told apart; those that are joined elsewhere do not count. */
START_TEST(test_two_with_linux)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, "web", "eth0 eth1", false);
	composing_add(&c, "dns", "eth0 eth1", false);
	composing_add(&c, "averyveryverylongname", "eth0", false);
	composing_link(&c, "web", "eth1", "dns", "eth1");
	compose(&c);
	ck_assert_ptr_nonnull(strstr(system_subject(c.system, SUBJECT_LINUX)->bootparams,
				     "unikernel_iface=web_eth0,dns_eth0,net_4"));
	ck_assert_uint_eq(findings_count(&c.findings, FINDING_NOTE), 3);
}
END_TEST

/* ---- names --------------------------------------------------------------- */

#define DEVICE_59 "d23456789b123456789c123456789d123456789e123456789f123456789"

START_TEST(test_longest_names)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, "a23456789b123456789c1234", DEVICE_59, true);
	compose(&c);
	for (size_t i = 0; i < c.system->channel_count; i++)
		ck_assert_uint_le(strlen(c.system->channels[i].name), MUEN_NAME_MAX);
	ck_assert_str_eq(mapped(c.system, "a23456789b123456789c1234", DEVICE_59 "|out"),
			 "a23456789b123456789c1234_1_out");
	/* The interface in Linux must be shorter. */
	ck_assert_uint_ge(findings_count(&c.findings, FINDING_WARNING), 1);
}
END_TEST

/* ---- how many ------------------------------------------------------------ */

START_TEST(test_eight_and_nine)
{
	for (size_t count = 8; count <= 9; count++) {
		cleanup_composing struct composing c;

		composing_begin(&c, plain);
		c.ram = 512 << 20;
		if (!composing_use_qemu(&c)) {
			printf("# SKIP no hardware description\n");
			return;
		}
		for (size_t i = 0; i < count; i++)
			composing_add(&c, (char[]){ 'u', (char)('1' + i), '\0' }, "", true);
		if (count == 8)
			check_totals(compose(&c), 8, 8, 0);
		else
			composing_refused(&c, ERR_INPUT, "the RAM of u9 (512 MiB) does not fit",
					  "less RAM");
	}
}
END_TEST

START_TEST(test_forty)
{
	cleanup_composing struct composing c;
	char name[8];

	composing_begin(&c, plain);
	c.ram = 8 << 20;
	if (!composing_use_qemu(&c))
		printf("# SKIP no hardware description\n");
	for (int i = 1; i <= 40; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		composing_add(&c, name, "", true);
	}
	check_totals(compose(&c), 40, 40, 0);
	ck_assert_uint_eq(logs(c.system), 81);
}
END_TEST

/* ---- documents ----------------------------------------------------------- */

static size_t count_children(const struct xml_document *document)
{
	size_t count = 0;

	xml_each (child, xml_root(document), NULL)
		count++;
	return count;
}

START_TEST(test_documents)
{
	cleanup_composing struct composing c;
	cleanup_xml struct xml_document *system = NULL, *plan = NULL, *subject = NULL;
	cleanup_xml struct xml_document *channels = NULL, *events = NULL, *memory = NULL;

	composing_begin(&c, plain);
	composing_add(&c, "web", "eth0", true);
	compose(&c);
	system = system_document(c.system, &c.err);
	plan = schedule_document(c.system);
	subject = subject_document(c.system, "web");
	channels = channels_document(c.system, "web");
	events = events_document(c.system, "web");
	memory = memory_document(c.system, "web");
	ck_assert_str_eq(xml_get(xml_first(xml_root(system), "include"), "href"),
			 SCHEDULING_PLAN_FILE);
	ck_assert_str_eq(xml_name(xml_root(plan)), "scheduling");
	ck_assert_str_eq(xml_get(xml_root(subject), "name"), "web");
	ck_assert_ptr_null(subject_document(c.system, "nobody"));
	ck_assert_uint_eq(count_children(channels), 4); /* two logs, in, out */
	ck_assert_uint_eq(count_children(events), 3);	/* trap, resume, reset */
	ck_assert_uint_eq(count_children(memory), 4);	/* control and status, twice */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("composed");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60); /* seconds; machines may be busy */
	tcase_add_test(tcase, test_hello);
	tcase_add_test(tcase, test_reset);
	tcase_add_test(tcase, test_direct);
	tcase_add_test(tcase, test_loop);
	tcase_add_test(tcase, test_linux);
	tcase_add_test(tcase, test_two_with_linux);
	tcase_add_test(tcase, test_longest_names);
	tcase_add_test(tcase, test_eight_and_nine);
	tcase_add_test(tcase, test_forty);
	tcase_add_test(tcase, test_documents);
	return run_suite(suite);
}
