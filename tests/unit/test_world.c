/* A subject's world: what is settled, what is refused, and the worlds of components. */
#include "base/alloc.h"
#include "solo5/muen_ranges.h"
#include "subject/world.h"
#include "tests/unit/conversion.h"
#include "tests/unit/support.h"
#include "tests/unit/world_example.h"

#include <stdio.h>
#include <string.h>

static struct subject_world *world;
static struct error err;

static void setup(void)
{
	world = world_example();
}

static void teardown(void)
{
	world_free(world);
}

static struct world_region *region(const char *name)
{
	return example_region(world, name);
}

/* ---- settling ------------------------------------------------------------ */

START_TEST(settles)
{
	ck_assert_msg(world_settle(world, &err) == 0, "%s", err.message);
	for (size_t i = 1; i < world->count; i++)
		ck_assert_uint_lt(world->regions[i - 1].address, world->regions[i].address);
	ck_assert_uint_eq(world_memory_end(world), EXAMPLE_RAM_END);
	ck_assert_uint_eq(world_binary_end(world), EXAMPLE_RAM);
}
END_TEST

START_TEST(finds)
{
	ck_assert_int_eq(world_settle(world, &err), 0);
	for (size_t i = 0; i < world->count; i++) {
		const struct world_region *each = &world->regions[i];

		ck_assert_ptr_eq(world_region_at(world, each->address), each);
		ck_assert_ptr_eq(world_region_at(world, each->address + each->size - 1), each);
		ck_assert_ptr_eq(world_region_named(world, each->name), each);
	}
	ck_assert_ptr_null(world_region_at(world, 0));
	ck_assert_ptr_null(world_region_at(world, 0x2000));
	ck_assert_ptr_null(world_region_at(world, 0x1ff000));
	ck_assert_ptr_null(world_region_at(world, UINT64_MAX));
	ck_assert_ptr_null(world_region_named(world, "tex"));
	ck_assert_ptr_eq(world_region_of(world, WORLD_CHANNEL), region("net|in"));
	ck_assert_ptr_null(world_region_of(world, WORLD_STATUS));
}
END_TEST

START_TEST(ram_in_pieces)
{
	world_add(world, WORLD_RAM, "ram2", EXAMPLE_RAM_END + 0x20000, 0x1000, true, false, "x");
	region("net|in")->address = 0x10000000;
	region("net|out")->address = 0x11000000;
	ck_assert_int_eq(world_settle(world, &err), -1);
	region("ram2")->address = EXAMPLE_RAM_END;
	ck_assert_msg(world_settle(world, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(world_memory_end(world), EXAMPLE_RAM_END + 0x1000);
}
END_TEST

/* ---- refusing ------------------------------------------------------------ */

static void set(char **text, const char *value)
{
	free(*text);
	*text = xstrdup(value);
}

static void add_until(size_t count)
{
	char name[16];

	for (unsigned i = 0; world->count < count; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		world_add(world, WORLD_MEMORY, name, 0x40000000 + i * MUEN_PAGE, MUEN_PAGE, false,
			  false, "x");
	}
}

static void add_second(enum world_role role)
{
	world_add(world, role, "second", 0x40000000, 0x8000, role == WORLD_DEBUG_LOG, false,
		  "policy.xml:9");
}

static void remove_region(const char *name)
{
	struct world_region *gone = region(name);

	free(gone->name);
	free(gone->origin);
	*gone = world->regions[--world->count];
}

static void give_long_parameters(void)
{
	char text[BOOT_PARAMETERS_MAX + 2] = { 0 };

	memset(text, 'x', sizeof(text) - 1);
	set(&world->bootparams, text);
}

#define LONG "0123456789012345678901234567890123456789012345678901234567890123"

/* Words of the message, and what is done to the example. */
#define REFUSALS(REFUSED)                                                                          \
	REFUSED("name '' of a subject has 0 bytes", set(&world->name, ""))                         \
	REFUSED("has 64 bytes, 1 to 63 were", set(&world->name, LONG))                             \
	REFUSED("revision 01, 02 to 05", world->sinfo_revision = 1)                                \
	REFUSED("revision 06, 02 to 05", world->sinfo_revision = 6)                                \
	REFUSED("have 4056 bytes, their page holds at most 4055", give_long_parameters())          \
	REFUSED("number 256", world->exit_event = 256)                                             \
	REFUSED("number -2", world->exit_event = -2)                                               \
	REFUSED("name '' of a region", set(&region("ram")->name, ""))                              \
	REFUSED("region 'ram' [0x206000, 0x206000) (component_web.xml:70): whole",                 \
		region("ram")->size = 0)                                                           \
	REFUSED("whole pages", region("ram")->size = 0x1001)                                       \
	REFUSED("whole pages", region("net|in")->address = 0x10000800)                             \
	REFUSED("below 0x800000000000", region("net|in")->address = MUEN_ADDRESS_END)              \
	REFUSED("below 0x800000000000", region("net|in")->address = -0x1000ull)                    \
	REFUSED("below 0x800000000000", region("net|in")->size = -0x1000ull)                       \
	REFUSED("256 resources, the subject info has room for 255", add_until(256))                \
	REFUSED("256 resources", world->exit_event = 1, add_until(255))                            \
	REFUSED("at most 1 TiB is possible", region("net|in")->address = 1ull << 40,               \
		region("net|in")->size = 1ull << 40)                                               \
	REFUSED("region 'ram' [0x206000, 0x306000) (component_web.xml:70) and region 'net|in' "    \
		"[0x305000, 0x315000) (component_web.xml:40) overlap",                             \
		region("net|in")->address -= 0x1000)                                               \
	REFUSED("have the same name", set(&region("net|in")->name, "net|out"))                     \
	REFUSED("no region for its boot info page", remove_region("boot_info"))                    \
	REFUSED("no region for its subject info", remove_region("sinfo"))                          \
	REFUSED("no region for its scheduling info", remove_region("scheduling_info"))             \
	REFUSED("no region for its time info", remove_region("time_info"))                         \
	REFUSED("no region for its debug log channel", remove_region("debuglog"))                  \
	REFUSED("two regions for its debug log channel: region 'second'",                          \
		add_second(WORLD_DEBUG_LOG))                                                       \
	REFUSED("(policy.xml:9)", add_second(WORLD_SINFO))                                         \
	REFUSED("look for the debug log channel as 'debuglog'",                                    \
		set(&region("debuglog")->name, "log"))                                             \
	REFUSED("as 'time_info'", set(&region("time_info")->name, "time"))                         \
	REFUSED("look for the subject info at 0xe00000000",                                        \
		region("sinfo")->address = 0xe10000000)                                            \
	REFUSED("look for the scheduling info at 0xe00008000",                                     \
		region("scheduling_info")->address = 0xe00009000)                                  \
	REFUSED("at least 0x8000 bytes", region("sinfo")->size = 0x7000)                           \
	REFUSED("it is writable", region("sinfo")->writable = true)                                \
	REFUSED("it is not writable", region("debuglog")->writable = false)                        \
	REFUSED("(RIP) 0x203000 lies in no executable", world->entry = 0x203000)                   \
	REFUSED("(RIP) 0x0 lies in no", world->entry = 0)                                          \
	REFUSED("(RSP) 0x200000 lies in no writable", world->stack = 0x200000)                     \
	REFUSED("lies in no writable", world->stack = UINT64_MAX)                                  \
	REFUSED("(RDI) at 0x2000, the page lies at 0x1000", world->boot_info = 0x2000)             \
	REFUSED("(0x206000), and to be writable", region("ram")->address += 0x1000,                \
		region("ram")->size -= 0x1000)                                                     \
	REFUSED("and to be writable", region("ram")->writable = false, world->stack = 0x203000)    \
	REFUSED("no region for its RAM", remove_region("ram"), world->stack = 0x203000)            \
	REFUSED("no region for its image", region("text")->role = WORLD_MEMORY,                    \
		region(".data")->role = WORLD_MEMORY, region(".bss")->role = WORLD_MEMORY)

#define CHECK(expected, ...) { expected, #__VA_ARGS__ },
static const struct {
	const char *words, *change;
} refusals[] = { REFUSALS(CHECK) };

static void change(int number)
{
	int at = 0;
#define CHANGE(expected, ...)                                                                      \
	if (at++ == number) {                                                                      \
		__VA_ARGS__;                                                                       \
	}
	REFUSALS(CHANGE)
}

START_TEST(refuses)
{
	change(_i);
	ck_assert_msg(world_settle(world, &err) == -1, "%s", refusals[_i].change);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(strstr(err.message, refusals[_i].words), "%s: %s", refusals[_i].change,
		      err.message);
	ck_assert_msg(!strncmp(err.message, "subject '", 9) || strstr(err.message, "of a subject"),
		      "%s", err.message);
	ck_assert(*err.mend);
}
END_TEST

/* ---- from a component ---------------------------------------------------- */

static const struct world_options example_options = { .name = "web",
						      .unikernel = "out/web.muen",
						      .sinfo_revision = 4,
						      .log_channel_size = 0x20000,
						      .origin = "component_web.xml" };

static struct subject_world *world_of(const struct component *component)
{
	struct subject_world *made = world_from_component(component, &example_options, &err);

	ck_assert_msg(made != NULL, "%s", err.message);
	return made;
}

static void check_region(const struct subject_world *made, const char *name, enum world_role role,
			 uint64_t address, uint64_t size, const char *access,
			 enum region_content content)
{
	const struct world_region *found = world_region_named(made, name);

	ck_assert_msg(found != NULL, "no region '%s'", name);
	ck_assert_str_eq(world_role_name(found->role), world_role_name(role));
	ck_assert_uint_eq(found->address, address);
	ck_assert_uint_eq(found->size, size);
	ck_assert_int_eq(found->writable, access[1] == 'w');
	ck_assert_int_eq(found->executable, access[2] == 'x');
	ck_assert_int_eq(found->content, content);
	ck_assert_ptr_null(found->file);
	ck_assert_int_eq(found->shared_fd, -1);
	ck_assert(*found->origin);
}

/* Solo5's test_hello with a device: the layout of the golden documents. */
static void check_hello(const struct subject_world *made)
{
	static const char notes[] = ".note.solo5.manifest+.note.solo5.abi+.note.solo5.no..";

	check_region(made, "boot_info", WORLD_BOOT_INFO, 0x1000, 0x1000, "r--", REGION_EMPTY);
	check_region(made, "text", WORLD_BINARY, 0x200000, 0x5000, "r-x", REGION_FILE);
	check_region(made, notes, WORLD_BINARY, 0x205000, 0x2000, "r--", REGION_FILE);
	check_region(made, ".data", WORLD_BINARY, 0x207000, 0x1000, "rw-", REGION_FILE);
	check_region(made, ".tdata+.bss|fill", WORLD_BINARY, 0x208000, 0x5000, "rw-", REGION_FILL);
	check_region(made, "ram", WORLD_RAM, 0x20d000, 0x20000000, "rw-", REGION_EMPTY);
	check_region(made, "net|in", WORLD_CHANNEL, 0x2020d000, 0x100000, "r--", REGION_FILL);
	check_region(made, "net|out", WORLD_CHANNEL, 0x2030d000, 0x100000, "rw-", REGION_FILL);
	check_region(made, "sinfo", WORLD_SINFO, 0xe00000000, 0x8000, "r--", REGION_EMPTY);
	check_region(made, "scheduling_info", WORLD_SCHEDULE, 0xe00008000, 0x1000, "r--",
		     REGION_EMPTY);
	check_region(made, "timed_event", WORLD_TIMED_EVENT, 0xe00010000, 0x1000, "rw-",
		     REGION_EMPTY);
	check_region(made, "time_info", WORLD_TIME_INFO, 0xfffd00000, 0x1000, "r--", REGION_FILL);
	check_region(made, "debuglog", WORLD_DEBUG_LOG, 0xffff00000, 0x20000, "rw-", REGION_FILL);
	ck_assert_uint_eq(world_region_named(made, "text")->file_offset, 0x1000);
	ck_assert_str_eq(world_region_named(made, "text")->origin, "component_web.xml");
	ck_assert_uint_eq(made->stack, 0x2020cff8);
	ck_assert_uint_eq(made->boot_info, 0x1000);
	ck_assert_uint_eq(made->sinfo_revision, 4);
	ck_assert_str_eq(made->name, "web");
	ck_assert_str_eq(made->unikernel, "out/web.muen");
	ck_assert_str_eq(made->bootparams, "--hello");
}

static struct conversion hello(void)
{
	struct conversion c = conversion_of(SOLO5_MUEN);

	elf_spec_device(&c.spec, "net", SOLO5_NET_BASIC);
	c.options.bootparams = "--hello";
	return c;
}

START_TEST(from_component)
{
	cleanup_conversion struct conversion c = hello();
	cleanup_world struct subject_world *made = NULL;

	ck_assert_msg(conversion_run(&c) != NULL, "%s", c.err.message);
	made = world_of(c.component);
	check_hello(made);
	ck_assert_uint_eq(made->count, 13);
	ck_assert_uint_eq(made->entry, c.unikernel.elf.entry);
	ck_assert_int_eq(made->exit_event, -1);
}
END_TEST

START_TEST(from_resettable_component)
{
	cleanup_conversion struct conversion c = hello();
	cleanup_world struct subject_world *made = NULL;

	c.options.resettable = true;
	ck_assert_msg(conversion_run(&c) != NULL, "%s", c.err.message);
	made = world_of(c.component);
	check_hello(made);
	check_region(made, "control", WORLD_CONTROL, 0xfffff3000, 0x1000, "r--", REGION_FILL);
	check_region(made, "status", WORLD_STATUS, 0xfffff2000, 0x1000, "rw-", REGION_FILL);
	ck_assert_uint_eq(world_region_named(made, "control")->pattern, 0xff);
	ck_assert_uint_eq(world_region_named(made, "status")->pattern, 0);
	ck_assert_uint_eq(made->count, 15);
	ck_assert_uint_eq(made->entry, 0x200000);
	ck_assert_int_eq(made->exit_event, 0);
}
END_TEST

/* Without XML, the same component. */
START_TEST(from_plan)
{
	cleanup_conversion struct conversion c = hello();
	cleanup_component struct component *plan = NULL;
	cleanup_world struct subject_world *made = NULL;
	const struct component *component = conversion_run(&c);

	ck_assert_msg(component != NULL, "%s", c.err.message);
	plan = gencspec_plan(&c.unikernel, &c.options, &c.findings, &err);
	ck_assert_msg(plan != NULL, "%s", err.message);
	made = world_of(plan);
	check_hello(made);
	ck_assert_str_eq(plan->name, component->name);
	ck_assert_uint_eq(plan->entry, component->entry);
	ck_assert_uint_eq(plan->region_count, component->region_count);
	for (size_t i = 0; i < plan->region_count; i++) {
		const struct component_region *left = &plan->regions[i];
		const struct component_region *right = &component->regions[i];

		ck_assert_str_eq(left->logical, right->logical);
		ck_assert_str_eq(left->type, right->type);
		ck_assert_pstr_eq(left->file, right->file);
		ck_assert_uint_eq(left->file_offset, right->file_offset);
	}
	ck_assert_uint_eq(plan->library_count, component->library_count);
	for (size_t i = 0; i < plan->library_count; i++)
		ck_assert_str_eq(plan->libraries[i], component->libraries[i]);
}
END_TEST

START_TEST(plan_refuses)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_HVT);
	cleanup_component struct component *plan = NULL;

	conversion_run(&c);
	plan = gencspec_plan(&c.unikernel, &c.options, &c.findings, &err);
	ck_assert_ptr_null(plan);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "hvt"));
}
END_TEST

/* A specification of the user's: regions of its own, channels without an address. */
#define SPEC                                                                                       \
	"<component name='own' profile='native'><requires><vcpu><registers><gpr>"                  \
	"<rip>16#0020_0000#</rip><rsp>16#0020_1ff8#</rsp><rdi>16#0040_0000#</rdi>"                 \
	"</gpr></registers></vcpu><channels>"                                                      \
	"<reader logical='a|in' size='16#1000#'/>"                                                 \
	"<writer logical='a|out' size='16#2000#' virtualAddress='auto'/></channels></requires>"    \
	"<provides>"                                                                               \
	"<memory logical='text' type='subject_binary' virtualAddress='16#0020_0000#' "             \
	"size='16#1000#' writable='false' executable='true'>"                                      \
	"<file filename='own.muen' offset='16#1000#'/></memory>"                                   \
	"<memory logical='heap' virtualAddress='16#0020_1000#' size='16#1000#' writable='true' "   \
	"executable='false'/>"                                                                     \
	"<memory logical='info' type='subject_solo5_boot_info' "                                   \
	"virtualAddress='16#0040_0000#' size='16#1000#' writable='false' executable='false'>"      \
	"<file filename='own_bi' offset='none'/></memory>"                                         \
	"<memory logical='data' virtualAddress='16#000d_ffff_f000#' size='16#1000#' "              \
	"writable='false' executable='false'><file filename='data.img' offset='none'/></memory>"   \
	"<memory logical='marked' virtualAddress='16#0050_0000#' size='16#1000#' "                 \
	"writable='false' executable='false'><fill pattern='16#5a#'/></memory>"                    \
	"</provides></component>"

START_TEST(from_specification)
{
	cleanup_component struct component *component =
		component_parse("own.xml", SPEC, strlen(SPEC), &err);
	cleanup_world struct subject_world *made = NULL;

	ck_assert_msg(component != NULL, "%s", err.message);
	made = world_of(component);
	check_region(made, "heap", WORLD_RAM, 0x201000, 0x1000, "rw-", REGION_EMPTY);
	check_region(made, "info", WORLD_BOOT_INFO, 0x400000, 0x1000, "r--", REGION_EMPTY);
	check_region(made, "marked", WORLD_MEMORY, 0x500000, 0x1000, "r--", REGION_FILL);
	ck_assert_uint_eq(world_region_named(made, "marked")->pattern, 0x5a);
	ck_assert_str_eq(world_region_named(made, "data")->file, "data.img");
	ck_assert_int_eq(world_region_named(made, "data")->role, WORLD_MEMORY);
	ck_assert_uint_eq(made->entry, 0x200000);
	ck_assert_uint_eq(made->stack, 0x201ff8);
	ck_assert_uint_eq(made->boot_info, 0x400000);
	/* Behind the last region, and around what is Muen's. */
	check_region(made, "a|in", WORLD_CHANNEL, 0xe00009000, 0x1000, "r--", REGION_FILL);
	check_region(made, "a|out", WORLD_CHANNEL, 0xe0000a000, 0x2000, "rw-", REGION_FILL);
}
END_TEST

START_TEST(from_unsound_component)
{
	cleanup_component struct component *component =
		component_parse("own.xml", SPEC, strlen(SPEC), &err);

	component->regions[1].size = 0x200000;
	ck_assert_ptr_null(world_from_component(component, &example_options, &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "overlap"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("world");
	TCase *tests = tcase_create("settling"), *components = tcase_create("components");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, settles);
	tcase_add_test(tests, finds);
	tcase_add_test(tests, ram_in_pieces);
	tcase_add_loop_test(tests, refuses, 0, (int)(sizeof(refusals) / sizeof(refusals[0])));
	suite_add_tcase(suite, tests);
	tcase_add_test(components, from_component);
	tcase_add_test(components, from_resettable_component);
	tcase_add_test(components, from_plan);
	tcase_add_test(components, plan_refuses);
	tcase_add_test(components, from_specification);
	tcase_add_test(components, from_unsound_component);
	suite_add_tcase(suite, components);
	return run_suite(suite);
}
