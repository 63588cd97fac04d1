/* How a subject ended, by its console. */
#include "subject/ending.h"
#include "tests/unit/support.h"

#include <string.h>

#define HALTED "Solo5: Halted\n"

static struct subject_ending ending;

static void setup(void)
{
	ending = (struct subject_ending){ 0 };
}

static void print(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		ck_assert_int_eq(subject_ending_read(&ending, text[i]), text[i] == '\n');
}

static const struct {
	const char *text;
	bool halted;
	int status;
} consoles[] = {
	{ "hello\nSolo5: solo5_exit(0) called\n" HALTED, true, 0 },
	{ "Solo5: solo5_exit(42) called\n" HALTED, true, 42 },
	{ "Solo5: solo5_exit(-1) called\n" HALTED, true, 255 },
	{ "Solo5: solo5_exit(256) called\n" HALTED, true, 0 },
	{ "Solo5: solo5_exit(99999999999999999999) called\n" HALTED, true, 255 },
	/* the message on a line that the subject began */
	{ "no endSolo5: solo5_exit(3) called\n" HALTED, true, 3 },
	{ "Solo5: solo5_exit(3) called Solo5: solo5_exit(4) called\n" HALTED, true, 4 },
	/* quiet: the subject's own words mean nothing */
	{ "bye\n" HALTED, true, 0 },
	{ HALTED, true, 0 },
	{ "no end" HALTED, true, 0 },
	{ "Solo5: solo5_exit(3) called\nbye\n" HALTED, true, 0 },
	{ "Solo5: solo5_exit(3) called, perhaps\n" HALTED, true, 0 },
	{ "Solo5: solo5_exit() called\n" HALTED, true, 0 },
	{ "Solo5: solo5_exit(-) called\n" HALTED, true, 0 },
	{ "Solo5: solo5_exit( 3) called\n" HALTED, true, 0 },
	{ "Solo5: solo5_exit(3)\n" HALTED, true, 0 },
	{ "Solo5: solo5_exi\n" HALTED, true, 0 },
	{ "Solo5: solo5_abort() called\n" HALTED, true, 255 },
	{ "Solo5: ABORT: main.c:12: Fatal trap\n" HALTED, true, 255 },
	{ "Solo5: ABORT: x\nSolo5: solo5_exit(0) called\n" HALTED, true, 0 },
	/* not the end */
	{ "Solo5: solo5_exit(3) called\n", false, 3 },
	{ "Solo5: solo5_exit(3) called", false, 0 },
	{ HALTED "more\n", false, 0 },
	{ HALTED "more", false, 0 },
	{ "Solo5: Halted soon\n", false, 0 },
	{ "", false, 0 },
};

START_TEST(learns_how_it_ended)
{
	print(consoles[_i].text, strlen(consoles[_i].text));
	ck_assert_int_eq(ending.halted, consoles[_i].halted);
	ck_assert_int_eq(ending.status, consoles[_i].status);
}
END_TEST

/* Behind text of any length; the message is never cut. */
START_TEST(takes_lines_of_any_length)
{
	static const char message[] = "Solo5: solo5_exit(42) called\n";
	static char console[3 * SUBJECT_LINE_MAX];

	for (size_t before = 0; before + sizeof(message) < sizeof(console); before++) {
		setup();
		memset(console, 'x', before);
		memcpy(console + before, message, sizeof(message));
		print(console, before + sizeof(message) - 1);
		ck_assert_int_eq(ending.status, 42);
	}
}
END_TEST

/* A NUL is no end of a line, and hides nothing behind it. */
START_TEST(shows_lines)
{
	static const char text[] = "a\0b", halted[] = "\0Solo5: Halted\n";

	print(text, sizeof(text) - 1);
	ck_assert(subject_ending_read(&ending, '\n'));
	ck_assert_str_eq(ending.line, "a b");
	ck_assert(!ending.halted);
	print(halted, sizeof(halted) - 1);
	ck_assert_str_eq(ending.line, " Solo5: Halted");
	ck_assert(ending.halted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ending");
	TCase *tests = tcase_create("ending");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, learns_how_it_ended, 0, sizeof(consoles) / sizeof(consoles[0]));
	tcase_add_test(tests, takes_lines_of_any_length);
	tcase_add_test(tests, shows_lines);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
