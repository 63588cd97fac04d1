/* Recipes that are right: what they say, and that they come back as they were written. */
#include "recipes/recipe.h"

#include "base/alloc.h"
#include "base/text.h"
#include "recipes/keys.h"
#include "tests/unit/support.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct recipe *parse_good(const char *yaml)
{
	struct error err = { 0 };
	struct recipe *recipe = recipe_parse("mine.yaml", yaml, strlen(yaml), &err);

	ck_assert_msg(recipe, "%s", err.message);
	return recipe;
}

/* ---- what is read -------------------------------------------------------- */

START_TEST(test_defaults)
{
	cleanup_recipe struct recipe *recipe = parse_good("description: least\n");

	ck_assert_str_eq(recipe->name, "mine");
	ck_assert_str_eq(recipe->path, "mine.yaml");
	ck_assert_str_eq(recipe->description, "least");
	ck_assert_str_eq(recipe->system, "mirage-solo5");
	ck_assert_ptr_null(recipe->template);
	ck_assert_ptr_null(recipe->hardware);
	ck_assert_ptr_null(recipe->additional_hardware);
	ck_assert_ptr_null(recipe->platform);
	ck_assert_uint_eq(recipe->subject_info, 0);
	ck_assert_uint_eq(recipe->unikernel.ram, 512u << 20);
	ck_assert_uint_eq(recipe->unikernel.channel_size, 1u << 20);
	ck_assert(recipe->unikernel.resettable);
	ck_assert_uint_eq(recipe->unikernel.ticks, 40);
	ck_assert(recipe->network.allowed);
	ck_assert_str_eq(recipe->network.device, "ethernet_controller_1");
	ck_assert_str_eq(recipe->network.bootparams, "console=ttyS0 hostname=nic_linux");
	ck_assert_str_eq(recipe->network.initramfs, "initramfs.cpio.gz");
	ck_assert_uint_eq(recipe->network.initramfs_size, 0x01f00000);
	ck_assert(recipe->network.loader);
	ck_assert_uint_eq(recipe->network.ticks, 60);
	ck_assert_str_eq(recipe->debug.console, "serial_device_1");
	ck_assert_str_eq(recipe->debug.console_port, "ioport1");
	ck_assert_uint_eq(recipe->debug.log_channel_size, 128u << 10);
	ck_assert_uint_eq(recipe->debug.crash_audit_address, 0x100a11000);
	ck_assert_uint_eq(recipe->scheduling.tick_rate, 1000);
	ck_assert_uint_eq(recipe->scheduling.cpus, 2);
	ck_assert_uint_eq(recipe->scheduling.service_ticks, 40);
	ck_assert_ptr_null(recipe->scheduling.plan);
}
END_TEST

static const char every_key[] =
	"# all of them, none at its default\n"
	"---\n"
	"description: 'It''s \"all\"'\n"
	"system: all.2\n"
	"template: /srv/policy/mine.xml\n"
	"hardware: hardware/a.xml\n"
	"additional-hardware: b.xml\n"
	"platform: platform/sub/c.xml\n"
	"subject-info: 4\n"
	"unikernel: { ram: 64MiB, channel-size: 8192, resettable: no, ticks: 1 }\n"
	"network:\n"
	"  allowed: false\n"
	"  device: ethernet_controller_2\n"
	"  bootparams: \"quiet a=\\\"b\\\\c\\\"\"\n"
	"  initramfs: small.cpio\n"
	"  initramfs-size: 4 MiB\n"
	"  loader: no\n"
	"  ticks: 7\n"
	"debug:\n"
	"  console: com_1\n"
	"  console-port: ports\n"
	"  log-channel-size: 0x2000\n"
	"  crash-audit-address: 4297064448\n"
	"scheduling:\n"
	"  tick-rate: 1000000\n"
	"  cpus: 64\n"
	"  service-ticks: 3\n"
	"  plan: scheduling/mine.xml\n"
	"...\n";

START_TEST(test_every_key)
{
	cleanup_recipe struct recipe *recipe = parse_good(every_key);

	ck_assert_str_eq(recipe->description, "It's \"all\"");
	ck_assert_str_eq(recipe->system, "all.2");
	ck_assert_str_eq(recipe->template, "/srv/policy/mine.xml");
	ck_assert_str_eq(recipe->hardware, "hardware/a.xml");
	ck_assert_str_eq(recipe->additional_hardware, "b.xml");
	ck_assert_str_eq(recipe->platform, "platform/sub/c.xml");
	ck_assert_uint_eq(recipe->subject_info, 4);
	ck_assert_uint_eq(recipe->unikernel.ram, 64u << 20);
	ck_assert_uint_eq(recipe->unikernel.channel_size, 8192);
	ck_assert(!recipe->unikernel.resettable);
	ck_assert_uint_eq(recipe->unikernel.ticks, 1);
	ck_assert(!recipe->network.allowed);
	ck_assert_str_eq(recipe->network.device, "ethernet_controller_2");
	ck_assert_str_eq(recipe->network.bootparams, "quiet a=\"b\\c\"");
	ck_assert_str_eq(recipe->network.initramfs, "small.cpio");
	ck_assert_uint_eq(recipe->network.initramfs_size, 4u << 20);
	ck_assert(!recipe->network.loader);
	ck_assert_uint_eq(recipe->network.ticks, 7);
	ck_assert_str_eq(recipe->debug.console, "com_1");
	ck_assert_str_eq(recipe->debug.console_port, "ports");
	ck_assert_uint_eq(recipe->debug.log_channel_size, 8192);
	ck_assert_uint_eq(recipe->debug.crash_audit_address, 0x100200000);
	ck_assert_uint_eq(recipe->scheduling.tick_rate, 1000000);
	ck_assert_uint_eq(recipe->scheduling.cpus, 64);
	ck_assert_uint_eq(recipe->scheduling.service_ticks, 3);
	ck_assert_str_eq(recipe->scheduling.plan, "scheduling/mine.xml");
}
END_TEST

/* The test above would not notice a key that was added to the table later. */
START_TEST(test_every_key_is_tested)
{
	cleanup_recipe struct recipe *given = parse_good(every_key);
	cleanup_recipe struct recipe *least = parse_good("description: least\n");

	for (size_t i = 0; i < recipe_value_count(); i++) {
		struct recipe_value a = recipe_value(given, i), b = recipe_value(least, i);

		ck_assert_msg(a.kind != b.kind || a.number != b.number || a.on != b.on ||
				      (a.kind == RECIPE_TEXT && strcmp(a.text, b.text)),
			      "%s has its default in every_key", a.key);
	}
}
END_TEST

static void check_same(const struct recipe *a, const struct recipe *b)
{
	cleanup_buffer struct buffer left = { 0 }, right = { 0 };

	recipe_write(a, &left);
	recipe_write(b, &right);
	ck_assert_str_eq(left.data, right.data);
	for (size_t i = 0; i < recipe_value_count(); i++) {
		struct recipe_value x = recipe_value(a, i), y = recipe_value(b, i);

		ck_assert_int_eq(x.kind, y.kind);
		ck_assert_uint_eq(x.number, y.number);
		ck_assert_int_eq(x.on, y.on);
		ck_assert_pstr_eq(x.text, y.text);
	}
}

static const char *const written[] = { every_key, "description: least\n",
				       "description: odd\nunikernel: { ram: 1052672 }\n" };

START_TEST(test_written_recipe_reads_the_same)
{
	cleanup_recipe struct recipe *recipe = parse_good(written[_i]);
	cleanup_recipe struct recipe *again = NULL;
	cleanup_buffer struct buffer yaml = { 0 };

	recipe_write(recipe, &yaml);
	again = parse_good(yaml.data);
	check_same(recipe, again);
}
END_TEST

/* Texts that are unusual and yet right. */
static const char *const accepted[] = {
	"\xef\xbb\xbf"
	"description: byte order mark\n",
	"description: CR LF\r\nunikernel:\r\n  ram: 4 KiB\r\n",
	"description: no line end at the end",
	"{\"description\": \"JSON\", \"unikernel\": {\"ram\": 4096, \"resettable\": true}}",
	"%YAML 1.1\n---\ndescription: directive\n",
	"description: >-\n  folded to\n  one line\n",
	"description: gr\xc3\xbc\xc3\x9f dich \xe2\x80\x94 \xf0\x9f\x90\xab\n",
	"description: tab behind\t\nsystem:\tx # and\tbetween\n",
	"description: least and most\nunikernel: {ram: 4096, ticks: 1000000, channel-size: 1 "
	"GiB}\n",
	"description: most RAM\nunikernel: {ram: 56 GiB}\n",
	"description: any\nsubject-info: any\n",
	"description: dots\nhardware: a..b/..c/.d\n",
};

START_TEST(test_accepted)
{
	recipe_free(parse_good(accepted[_i]));
}
END_TEST

/* Examples in mends must be right themselves. */
START_TEST(test_examples)
{
	const struct recipe_key *key = &recipe_keys[_i];
	struct recipe *recipe = xcalloc(1, sizeof(*recipe));
	struct error err = { 0 };

	ck_assert(key->fallback || key->example);
	ck_assert_msg(recipe_key_set(key, key->fallback ? key->fallback : key->example, recipe,
				     &err) == 0,
		      "%s", err.message);
	recipe_free(recipe);
}
END_TEST

/* ---- sizes --------------------------------------------------------------- */

START_TEST(test_sizes)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: not a size */
	} sizes[] = {
		{ "4096", 4096 },
		{ "512 MiB", 512u << 20 },
		{ "512MiB", 512u << 20 },
		{ "1 G", 1u << 30 },
		{ "0x10 KiB", 16384 },
		{ "8 B", 8 },
		{ "512  MiB", 0 },
		{ "512 ", 0 },
		{ " 512", 0 },
		{ "512 MiB ", 0 },
		{ "512 M iB", 0 },
		{ "512\tMiB", 0 },
		{ "5 12", 0 },
		{ "512 TiB", 0 },
		{ "", 0 },
	};

	for (int i = 0; i < LENGTH(sizes); i++) {
		uint64_t bytes = 0;

		ck_assert_msg((text_to_size(sizes[i].text, &bytes) == 0) == (sizes[i].bytes != 0),
			      "'%s'", sizes[i].text);
		ck_assert_uint_eq(bytes, sizes[i].bytes);
	}
}
END_TEST

START_TEST(hexadecimal_digits)
{
	for (int i = 0; i < 256; i++) {
		const char digits[] = { (char)i, '\0' };
		bool is_one = i && strspn(digits, "0123456789abcdefABCDEF") == 1;

		ck_assert_int_eq(text_hex_digit((char)i),
				 is_one ? (int)strtol(digits, NULL, 16) : -1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recipe");
	TCase *tests = tcase_create("good");

	tcase_add_test(tests, test_defaults);
	tcase_add_test(tests, test_every_key);
	tcase_add_test(tests, test_every_key_is_tested);
	tcase_add_loop_test(tests, test_written_recipe_reads_the_same, 0, LENGTH(written));
	tcase_add_loop_test(tests, test_accepted, 0, LENGTH(accepted));
	tcase_add_loop_test(tests, test_examples, 0, (int)recipe_key_count);
	tcase_add_test(tests, test_sizes);
	tcase_add_test(tests, hexadecimal_digits);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
