#include "recipes/recipe.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "recipes/keys.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct recipe *parse(const char *yaml, struct error *err)
{
	return recipe_parse("mine.yaml", yaml, strlen(yaml), err);
}

static struct recipe *parse_good(const char *yaml)
{
	struct error err = { 0 };
	struct recipe *recipe = parse(yaml, &err);

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
	ck_assert_str_eq(recipe->network.device, "nic_1");
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

START_TEST(test_written_recipe_reads_the_same)
{
	static const char *const texts[] = { every_key, "description: least\n",
					     "description: odd\nunikernel: { ram: 1052672 }\n" };
	cleanup_recipe struct recipe *recipe = parse_good(texts[_i]);
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

/* ---- what is refused ----------------------------------------------------- */

#define D "description: d\n"

static const struct bad {
	const char *yaml;
	const char *message; /* the beginning */
	const char *mend;    /* a part of it */
} bads[] = {
	/* shape */
	{ "", "mine.yaml:1: found an empty file, expected a recipe", "muenbuild-recipes(5)" },
	{ "# only\n# comments\n", "mine.yaml:1: found an empty file", "muenbuild-recipes(5)" },
	{ "---\n", "mine.yaml:1: found an empty file", "muenbuild-recipes(5)" },
	{ "hello\n", "mine.yaml:1: found a single value, expected keys", "muenbuild-recipes(5)" },
	{ "\n- a\n- b\n", "mine.yaml:2: found a list, expected keys", "muenbuild-recipes(5)" },
	{ "system: x\n",
	  "mine.yaml:1: description: found no such key, expected one line of 1 to 200",
	  "description: Our web server" },
	{ "{}", "mine.yaml:1: description: found no such key", "write for instance" },
	{ D "\n# c\nunikernal:\n  ram: 1 MiB\n",
	  "mine.yaml:4: unikernal: found an unknown key, expected a key of a recipe",
	  "additional-hardware, platform, subject-info, unikernel, network" },
	{ D "unikernel:\n  ticks: 3\n  rams: 1 MiB\n",
	  "mine.yaml:4: unikernel.rams: found an unknown key, expected a key of this section",
	  "known here are ram, channel-size, resettable, ticks;" },
	{ D "ram: 1 MiB\n", "mine.yaml:2: ram: found an unknown key", "unikernel" },
	{ D "unikernel.ram: 1 MiB\n", "mine.yaml:2: unikernel.ram: found an unknown key", "" },
	{ D "Unikernel:\n  ram: 4096\n", "mine.yaml:2: Unikernel: found an unknown key", "" },
	{ D "\"\": x\n", "mine.yaml:2: : found an unknown key", "" },
	{ D "\"a\\e[31m\": x\n", "mine.yaml:2: a\\x1b[31m: found an unknown key", "" },
	{ D "<<: {system: x}\n", "mine.yaml:2: <<: found an unknown key", "" },
	{ D "? [system]\n: x\n", "mine.yaml:2: found a key that is not a word", "" },
	{ D "unikernel:\nsystem: x\n",
	  "mine.yaml:2: unikernel: found a single value, expected keys, each indented",
	  "known here are ram" },
	{ D "unikernel: 512 MiB\n", "mine.yaml:2: unikernel: found a single value", "known here" },
	{ D "unikernel:\n- ram: 1 MiB\n", "mine.yaml:2: unikernel: found a list, expected keys",
	  "" },
	{ D "system:\n  name: x\n",
	  "mine.yaml:2: system: found keys of its own, expected a file name",
	  "write for instance 'system: mirage-solo5'" },
	{ D "hardware: [a.xml, b.xml]\n", "mine.yaml:2: hardware: found a list, expected a path",
	  "" },
	{ D "unikernel:\n  ram:\n    size: 1 MiB\n",
	  "mine.yaml:3: unikernel.ram: found keys of its own, expected a size", "ram: 512 MiB" },
	{ D "\n" D,
	  "mine.yaml:3: description: found the key a second time (the first is on line 1)",
	  "keep the one" },
	{ D "network:\n  ticks: 1\n  loader: no\n  ticks: 2\n",
	  "mine.yaml:5: network.ticks: found the key a second time (the first is on line 3)", "" },
	{ D "network: {ticks: 1}\nnetwork: {loader: no}\n",
	  "mine.yaml:3: network: found the key a second time", "" },
	{ D "---\n" D, "mine.yaml:2: found a second document, expected one recipe in a file",
	  "file of its own" },
	{ D "...\n---\n", "mine.yaml:3: found a second document", "" },
	/* what YAML offers and a recipe has no use for */
	{ "description: &a x\n",
	  "mine.yaml:1: found the anchor 'a', expected plain keys and values",
	  "write the value out" },
	{ D "unikernel: &u\n  ram: 4096\n", "mine.yaml:2: found the anchor 'u'", "" },
	{ D "a: [&l x]\n", "mine.yaml:2: found the anchor 'l'", "" },
	{ D "system: *nowhere\n", "mine.yaml:2: found a reference to the anchor 'nowhere'",
	  "write the value out" },
	{ D "*k : x\n", "mine.yaml:2: found a reference to the anchor 'k'", "" },
	{ D "system: !!binary eA==\n", "mine.yaml:2: found the tag 'tag:yaml.org,2002:binary'",
	  "" },
	{ D "unikernel: !u {ram: 4096}\n", "mine.yaml:2: found the tag '!u'", "" },
	{ "description: \"a\\0b\"\n", "mine.yaml:1: found a NUL character, expected text", "\\0" },
	/* syntax */
	{ D "unikernel:\n\tram: 4096\n",
	  "mine.yaml:3: found a tab in the indentation, expected blanks", "two blanks" },
	{ D "unikernel:\n  \tram: 4096\n", "mine.yaml:3: found a tab in the indentation", "" },
	{ D "system mirage\n", "mine.yaml:2: found a line without ':', expected KEY: VALUE", "" },
	{ D "unikernel:\n  ram: 4096\n ticks: 3\n",
	  "mine.yaml:4: found something that is not a key", "indentation" },
	{ D "  system: x\n", "mine.yaml:2: found a ':' that no key can end", "indentation" },
	{ "description: QEMU: the best\n", "mine.yaml:1: found a ':' that no key can end",
	  "in quotes" },
	{ "description: \"d\nsystem: x\n", "mine.yaml:1: found a quote that is never closed", "" },
	{ D "system: 'x\n---\n", "mine.yaml:2: found a quote that is never closed", "" },
	{ D "\nunikernel: {ram: 4096\n", "mine.yaml:3: found a '{' that is never closed", "" },
	{ D "unikernel: [\n", "mine.yaml:2: found no value, or a stray bracket, expected a value",
	  "" },
	{ D "a: [x\nb: y\n", "mine.yaml:2: found a '[' that is never closed", "" },
	{ "description: @d\n", "mine.yaml:1: found a value that begins with '@'", "quotes" },
	{ D "system: %x\n", "mine.yaml:2: found a value that begins with '@', '`', '%'", "quotes" },
	{ D "system: \"\\q\"\n", "mine.yaml:2: found an unknown \\ sequence", "single quotes" },
	{ D "unikernel: - ram\n", "mine.yaml:2: found a list item", "" },
	{ "%FOO\n" D, "mine.yaml:1: found text that is not YAML (while scanning a directive", "" },
	{ "%YAML 2.0\n---\n" D, "mine.yaml:1: found text that is not YAML (found incompatible",
	  "" },
	{ D "a: \xef\xbf\xbf\n", "mine.yaml:2: found text that is not YAML (control characters",
	  "" },
	/* characters */
	{ "description: caf\xe9\n", "mine.yaml:1: found the byte \\xe9, expected plain UTF-8 text",
	  "UTF-8" },
	{ D "# \xc0\x80\n", "mine.yaml:2: found the byte \\xc0", "" },
	{ D "# \xed\xa0\x80\n", "mine.yaml:2: found the byte \\xed", "" },
	{ "\xff\xfe"
	  "d\0",
	  "mine.yaml:1: found the byte \\xff", "" },
	{ D "# \x1b[2J\n", "mine.yaml:2: found the control character \\x1b", "" },
	{ D "# \x7f\n", "mine.yaml:2: found the control character \\x7f", "" },
	{ D "a\rb\n", "mine.yaml:2: found the control character \\x0d", "" },
	{ D "# \xc2\x85\n", "mine.yaml:2: found the control character \\xc2\\x85", "" },
	{ D "# \xe2\x80\xa8\n", "mine.yaml:2: found the control character", "" },
	/* texts */
	{ "description:\n", "mine.yaml:1: description: found nothing, expected one line", "" },
	{ "description: ''\n", "mine.yaml:1: description: found nothing", "" },
	{ "description: ~\n", "mine.yaml:1: description: found '~', which is no value", "" },
	{ D "template: null\n", "mine.yaml:2: template: found 'null', which is no value in YAML",
	  "leave the key out" },
	{ D "template:\n", "mine.yaml:2: template: found nothing, expected a path",
	  "leave the key" },
	{ "description: \"a\\nb\"\n",
	  "mine.yaml:1: description: found 'a\\x0ab', which has a control", "" },
	{ "description: |\n  a line\n", "mine.yaml:1: description: found 'a line\\x0a', which has",
	  "" },
	{ "description: \"\\x9b\"\n", "mine.yaml:1: description: found '\\xc2\\x9b', which has",
	  "" },
	{ "description: \"\\uFFFE\"\n", "mine.yaml:1: description: found", "" },
	{ D "system: a/b\n", "mine.yaml:2: system: found 'a/b', expected a file name of 1 to 63",
	  "" },
	{ D "system: ..\n", "mine.yaml:2: system: found '..', which begins with '.'", "" },
	{ D "system: -x\n", "mine.yaml:2: system: found '-x', which begins with '.' or '-'", "" },
	{ D "system: a b\n", "mine.yaml:2: system: found 'a b', expected a file name", "" },
	{ D "network:\n  device: nic 1\n",
	  "mine.yaml:3: network.device: found 'nic 1', expected a name", "device: nic_1" },
	{ D
	  "network:\n  device: 0123456789012345678901234567890123456789012345678901234567890123\n",
	  "mine.yaml:3: network.device: found "
	  "'0123456789012345678901234567890123456789012345678901234"
	  "567890123', which is longer, expected a name of 1 to 63",
	  "" },
	{ D "debug:\n  console: gr\xc3\xbcn\n",
	  "mine.yaml:3: debug.console: found 'gr\xc3\xbcn', exp", "" },
	/* paths */
	{ D "hardware: /etc/passwd\n",
	  "mine.yaml:2: hardware: found '/etc/passwd', which is absolute, expected a path below",
	  "hardware/qemu-kvm.xml" },
	{ D "hardware: ../x.xml\n", "mine.yaml:2: hardware: found '../x.xml', which goes up", "" },
	{ D "platform: a/../../x\n", "mine.yaml:2: platform: found 'a/../../x', which goes up",
	  "" },
	{ D "platform: a/..\n", "mine.yaml:2: platform: found 'a/..', which goes up with '..'",
	  "" },
	{ D "platform: ./a\n", "mine.yaml:2: platform: found './a', which has a part '.'", "" },
	{ D "additional-hardware: a//b\n",
	  "mine.yaml:2: additional-hardware: found 'a//b', which has "
	  "an empty part",
	  "" },
	{ D "platform: a/\n", "mine.yaml:2: platform: found 'a/', which has an empty part", "" },
	/* numbers */
	{ D "unikernel:\n  ram: 1000\n",
	  "mine.yaml:3: unikernel.ram: found '1000', which is out of range, expected a size from 4 "
	  "KiB "
	  "to 56 GiB in whole pages of 4096 bytes",
	  "ram: 512 MiB" },
	{ D "unikernel:\n  ram:\n\n   5000\n",
	  "mine.yaml:5: unikernel.ram: found '5000', 904 bytes above whole pages, expected a size",
	  "" },
	{ D "unikernel: {ram: 57 GiB}\n",
	  "mine.yaml:2: unikernel.ram: found '57 GiB', which is out", "" },
	{ D "unikernel: {ram: 512 MB5}\n",
	  "mine.yaml:2: unikernel.ram: found '512 MB5', expected a", "" },
	{ D "unikernel: {ram: 5 12}\n", "mine.yaml:2: unikernel.ram: found '5 12', expected", "" },
	{ D "unikernel: {ram: 1.5 GiB}\n", "mine.yaml:2: unikernel.ram: found '1.5 GiB', expected",
	  "" },
	{ D "unikernel: {ram: -4096}\n", "mine.yaml:2: unikernel.ram: found '-4096', expected",
	  "" },
	{ D "unikernel: {ram: 99999999999999999999}\n",
	  "mine.yaml:2: unikernel.ram: found '99999999999999999999', expected", "" },
	{ D "unikernel: {ram: 18014398509481984K}\n",
	  "mine.yaml:2: unikernel.ram: found '18014398509481984K', expected", "" },
	{ D "unikernel: {ram: 010000}\n",
	  "mine.yaml:2: unikernel.ram: found '010000', which begins with a 0", "" },
	{ D "unikernel: {ram: 16#1000#}\n", "mine.yaml:2: unikernel.ram: found '16#1000#'", "" },
	{ D "unikernel: {ram: }\n", "mine.yaml:2: unikernel.ram: found nothing, expected a size",
	  "" },
	{ D "unikernel: {ram: yes}\n", "mine.yaml:2: unikernel.ram: found 'yes', expected a size",
	  "" },
	{ D "debug: {crash-audit-address: 0x100a11001}\n",
	  "mine.yaml:2: debug.crash-audit-address: found '0x100a11001', 0x1 above a page's begin",
	  "" },
	{ D "debug: {crash-audit-address: 4 GiB}\n",
	  "mine.yaml:2: debug.crash-audit-address: found '4 GiB', expected an address from "
	  "0x100000",
	  "crash-audit-address: 0x100a11000" },
	{ D "debug: {crash-audit-address: 0}\n",
	  "mine.yaml:2: debug.crash-audit-address: found '0', which is out of range", "" },
	{ D "debug: {crash-audit-address: 0x10000000000000}\n",
	  "mine.yaml:2: debug.crash-audit-address: found '0x10000000000000', which is out", "" },
	{ D "scheduling: {cpus: 0}\n",
	  "mine.yaml:2: scheduling.cpus: found '0', which is out of range, expected a whole number "
	  "from 1 to 64",
	  "cpus: 2" },
	{ D "scheduling: {cpus: 2x}\n", "mine.yaml:2: scheduling.cpus: found '2x', expected", "" },
	{ D "scheduling: {tick-rate: 1000001}\n", "mine.yaml:2: scheduling.tick-rate: found", "" },
	{ D "scheduling: {tick-rate: 4294968296}\n",
	  "mine.yaml:2: scheduling.tick-rate: found '4294968296', which is out of range", "" },
	{ D "subject-info: 1\n",
	  "mine.yaml:2: subject-info: found '1', which is out of range, expected any, or a "
	  "revision "
	  "from 2 to 5",
	  "subject-info: any" },
	{ D "subject-info: 6\n", "mine.yaml:2: subject-info: found '6'", "" },
	{ D "subject-info: all\n", "mine.yaml:2: subject-info: found 'all', expected any", "" },
	/* switches */
	{ D "unikernel:\n  resettable: maybe\n",
	  "mine.yaml:3: unikernel.resettable: found 'maybe', expected yes, no, true or false",
	  "resettable: yes" },
	{ D "unikernel: {resettable: 1}\n", "mine.yaml:2: unikernel.resettable: found '1'", "" },
	{ D "unikernel: {resettable: on}\n", "mine.yaml:2: unikernel.resettable: found 'on'", "" },
	{ D "unikernel: {resettable: True}\n", "mine.yaml:2: unikernel.resettable: found 'True'",
	  "" },
	{ D "network: {allowed: }\n", "mine.yaml:2: network.allowed: found nothing, expected yes",
	  "" },
};

START_TEST(test_refused)
{
	const struct bad *bad = &bads[_i];
	struct error err = { 0 };

	ck_assert_msg(!parse(bad->yaml, &err), "accepted:\n%s", bad->yaml);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(!strncmp(err.message, bad->message, strlen(bad->message)),
		      "expected '%s'\n     got '%s'", bad->message, err.message);
	ck_assert_msg(strstr(err.message, ", expected "), "%s", err.message);
	ck_assert_msg(*err.mend && strstr(err.mend, bad->mend), "expected '%s'\n     got '%s'",
		      bad->mend, err.mend);
}
END_TEST

/* Whatever is cut off a recipe: what is left is read or refused, and nothing else happens. */
START_TEST(test_truncated)
{
	for (size_t length = 0; length < sizeof(every_key); length++) {
		/* An exact copy, so that the sanitizer sees a step too far. */
		cleanup_free char *copy = xstrndup(every_key, length);
		struct error err = { 0 };
		cleanup_recipe struct recipe *recipe =
			recipe_parse("mine.yaml", copy, length, &err);

		ck_assert(recipe || (err.kind == ERR_INPUT && *err.message && *err.mend));
	}
}
END_TEST

/* ---- much of something --------------------------------------------------- */

static void add_times(struct buffer *buffer, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buffer_add_text(buffer, text);
}

/* Each is as long as a file may be and has to end soon. */
START_TEST(test_masses)
{
	static const struct {
		const char *unit, *message;
	} masses[] = {
		{ "[", "mine.yaml:2: " },
		{ "{a: ", "mine.yaml:2: " },
		{ "- ", "mine.yaml:2: " },
		{ "? ", "mine.yaml:2: " },
		{ "a", "mine.yaml:2: " },
		{ "a: b\n", "mine.yaml:3: a: found the key a second" },
		{ "\"", "mine.yaml:2: " },
		{ "\n", NULL },
		{ "#\n", NULL },
		{ "&a ", "mine.yaml:2: " },
		{ "---\n", "mine.yaml:2: " },
		{ "\xc3\xbc", "mine.yaml:2: " },
		{ "unikernel: {", "mine.yaml:2: " },
	};
	cleanup_buffer struct buffer yaml = { 0 };
	struct error err = { 0 };
	cleanup_recipe struct recipe *recipe = NULL;
	clock_t begin = clock();

	buffer_add_text(&yaml, D);
	add_times(&yaml, masses[_i].unit, ((1u << 20) - 32) / strlen(masses[_i].unit));
	recipe = recipe_parse("mine.yaml", yaml.data, yaml.length, &err);
	ck_assert_int_eq(recipe != NULL, masses[_i].message == NULL);
	if (masses[_i].message)
		ck_assert_msg(strstr(err.message, masses[_i].message) == err.message, "%s",
			      err.message);
	ck_assert_int_lt((clock() - begin) / CLOCKS_PER_SEC, 3);
}
END_TEST

#define MASSES 13

START_TEST(test_many_keys)
{
	cleanup_buffer struct buffer yaml = { 0 };
	struct error err = { 0 };

	for (int i = 0; i < 300; i++)
		buffer_printf(&yaml, "key%d: x\n", i);
	ck_assert_ptr_null(parse(yaml.data, &err));
	ck_assert_str_eq(err.message, "mine.yaml:257: found more keys than any recipe has, "
				      "expected at most 256");
}
END_TEST

/* Ten anchors, each nine times the one before: would be a thousand million values. */
START_TEST(test_alias_bomb)
{
	cleanup_buffer struct buffer yaml = { 0 };
	struct error err = { 0 };

	buffer_add_text(&yaml, D "a0: &a0 [x]\n");
	for (int i = 1; i < 10; i++) {
		buffer_printf(&yaml, "a%d: &a%d [", i, i);
		for (int k = 0; k < 9; k++)
			buffer_printf(&yaml, "%s*a%d", k ? "," : "", i - 1);
		buffer_add_text(&yaml, "]\n");
	}
	ck_assert_ptr_null(parse(yaml.data, &err));
	ck_assert_str_eq(err.message,
			 "mine.yaml:2: found the anchor 'a0', expected plain keys and values");
}
END_TEST

/* ---- files --------------------------------------------------------------- */

static char scratch[] = "/tmp/muenbuild-test-recipe-XXXXXX";

static void make_folder(const char *path)
{
	cleanup_free char *full = xasprintf("%s/%s", scratch, path);

	ck_assert_int_eq(mkdir(full, 0777), 0);
}

static void put(const char *path, const char *text, size_t length)
{
	cleanup_free char *full = xasprintf("%s/%s", scratch, path);
	struct error err = { 0 };

	ck_assert_msg(file_write(full, text, length, 0666, &err) == 0, "%s", err.message);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

/* scratch/config is the user's configuration, scratch/data the program's data. */
static void setup_files(void)
{
	cleanup_free char *config = NULL;

	memcpy(scratch + strlen(scratch) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(scratch));
	make_folder("config");
	make_folder("config/muenbuild");
	make_folder("config/muenbuild/recipes");
	make_folder("data");
	make_folder("data/recipes");
	put_text("data/recipes/beta.yaml", "description: theirs\n");
	put_text("data/recipes/alpha.yaml", "description: first of all\n");
	config = xasprintf("%s/config", scratch);
	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", config, 1), 0);
}

static void teardown_files(void)
{
	cleanup_free char *command = xasprintf("rm -rf '%s'", scratch);

	ck_assert_int_eq(system(command), 0);
}

static const char *data(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/data", scratch);
	return path;
}

/* The entry of that name; /etc may have others. */
static size_t entry(const struct recipe_listing *listing, const char *name)
{
	size_t found = listing->count;

	for (size_t i = 0; i < listing->count; i++)
		if (!strcmp(listing->list[i].name, name)) {
			ck_assert_uint_eq(found, listing->count); /* once */
			found = i;
		}
	return found;
}

START_TEST(test_read_by_name)
{
	struct error err = { 0 };
	cleanup_recipe struct recipe *theirs = recipe_read("beta", data(), &err), *mine = NULL;

	ck_assert_str_eq(theirs->description, "theirs");
	ck_assert_str_eq(theirs->name, "beta");
	put_text("config/muenbuild/recipes/beta.yaml", "description: mine\n");
	mine = recipe_read("beta", data(), &err);
	ck_assert_str_eq(mine->description, "mine");
	ck_assert_ptr_nonnull(strstr(mine->path, "/config/muenbuild/recipes/beta.yaml"));
}
END_TEST

/* A bad recipe of the user's must not give way to a good one of the same name. */
START_TEST(test_bad_one_is_not_passed_over)
{
	struct error err = { 0 };

	put_text("config/muenbuild/recipes/beta.yaml", "description: mine\nram: 3\n");
	ck_assert_ptr_null(recipe_read("beta", data(), &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "recipes/beta.yaml:2: ram: found an unknown"));
}
END_TEST

START_TEST(test_home_is_searched)
{
	struct error err = { 0 };
	cleanup_free char *config = xasprintf("%s/.config", scratch);
	cleanup_free char *old = xasprintf("%s/config", scratch);
	cleanup_recipe struct recipe *recipe = NULL;

	put_text("config/muenbuild/recipes/own.yaml", "description: at home\n");
	ck_assert_int_eq(rename(old, config), 0);
	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", "relative", 1), 0);
	ck_assert_int_eq(setenv("HOME", scratch, 1), 0);
	recipe = recipe_read("own", data(), &err);
	ck_assert_msg(recipe, "%s", err.message);
	ck_assert_str_eq(recipe->description, "at home");
}
END_TEST

START_TEST(test_read_by_path)
{
	cleanup_free char *path = xasprintf("%s/data/odd", scratch);
	struct error err = { 0 };
	cleanup_recipe struct recipe *recipe = NULL;

	put_text("data/odd", "description: no suffix\n");
	recipe = recipe_read(path, "/nowhere", &err);
	ck_assert_msg(recipe, "%s", err.message);
	ck_assert_str_eq(recipe->name, "odd");
	ck_assert_str_eq(recipe->path, path);
}
END_TEST

START_TEST(test_unknown_names)
{
	static const struct {
		const char *name, *message;
	} unknown[] = {
		{ "gamma", "recipe: found the name 'gamma', expected one of: alpha, b" },
		{ "", "recipe: found the name nothing, expected one of: alpha, b" },
		{ "a\033b", "recipe: found the name 'a\\x1bb', expected one of: alpha" },
		{ "gamma.yaml", "gamma.yaml: cannot open" },
		{ "./alpha", "./alpha: cannot open" },
		{ "/", "/: is a folder" },
	};
	struct error err = { 0 };

	ck_assert_ptr_null(recipe_read(unknown[_i].name, data(), &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	ck_assert_msg(!strncmp(err.message, unknown[_i].message, strlen(unknown[_i].message)), "%s",
		      err.message);
}
END_TEST

START_TEST(test_too_long_file)
{
	cleanup_free char *text = xcalloc(1, (1u << 20) + 1);
	struct error err = { 0 };

	memset(text, '\n', (1u << 20) + 1);
	memcpy(text, D, strlen(D));
	put("data/recipes/long.yaml", text, (1u << 20) + 1);
	ck_assert_ptr_null(recipe_read("long", data(), &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "at most 1048576 are accepted"));
}
END_TEST

START_TEST(test_listing)
{
	struct recipe_listing listing;
	struct error err = { 0 };
	size_t i;

	put_text("config/muenbuild/recipes/beta.yaml", "description: mine\n");
	put_text("config/muenbuild/recipes/broken.yaml", "description: d\nram: 1\n");
	put_text("config/muenbuild/recipes/.hidden.yaml", "description: d\n");
	put_text("config/muenbuild/recipes/twice.yaml.yaml", "description: d\n");
	put_text("config/muenbuild/recipes/notes.txt", "description: d\n");
	make_folder("data/recipes/folder.yaml");
	ck_assert_msg(recipe_list(data(), &listing, &err) == 0, "%s", err.message);
	for (i = 1; i < listing.count; i++)
		ck_assert_str_lt(listing.list[i - 1].name, listing.list[i].name);
	i = entry(&listing, "alpha");
	ck_assert_str_eq(listing.list[i].description, "first of all");
	ck_assert_ptr_null(listing.list[i].error);
	ck_assert_str_eq(listing.list[entry(&listing, "beta")].description, "mine");
	i = entry(&listing, "broken");
	ck_assert_ptr_null(listing.list[i].description);
	ck_assert_ptr_nonnull(
		strstr(listing.list[i].error, "broken.yaml:2: ram: found an unknown"));
	ck_assert_ptr_nonnull(listing.list[entry(&listing, "folder")].error);
	ck_assert_uint_eq(entry(&listing, ".hidden"), listing.count);
	ck_assert_uint_eq(entry(&listing, "notes"), listing.count);
	ck_assert_uint_eq(entry(&listing, "twice.yaml"), listing.count);
	recipe_listing_free(&listing);
	ck_assert_uint_eq(listing.count, 0);
}
END_TEST

START_TEST(test_no_folders_at_all)
{
	struct recipe_listing listing;
	struct error err = { 0 };

	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", "/nonexistent", 1), 0);
	ck_assert_int_eq(recipe_list("/nonexistent", &listing, &err), 0);
	recipe_listing_free(&listing);
	ck_assert_ptr_null(recipe_read("x86", "/nonexistent", &err));
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
}
END_TEST

/* ---- what is shipped ----------------------------------------------------- */

static const char *const shipped[] = { "x86-lenovo-t430s", "x86-qemu-solo5",
				       "x86-qemu-solo5-test" };

/* Whether the file has `<element name="VALUE"` for any of the elements. */
static bool declares(const char *path, const char *element, const char *name)
{
	cleanup_bytes struct bytes bytes = { 0 };
	cleanup_free char *wanted = xasprintf("<%s name=\"%s\"", element, name);
	struct error err = { 0 };

	ck_assert_msg(file_read(path, 1u << 24, 1, &bytes, &err) == 0, "%s", err.message);
	return strstr((char *)bytes.data, wanted) != NULL;
}

static const char *policy_path(const char *relative)
{
	cleanup_free char *path = xasprintf("muen/policy/%s", relative);

	return shared_path(path);
}

/* The recipes lie in the source tree as they do where they are installed. */
START_TEST(test_shipped)
{
	struct error err = { 0 };
	cleanup_recipe struct recipe *recipe = NULL;
	const char *platform;

	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", "/nonexistent", 1), 0);
	recipe = recipe_read(shipped[_i], ".", &err);
	ck_assert_msg(recipe, "%s", err.message);
	ck_assert_uint_eq(recipe->subject_info, 0);
	if (!policy_path(recipe->platform)) {
		printf("# SKIP shipped recipes against Muen's policy: %s is not there\n",
		       recipe->platform);
		return;
	}
	ck_assert_ptr_nonnull(policy_path(recipe->hardware));
	ck_assert_ptr_nonnull(policy_path(recipe->additional_hardware));
	platform = policy_path(recipe->platform);
	ck_assert(declares(platform, "alias", recipe->network.device));
	ck_assert(declares(platform, "alias", recipe->debug.console));
	ck_assert(declares(platform, "resource", recipe->debug.console_port));
}
END_TEST

START_TEST(test_shipped_for_tests)
{
	struct error err = { 0 };
	cleanup_recipe struct recipe *recipe =
		recipe_read("recipes/x86-qemu-solo5-test.yaml", ".", &err);

	ck_assert_msg(recipe, "%s", err.message);
	ck_assert(!recipe->network.allowed);
	ck_assert(!recipe->unikernel.resettable);
}
END_TEST

START_TEST(test_manual_has_every_key)
{
	const struct recipe_key *key = &recipe_keys[_i];
	cleanup_bytes struct bytes bytes = { 0 };
	struct error err = { 0 };
	cleanup_free char *item = xasprintf("\n.It Ic %s\n", key->name);
	const char *manual, *found;

	ck_assert_msg(file_read("doc/muenbuild-recipes.5", 1u << 20, 1, &bytes, &err) == 0, "%s",
		      err.message);
	manual = (const char *)bytes.data;
	if (key->section) {
		cleanup_free char *heading = xasprintf("\n.Ss %s\n", key->section);

		manual = strstr(manual, heading);
		ck_assert_msg(manual, "no section %s", key->section);
	}
	found = strstr(manual, item);
	ck_assert_msg(found, "no item %s", key->name);
	if (key->fallback) {
		cleanup_free char *fallback = xasprintf("\nDefault: %s", key->fallback);
		const char *next = strstr(found + 1, "\n.It Ic ");
		const char *told = strstr(found, fallback);

		ck_assert_msg(told && (!next || told < next), "%s: no '%s'", key->name,
			      fallback + 1);
	}
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

int main(void)
{
	Suite *suite = suite_create("recipe");
	TCase *text = tcase_create("text"), *files = tcase_create("files");

	tcase_set_timeout(text, 60);
	tcase_add_test(text, test_defaults);
	tcase_add_test(text, test_every_key);
	tcase_add_test(text, test_every_key_is_tested);
	tcase_add_loop_test(text, test_written_recipe_reads_the_same, 0, 3);
	tcase_add_loop_test(text, test_accepted, 0, LENGTH(accepted));
	tcase_add_loop_test(text, test_refused, 0, LENGTH(bads));
	tcase_add_test(text, test_truncated);
	tcase_add_loop_test(text, test_masses, 0, MASSES);
	tcase_add_test(text, test_many_keys);
	tcase_add_test(text, test_alias_bomb);
	tcase_add_loop_test(text, test_shipped, 0, LENGTH(shipped));
	tcase_add_test(text, test_shipped_for_tests);
	tcase_add_loop_test(text, test_manual_has_every_key, 0, (int)recipe_key_count);
	tcase_add_loop_test(text, test_examples, 0, (int)recipe_key_count);
	tcase_add_test(text, test_sizes);
	suite_add_tcase(suite, text);

	tcase_add_checked_fixture(files, setup_files, teardown_files);
	tcase_add_test(files, test_read_by_name);
	tcase_add_test(files, test_bad_one_is_not_passed_over);
	tcase_add_test(files, test_home_is_searched);
	tcase_add_test(files, test_read_by_path);
	tcase_add_loop_test(files, test_unknown_names, 0, 6);
	tcase_add_test(files, test_too_long_file);
	tcase_add_test(files, test_listing);
	tcase_add_test(files, test_no_folders_at_all);
	suite_add_tcase(suite, files);
	return run_suite(suite);
}
