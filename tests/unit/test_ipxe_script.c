/* Runs the scripts in a small model of iPXE, with every command failing in turn: nothing that was
 * not verified is ever booted, and no script ever ends. The model follows iPXE's src/image/script.c
 * and src/core/exec.c: labels, "||", "&&", ";", comments, goto, and that a failing line ends the
 * script. */
#include "base/cleanup.h"
#include "sign/ipxe/script.h"
#include "tests/unit/support.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* check reports the place of every assertion to its parent: too slow for inner loops. */
#define expect(condition, ...)                                                                     \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ck_abort_msg(__VA_ARGS__);                                                 \
	} while (0)

/* ---- the machine --------------------------------------------------------- */

enum { STEPS_MAX = 400, WORDS_MAX = 64, IMAGES_MAX = 8 };

enum fate {
	RUNS_ON,    /* so many steps: it loops, as it should after a failure */
	BOOTED,	    /* all images were verified */
	UNVERIFIED, /* booted something that was not */
	HANDED_OVER,
	REBOOTED,
	ENDED, /* the firmware tries the next device */
};

struct image {
	char name[64];
	bool verified;
};

struct machine {
	const char *script;
	size_t offset; /* of the line behind the one that runs */
	bool jumped;   /* goto: the rest of the line is dropped */
	const char *platform;
	bool boot_returns; /* a started image gives the machine back, without an error */
	int steps;
	bool fails[STEPS_MAX]; /* which commands fail, by their number */
	int failures;	       /* how many did that would not have failed anyway */
	const char *missing;   /* a command that fails always */
	bool trust;
	struct image images[IMAGES_MAX];
	size_t image_count;
	bool has_network;
	bool keeps_network;
	bool over;
	enum fate fate;
	struct buffer said;
};

static void finish(struct machine *machine, enum fate fate)
{
	machine->over = true;
	machine->fate = fate;
}

static struct image *image_named(struct machine *machine, const char *name)
{
	for (size_t i = 0; i < machine->image_count; i++)
		if (!strcmp(machine->images[i].name, name))
			return &machine->images[i];
	return NULL;
}

static bool fetch(struct machine *machine, const char *url)
{
	const char *slash = strrchr(url, '/');
	struct image *image;

	expect(machine->has_network || machine->keeps_network, "fetch without a network");
	expect(machine->image_count < IMAGES_MAX, "too many images");
	image = &machine->images[machine->image_count++];
	image->verified = false;
	snprintf(image->name, sizeof(image->name), "%s", slash ? slash + 1 : url);
	return true;
}

static bool all_verified(const struct machine *machine)
{
	bool verified = machine->trust && machine->image_count > 0;

	for (size_t i = 0; i < machine->image_count; i++)
		verified = verified && machine->images[i].verified;
	return verified;
}

static bool start_image(struct machine *machine, enum fate fate)
{
	if (!all_verified(machine))
		finish(machine, UNVERIFIED);
	else if (!machine->boot_returns)
		finish(machine, fate);
	return true;
}

static bool jump(struct machine *machine, const char *label)
{
	size_t length = strlen(label);

	for (const char *line = machine->script; *line;) {
		const char *end = strchr(line, '\n');

		if (line[0] == ':' && !strncmp(line + 1, label, length) &&
		    line[1 + length] == '\n') {
			machine->offset = (size_t)(line - machine->script);
			machine->jumped = true;
			return true;
		}
		line = end ? end + 1 : "";
	}
	ck_abort_msg("there is no label :%s", label);
	return false;
}

static void say(struct machine *machine, char **words, size_t count)
{
	for (size_t i = 1; i < count; i++)
		buffer_printf(&machine->said, "%s ", words[i]);
}

/* The effect of a command that does not fail. */
static bool perform(struct machine *machine, char **words, size_t count)
{
	const char *command = words[0];
	struct image *image;

	if (!strcmp(command, "goto"))
		return jump(machine, words[1]);
	if (!strcmp(command, "iseq"))
		return !strcmp(words[1], words[2]);
	if (!strcmp(command, "imgfree"))
		machine->image_count = 0;
	else if (!strcmp(command, "imgtrust"))
		machine->trust = count == 2 && !strcmp(words[1], "--permanent");
	else if (!strcmp(command, "dhcp") || !strcmp(command, "ifopen"))
		machine->has_network = true;
	else if (!strcmp(command, "kernel") || !strcmp(command, "initrd") ||
		 !strcmp(command, "imgfetch"))
		return fetch(machine, words[1]);
	else if (!strcmp(command, "imgverify")) {
		image = image_named(machine, words[1]);
		expect(image, "imgverify of %s would fetch another copy", words[1]);
		expect(!image_named(machine, words[2]), "%s is an image", words[2]);
		image->verified = true;
	} else if (!strcmp(command, "imgargs"))
		expect(image_named(machine, words[1]), "no image %s", words[1]);
	else if (!strcmp(command, "boot"))
		return start_image(machine, BOOTED);
	else if (!strcmp(command, "chain"))
		return start_image(machine, HANDED_OVER);
	else if (!strcmp(command, "reboot"))
		finish(machine, REBOOTED);
	else if (!strcmp(command, "echo"))
		say(machine, words, count);
	else
		expect(!strcmp(command, "set") || !strcmp(command, "sleep") ||
			       !strcmp(command, "shell") || !strcmp(command, "imgstat"),
		       "unknown command %s", command);
	return true;
}

static bool execute(struct machine *machine, char **words, size_t count)
{
	int step = machine->steps;

	if (!count)
		return true;
	if (++machine->steps >= STEPS_MAX) {
		finish(machine, RUNS_ON);
		return true;
	}
	for (size_t i = 0; i < count; i++)
		if (!strcmp(words[i], "${platform}"))
			words[i] = (char *)machine->platform;
	/* A goto fails for want of a few bytes of memory only: then nothing can be done. */
	if (!strcmp(words[0], "goto") ||
	    (!machine->fails[step] && (!machine->missing || strcmp(machine->missing, words[0]))))
		return perform(machine, words, count);
	machine->failures += strcmp(words[0], "iseq") || !strcmp(words[1], words[2]);
	return false;
}

static bool is_terminator(const char *word)
{
	return !strcmp(word, "||") || !strcmp(word, "&&") || !strcmp(word, ";");
}

/* One line: commands joined by terminators. Returns whether the last one run succeeded. */
static bool run_line(struct machine *machine, char *line)
{
	char *words[WORDS_MAX], *save = NULL;
	size_t count = 0, begin = 0;
	bool success = true, run = true;

	for (char *word = strtok_r(line, " ", &save); word && word[0] != '#';
	     word = strtok_r(NULL, " ", &save)) {
		expect(count < WORDS_MAX, "too many words");
		words[count++] = word;
	}
	machine->jumped = false;
	while (!machine->over) {
		size_t end = begin;

		while (end < count && !is_terminator(words[end]))
			end++;
		if (run)
			success = execute(machine, words + begin, end - begin);
		if (machine->jumped || end == count)
			return success;
		run = !strcmp(words[end], ";") || (!strcmp(words[end], "||") ? !success : success);
		begin = end + 1;
	}
	return success;
}

static enum fate run_machine(struct machine *machine)
{
	while (!machine->over) {
		const char *begin = machine->script + machine->offset;
		const char *end = strchr(begin, '\n');
		char line[256];

		if (!*begin) {
			finish(machine, ENDED);
			break;
		}
		expect(end, "a line without an end");
		snprintf(line, sizeof(line), "%.*s", (int)(end - begin), begin);
		machine->offset += (size_t)(end - begin) + 1;
		if (line[0] != ':' && !run_line(machine, line))
			finish(machine, ENDED);
	}
	return machine->fate;
}

/* ---- the scripts --------------------------------------------------------- */

enum { PLATFORMS = 3, NETWORKS = 3, ACTIONS = 4, VARIANTS = 2 * PLATFORMS * NETWORKS * ACTIONS };

static struct ipxe_script variant(int number)
{
	struct ipxe_script script = ipxe_script_defaults();

	script.embedded = number % 2;
	script.platform = (enum ipxe_platform)(number / 2 % PLATFORMS);
	script.network = (enum ipxe_network)(number / 2 / PLATFORMS % NETWORKS);
	script.on_failure = (enum ipxe_action)(number / 2 / PLATFORMS / NETWORKS);
	if (script.network == IPXE_STATIC) {
		script.address = "192.168.199.4";
		script.netmask = "255.255.255.0";
		script.gateway = "192.168.199.1";
	}
	if (script.network != IPXE_KEEP || script.embedded)
		script.url = "http://192.168.199.2";
	return script;
}

static struct buffer text;
static struct ipxe_script script;

static void write_variant(int number)
{
	cleanup_findings struct findings findings = { 0 };
	struct error err = { 0 };

	script = variant(number);
	buffer_free(&text);
	ck_assert_msg(ipxe_script_write(&script, &text, &findings, &err) == 0, "%s", err.message);
}

static struct machine machine_for(const char *platform)
{
	return (struct machine){ .script = text.data,
				 .platform = platform,
				 .keeps_network = script.network == IPXE_KEEP };
}

static bool fits(const char *platform)
{
	return script.embedded || script.platform == IPXE_AUTO ||
	       (script.platform == IPXE_BIOS) == !strcmp(platform, "pcbios");
}

static enum fate good_fate(void)
{
	return script.embedded ? HANDED_OVER : BOOTED;
}

static const char *const machine_platforms[] = { "pcbios", "efi", "linux" };

START_TEST(test_good)
{
	write_variant(_i);
	for (size_t i = 0; i < 3; i++) {
		struct machine machine = machine_for(machine_platforms[i]);
		enum fate fate = run_machine(&machine);

		if (fits(machine.platform) && (script.embedded || i < 2)) {
			ck_assert_int_eq(fate, good_fate());
		} else {
			ck_assert(fate == RUNS_ON || fate == REBOOTED);
			ck_assert_ptr_nonnull(strstr(machine.said.data, "not for the platform"));
		}
		buffer_free(&machine.said);
	}
}
END_TEST

/* How many commands a machine runs until it has booted. */
static int count_steps(const char *platform)
{
	struct machine machine = machine_for(platform);

	run_machine(&machine);
	buffer_free(&machine.said);
	return machine.steps;
}

/* After a failure, only IPXE_RETRY may get anywhere, and then with everything verified. */
static void fail_two(const char *platform, int first, int second)
{
	struct machine machine = machine_for(platform);
	enum fate fate;

	machine.fails[first] = machine.fails[second] = true;
	fate = run_machine(&machine);
	if (fate == good_fate())
		expect(machine.failures == 0 || script.on_failure == IPXE_RETRY,
		       "booted after failures at %d and %d", first, second);
	else
		expect(machine.failures && (fate == RUNS_ON ||
					    (fate == REBOOTED && script.on_failure == IPXE_REBOOT)),
		       "failures at %d and %d: fate %d\n%s", first, second, fate, text.data);
	buffer_free(&machine.said);
}

START_TEST(test_every_failure)
{
	write_variant(_i);
	for (size_t i = 0; i < 2; i++) {
		int steps = fits(machine_platforms[i]) ? count_steps(machine_platforms[i]) : 0;

		/* The second failure hits the way to the end as well. */
		for (int first = 0; first < steps; first++)
			for (int second = first; second < steps + 12; second++)
				fail_two(machine_platforms[i], first, second);
	}
}
END_TEST

START_TEST(test_what_is_missing_always)
{
	static const char *const commands[] = { "imgtrust", "imgverify", "imgfree", "kernel",
						"initrd",   "imgfetch",	 "dhcp",    "ifopen",
						"set",	    "imgargs",	 "imgstat", "boot",
						"chain",    "iseq" };

	write_variant(_i);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct machine machine =
			machine_for(script.platform == IPXE_UEFI ? "efi" : "pcbios");
		char line[32];
		enum fate fate;

		machine.missing = commands[i];
		fate = run_machine(&machine);
		snprintf(line, sizeof(line), "\n%s", commands[i]);
		if (strstr(text.data, line)) {
			ck_assert_msg(fate == RUNS_ON || fate == REBOOTED, "without %s: fate %d",
				      commands[i], fate);
			ck_assert_ptr_nonnull(strstr(machine.said.data, "FAILED:"));
		} else {
			ck_assert_int_eq(fate, good_fate());
		}
		if (!strcmp(commands[i], "imgtrust"))
			ck_assert_ptr_nonnull(
				strstr(machine.said.data, "cannot verify signatures"));
		buffer_free(&machine.said);
	}
}
END_TEST

START_TEST(test_what_gives_the_machine_back)
{
	struct machine machine;
	enum fate fate;

	write_variant(_i);
	machine = machine_for(script.platform == IPXE_UEFI ? "efi" : "pcbios");
	machine.boot_returns = true;
	fate = run_machine(&machine);
	ck_assert_int_eq(fate, script.on_failure == IPXE_REBOOT ? REBOOTED : RUNS_ON);
	ck_assert_ptr_nonnull(strstr(machine.said.data, "or ended"));
	buffer_free(&machine.said);
}
END_TEST

/* Failures everywhere: also what stops the machine may fail (no reboot, no shell, Ctrl-C). */
START_TEST(test_random_failures)
{
	uint32_t state = (uint32_t)_i + 1;

	write_variant(_i);
	for (int run = 0; run < 200; run++) {
		struct machine machine = machine_for(run % 2 ? "efi" : "pcbios");
		enum fate fate;

		for (int i = 0; i < STEPS_MAX; i++) {
			state = state * 1664525u + 1013904223u;
			machine.fails[i] = state >> 24 < (run % 5) * 60u;
		}
		fate = run_machine(&machine);
		expect(fate != ENDED && fate != UNVERIFIED, "run %d: fate %d", run, fate);
		buffer_free(&machine.said);
	}
}
END_TEST

/* Someone in the shell can "goto" any label: none may lie behind the fetching of an image and
 * before its verification. */
START_TEST(test_no_label_in_between)
{
	bool fetched = false;
	char *save = NULL;

	write_variant(_i);
	for (char *line = strtok_r(text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, "kernel ", 7) || !strncmp(line, "imgfetch ", 9))
			fetched = true;
		else if (!strncmp(line, "boot ", 5) || !strncmp(line, "chain ", 6))
			fetched = false;
		ck_assert_msg(!fetched || line[0] != ':', "%s", line);
	}
}
END_TEST

/* The model itself must notice what it is for. */
START_TEST(test_model)
{
	static const struct {
		const char *script;
		enum fate fate;
	} cases[] = {
		{ "#!ipxe\nimgfree\n", ENDED },
		{ "#!ipxe\ndhcp\nkernel a\nboot\n", UNVERIFIED },
		{ "#!ipxe\ndhcp\nimgtrust --permanent\nkernel a\nimgverify a a.sig\nboot\n",
		  BOOTED },
		{ "#!ipxe\ndhcp\nimgtrust --permanent\nkernel a\ninitrd b\nimgverify a "
		  "a.sig\nboot\n",
		  UNVERIFIED },
		{ "#!ipxe\niseq a b\n:x\nsleep 1\ngoto x\n", ENDED },
		{ "#!ipxe\niseq a b ||\n:x\nsleep 1 # no\ngoto x || boot\n", RUNS_ON },
		{ "#!ipxe\niseq a b && boot ||\nreboot\n", REBOOTED },
		{ "#!ipxe\niseq a a && reboot || boot\n", REBOOTED },
		{ "#!ipxe\niseq a b ; reboot\n", REBOOTED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine machine = { .script = cases[i].script, .platform = "pcbios" };

		ck_assert_int_eq(run_machine(&machine), cases[i].fate);
		buffer_free(&machine.said);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipxe_script");
	TCase *cases = tcase_create("model");

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, test_model);
	tcase_add_loop_test(cases, test_good, 0, VARIANTS);
	tcase_add_loop_test(cases, test_every_failure, 0, VARIANTS);
	tcase_add_loop_test(cases, test_what_is_missing_always, 0, VARIANTS);
	tcase_add_loop_test(cases, test_what_gives_the_machine_back, 0, VARIANTS);
	tcase_add_loop_test(cases, test_random_failures, 0, VARIANTS);
	tcase_add_loop_test(cases, test_no_label_in_between, 0, VARIANTS);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
