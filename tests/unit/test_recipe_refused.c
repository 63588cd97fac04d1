/* Recipes that are wrong: every message has the line, what was found and what was expected. */
#include "recipes/recipe.h"

#include "base/alloc.h"
#include "tests/unit/support.h"

#include <string.h>
#include <time.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct recipe *parse(const char *yaml, struct error *err)
{
	return recipe_parse("mine.yaml", yaml, strlen(yaml), err);
}

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
	{ D "# \xef\xbb\xbf\n", "mine.yaml:2: found the control character \\xef\\xbb\\xbf", "" },
	{ D "# \xef\xbf\xbf\n", "mine.yaml:2: found the control character \\xef\\xbf\\xbf", "" },
	/* texts */
	{ "description: \"a\\Pb\"\n", "mine.yaml:1: description: found", "for instance" },
	{ "description: \"a\\Nb\"\n", "mine.yaml:1: description: found", "for instance" },
	{ "description: \"\\uFEFFb\"\n", "mine.yaml:1: description: found", "for instance" },
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
	  "mine.yaml:3: network.device: found 'nic 1', expected a name",
	  "device: ethernet_controller_1" },
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

static const char whole[] = "%YAML 1.1\n"
			    "---\n"
			    "description: 'It''s \"all\" gr\xc3\xbcn'\n"
			    "hardware: hardware/a.xml\n"
			    "unikernel: { ram: 64 MiB, resettable: no, ticks: 1 }\n"
			    "network:\n"
			    "  bootparams: \"quiet a=\\\"b\\\\c\\\"\"\n"
			    "debug:\n"
			    "  crash-audit-address: 0x100a11000\n"
			    "...\n";

/* Whatever is cut off a recipe: what is left is read or refused, and nothing else happens. */
START_TEST(test_truncated)
{
	for (size_t length = 0; length < sizeof(whole); length++) {
		/* An exact copy, so that the sanitizer sees a step too far. */
		cleanup_free char *copy = xstrndup(whole, length);
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

/* Repeated, each is as long as a file may be, and has to end soon. */
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

START_TEST(test_masses)
{
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

int main(void)
{
	Suite *suite = suite_create("recipe_refused");
	TCase *tests = tcase_create("bad");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, test_refused, 0, LENGTH(bads));
	tcase_add_test(tests, test_truncated);
	tcase_add_loop_test(tests, test_masses, 0, LENGTH(masses));
	tcase_add_test(tests, test_many_keys);
	tcase_add_test(tests, test_alias_bomb);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
