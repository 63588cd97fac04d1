/* What breaks a rule of Muen is refused before anything is composed, in the user's words. */
#include "base/alloc.h"
#include "tests/unit/composition.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char plain[] = "description: plain\n";

/* ---- names --------------------------------------------------------------- */

static const struct {
	const char *name, *word;
} bad_names[] = {
	{ "time", "'time' is taken" },
	{ "dbgserver", "taken" },
	{ "nic_linux", "taken" },
	{ "service", "taken" },
	{ "tau0", "taken" },
	{ "sm", "taken" },
	{ "muinit", "taken" },
	{ "libmutime", "taken" },
	{ "libmusomething", "taken" },
	{ "kernel", "taken" },
	{ "kernel_0", "taken" },
	{ "vtd_tables", "taken" },
	{ "a b", "'a b' cannot be the name" },
	{ "..", "cannot be the name" },
	{ ".x", "cannot be the name" },
	{ "_x", "cannot be the name" },
	{ "-x", "cannot be the name" },
	{ "a,b", "cannot be the name" },
	{ "\xc3\xbc", "cannot be the name" },
	{ "a23456789b123456789c12345", "has 25 characters" },
};

START_TEST(test_name)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, bad_names[_i].name, "", false);
	composing_refused(&c, ERR_USAGE, bad_names[_i].word, "name=NAME");
}
END_TEST

static const struct {
	const char *first, *second, *word;
} collisions[] = {
	{ "a", "a", "two unikernels have the name 'a'" },
	{ "a", "a_mon", "'a' and 'a_mon' collide: both need a " },
	{ "clock", "x", NULL }, /* a channel may be called like a subject */
	{ "panic", "x", NULL },
	{ "time_mon", "x", NULL },
	{ "nic_linux_mon", "x", NULL },
	{ "a", "A", NULL },
	{ "nic", "x", NULL },
};

START_TEST(test_collision)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, collisions[_i].first, "net", true);
	composing_add(&c, collisions[_i].second, "net", true);
	if (collisions[_i].word)
		composing_refused(&c, ERR_USAGE, collisions[_i].word, "name=NAME");
	else
		ck_assert_msg(composing_run(&c) != NULL, "%s", c.err.message);
}
END_TEST

/* ---- component specifications of others ----------------------------------- */

#define SPEC(depends, requires, provides)                                                          \
	"<component name='other' profile='native'>"                                                \
	"<config><boolean name='resettable' value='false'/></config><depends>" depends             \
	"</depends><requires>" requires "</requires><provides>" provides "</provides></component>"
#define LIBRARIES "<library ref='libmudebuglog'/><library ref='libmutime'/>"
#define PAGE(logical, address)                                                                     \
	"<memory logical='" logical "' virtualAddress='" address                                   \
	"' size='16#1000#' writable='true' executable='false'/>"
#define PAIR(name)                                                                                 \
	"<reader logical='" name "|in' size='16#1000#'/><writer logical='" name                    \
	"|out' size='16#1000#'/>"

static const struct {
	const char *spec;
	enum error_kind kind;
	const char *word, *mend;
} bad_specs[] = {
	{ SPEC("", "", ""), ERR_INPUT, "does not depend on the library 'libmudebuglog'",
	  "gencspec" },
	{ SPEC("<library ref='libmudebuglog'/>", "", ""), ERR_INPUT, "'libmutime'", "gencspec" },
	{ SPEC(LIBRARIES "<library ref='muinit'/>", "", ""), ERR_INPUT, "not resettable", "" },
	{ SPEC(LIBRARIES "<library ref='libmudm'/>", "", ""), ERR_INPUT, "'libmudm'",
	  "--template" },
	{ SPEC(LIBRARIES, "<channels><reader logical='x' size='16#1000#'/></channels>", ""),
	  ERR_INPUT, "the channel 'x'", "--template" },
	{ SPEC(LIBRARIES, "<channels><reader logical='x|out' size='16#1000#'/></channels>", ""),
	  ERR_INPUT, "the channel 'x|out'", "--template" },
	{ SPEC(LIBRARIES,
	       "<channels><array logical='a' elementSize='16#1000#' "
	       "virtualAddressBase='16#a000_0000#'><reader logical='b'/></array></channels>",
	       ""),
	  ERR_INPUT, "the channel array 'a'", "--template" },
	{ SPEC(LIBRARIES, "<memory>" PAGE("m", "16#a000_0000#") "</memory>", ""), ERR_INPUT,
	  "the memory region 'm'", "--template" },
	{ SPEC(LIBRARIES, "<devices><device logical='d'/></devices>", ""), ERR_INPUT,
	  "the device 'd'", "--template" },
	{ SPEC(LIBRARIES, "<events><target><event logical='e'/></target></events>", ""), ERR_INPUT,
	  "the event 'e'", "--template" },
	{ SPEC(LIBRARIES, "", PAGE("a", "16#1000#") PAGE("b", "16#1000#")), ERR_INPUT,
	  "component 'other': region", "link" },
	{ SPEC(LIBRARIES, "", PAGE("a", "16#000e_0000_0000#")), ERR_INPUT, "the subject info", "" },
	{ SPEC(LIBRARIES, "", PAGE("sinfo", "16#0020_0000#")), ERR_USAGE,
	  "two memory regions named 'other|sinfo'", "name" },
	{ SPEC(LIBRARIES, "<channels>" PAIR("x y") PAIR("x,y") "</channels>", ""), ERR_NONE, NULL,
	  NULL },
	{ SPEC(LIBRARIES, "<channels>" PAIR("x y") PAIR("net_0") "</channels>", ""), ERR_NONE, NULL,
	  NULL },
};

START_TEST(test_spec)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add_spec(&c, bad_specs[_i].spec);
	if (bad_specs[_i].word)
		composing_refused(&c, bad_specs[_i].kind, bad_specs[_i].word, bad_specs[_i].mend);
	else
		ck_assert_msg(composing_run(&c) != NULL, "%s", c.err.message);
}
END_TEST

START_TEST(test_long_bootparams)
{
	cleanup_composing struct composing c;
	char long_text[BOOT_PARAMETERS_MAX + 2] = { 0 };
	cleanup_free char *spec = NULL;

	memset(long_text, 'x', BOOT_PARAMETERS_MAX + 1);
	spec = xasprintf("<component name='other' profile='native'><config>"
			 "<string name='bootparams' value='%s'/></config><depends>" LIBRARIES
			 "</depends></component>",
			 long_text);
	composing_begin(&c, plain);
	composing_add_spec(&c, spec);
	composing_refused(&c, ERR_INPUT, "4056 bytes", "configuration");
}
END_TEST

/* ---- links --------------------------------------------------------------- */

static const struct {
	const char *left, *left_device, *right, *right_device, *word, *mend;
} bad_links[] = {
	{ "a", "net", "c", "net", "no unikernel 'c'", "the unikernels are: a, b" },
	{ "c", "net", "a", "net", "no unikernel 'c'", "a, b" },
	{ "a", "net", "b", "eth", "'b' has no network device 'eth'", "are: net, lan" },
	{ "a", "eth", "b", "net", "'a' has no network device 'eth'", "are: net" },
	{ "a", "", "b", "net", "no network device ''", "" },
	{ "a", "net", "d", "net", "no unikernel 'd'", "" },
};

START_TEST(test_link)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, "a", "net", false);
	composing_add(&c, "b", "net lan", false);
	composing_link(&c, bad_links[_i].left, bad_links[_i].left_device, bad_links[_i].right,
		       bad_links[_i].right_device);
	composing_refused(&c, ERR_USAGE, bad_links[_i].word, bad_links[_i].mend);
}
END_TEST

START_TEST(test_link_without_devices)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, "a", "", false);
	composing_link(&c, "a", "net", "a", "net");
	composing_refused(&c, ERR_USAGE, "no network device 'net'", "declares no network device");
}
END_TEST

START_TEST(test_link_twice)
{
	static const struct {
		const char *left, *right;
	} second[] = { { "a", "c" }, { "c", "a" }, { "b", "c" }, { "a", "b" }, { "b", "b" } };

	for (int i = 0; i < LENGTH(second); i++) {
		cleanup_composing struct composing c;

		composing_begin(&c, plain);
		composing_add(&c, "a", "net", false);
		composing_add(&c, "b", "net", false);
		composing_add(&c, "c", "net", false);
		composing_link(&c, "a", "net", "b", "net");
		composing_link(&c, second[i].left, "net", second[i].right, "net");
		composing_refused(&c, ERR_USAGE, "joined to another device already", "second");
	}
}
END_TEST

START_TEST(test_link_sizes)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, "a", "net", false);
	c.channel_size = 2 << 20;
	composing_add(&c, "b", "net", false);
	composing_link(&c, "a", "net", "b", "net");
	composing_refused(&c, ERR_USAGE, "'net|out' has 1 MiB, its other side 'net|in' has 2 MiB",
			  "--channel-size");
}
END_TEST

/* ---- network ------------------------------------------------------------- */

START_TEST(test_no_network)
{
	cleanup_composing struct composing c;

	composing_begin(&c, "description: x\nnetwork:\n  allowed: no\n");
	composing_add(&c, "a", "net", false);
	composing_refused(&c, ERR_USAGE, "the recipe test has no network", "--connect");
}
END_TEST

START_TEST(test_too_large_for_linux)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	for (int i = 0; i < 2; i++) {
		char spec[2048], name[] = { (char)('a' + i), '\0' };

		snprintf(spec, sizeof(spec),
			 "<component name='%s' profile='native'><depends>" LIBRARIES
			 "</depends><requires><channels>"
			 "<reader logical='n|in' size='16#4000_0000_0000#'/>"
			 "<writer logical='n|out' size='16#4000_0000_0000#'/>"
			 "</channels></requires></component>",
			 name);
		composing_add_spec(&c, spec);
	}
	composing_refused(&c, ERR_USAGE, "256 TiB of Linux' address space", "--channel-size");
}
END_TEST

START_TEST(test_too_many_parameters)
{
	cleanup_composing struct composing c;
	char devices[63 * 14 + 1] = "";

	composing_begin(&c, plain);
	c.channel_size = 0x1000;
	for (int i = 0; i < 63; i++)
		snprintf(devices + strlen(devices), sizeof(devices) - strlen(devices),
			 "abcdefghij%02d ", i);
	for (int i = 0; i < 6; i++)
		composing_add(&c, (char[]){ (char)('a' + i), '\0' }, devices, false);
	composing_refused(&c, ERR_USAGE, "at most 4095 fit", "--connect");
}
END_TEST

/* ---- scheduling ---------------------------------------------------------- */

static const struct {
	unsigned cpus;
	int first, second; /* CPUs of the unikernels, -1: any */
	const char *word, *mend;
} schedules[] = {
	{ 0, -1, -1, NULL, NULL },
	{ 1, -1, -1, NULL, NULL },
	{ 2, 0, 0, NULL, NULL },
	{ 2, 1, 1, NULL, NULL }, /* the services go to CPU 0 */
	{ 2, 0, 1, NULL, NULL },
	{ 3, 2, -1, NULL, NULL },
	{ 64, -1, -1, NULL, NULL }, /* no more are used than there is work for */
	{ 65, -1, -1, "would use 65 CPUs, Muen has 64", "--cpus 64" },
	{ 1, 1, -1, "placed on CPU 1, the system uses CPUs 0 to 0", "--cpus 2" },
	{ 2, 63, -1, "placed on CPU 63", "--cpus 64" },
	{ 64, 63, -1, "would have nothing to run", "--cpus" },
	{ 4, 3, 3, "would have nothing to run", "cpu=" },
};

/* Every CPU has the same sum of ticks, and none is without a partition. */
static void check_schedule(const struct system *system)
{
	uint64_t sums[64] = { 0 };

	for (size_t i = 0; i < system->partition_count; i++) {
		ck_assert_uint_lt(system->partitions[i].cpu, system->cpu_count);
		ck_assert_uint_ge(system->partitions[i].ticks, 1);
		sums[system->partitions[i].cpu] += system->partitions[i].ticks;
	}
	for (unsigned cpu = 0; cpu < system->cpu_count; cpu++)
		ck_assert_uint_eq(sums[cpu], sums[0]);
	ck_assert_uint_gt(sums[0], 0);
}

START_TEST(test_schedule)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	c.composition.cpus = schedules[_i].cpus;
	composing_add(&c, "a", "", false)->cpu = schedules[_i].first;
	composing_add(&c, "b", "", false)->cpu = schedules[_i].second;
	c.requests[1].ticks = 7;
	if (schedules[_i].word) {
		composing_refused(&c, ERR_USAGE, schedules[_i].word, schedules[_i].mend);
		return;
	}
	ck_assert_msg(composing_run(&c) != NULL, "%s", c.err.message);
	check_schedule(c.system);
	if (schedules[_i].second >= 0)
		ck_assert_int_eq((int)c.system->partitions[1].cpu, schedules[_i].second);
}
END_TEST

START_TEST(test_one_alone_on_the_last_cpu)
{
	cleanup_composing struct composing c;

	composing_begin(&c, plain);
	composing_add(&c, "a", "", false)->cpu = 1;
	ck_assert_msg(composing_run(&c) != NULL, "%s", c.err.message);
	check_schedule(c.system);
	ck_assert_uint_eq(c.system->cpu_count, 2);
}
END_TEST

/* ---- hardware ------------------------------------------------------------ */

static const struct {
	const char *recipe;
	unsigned cpus;
	enum error_kind kind;
	const char *word, *mend;
} bad_hardware[] = {
	{ "network:\n  device: nic_7\n", 0, ERR_INPUT, "no device or alias 'nic_7'", "recipe" },
	{ "debug:\n  console: com_9\n", 0, ERR_INPUT, "'com_9', which the debug server needs",
	  "recipe" },
	{ "debug:\n  console-port: port9\n", 0, ERR_INPUT, "has no resource 'port9'", "recipe" },
	{ "", 3, ERR_USAGE, "would use 3 CPUs", "--cpus 2" },
};

START_TEST(test_hardware)
{
	cleanup_composing struct composing c;
	cleanup_free char *recipe = xasprintf("description: x\n%s", bad_hardware[_i].recipe);

	composing_begin(&c, recipe);
	c.composition.cpus = bad_hardware[_i].cpus;
	composing_add(&c, "a", "net", false);
	if (composing_use_qemu(&c))
		composing_refused(&c, bad_hardware[_i].kind, bad_hardware[_i].word,
				  bad_hardware[_i].mend);
	else
		printf("# SKIP no hardware description\n");
}
END_TEST

START_TEST(test_many)
{
	cleanup_composing struct composing c;
	char name[8];

	composing_begin(&c, plain);
	for (int i = 0; i < 101; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		composing_add(&c, name, "", false);
	}
	composing_refused(&c, ERR_USAGE, "101 unikernels in one system, at most 100", "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("refused");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60); /* seconds; machines may be busy */
	tcase_add_loop_test(tcase, test_name, 0, LENGTH(bad_names));
	tcase_add_loop_test(tcase, test_collision, 0, LENGTH(collisions));
	tcase_add_loop_test(tcase, test_spec, 0, LENGTH(bad_specs));
	tcase_add_test(tcase, test_long_bootparams);
	tcase_add_loop_test(tcase, test_link, 0, LENGTH(bad_links));
	tcase_add_test(tcase, test_link_without_devices);
	tcase_add_test(tcase, test_link_twice);
	tcase_add_test(tcase, test_link_sizes);
	tcase_add_test(tcase, test_no_network);
	tcase_add_test(tcase, test_too_large_for_linux);
	tcase_add_test(tcase, test_too_many_parameters);
	tcase_add_loop_test(tcase, test_schedule, 0, LENGTH(schedules));
	tcase_add_test(tcase, test_one_alone_on_the_last_cpu);
	tcase_add_loop_test(tcase, test_hardware, 0, LENGTH(bad_hardware));
	tcase_add_test(tcase, test_many);
	return run_suite(suite);
}
