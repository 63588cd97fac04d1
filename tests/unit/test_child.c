#include "base/child.h"
#include "base/memory_file.h"
#include "tests/unit/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;

static int run(const char *line, const int *descriptors, size_t count)
{
	const char *const words[] = { "sh", "-c", line, NULL };

	err = (struct error){ 0 };
	return child_run(&(struct child){ .words = words,
					  .package = "dash",
					  .descriptors = descriptors,
					  .descriptor_count = count,
					  .time = 1700000000 },
			 &err);
}

static void expect(const char *line, const char *word)
{
	ck_assert_int_eq(run(line, NULL, 0), -1);
	ck_assert_int_eq(err.kind, ERR_MISSING);
	ck_assert_msg(strstr(err.message, word), "'%s' is not in: %s", word, err.message);
	ck_assert_ptr_nonnull(strstr(err.mend, "dash"));
}

START_TEST(test_good)
{
	ck_assert_int_eq(run("echo noise; echo more >&2", NULL, 0), 0);
	ck_assert_str_eq(err.message, "");
}
END_TEST

START_TEST(test_failures)
{
	expect("echo first; echo 'the reason' >&2; exit 3", "sh: failed with status 3");
	expect("echo 'the reason' >&2; exit 3", "the reason");
	expect("kill -9 $$", "signal 9");
	/* Whatever it says is taken off it, and the end is told. */
	expect("seq 1 200000; echo 'the end'; exit 1", "the end");
	expect("printf 'a\\033[2Jb'; exit 1", "\\x1b");
}
END_TEST

START_TEST(test_missing)
{
	const char *const words[] = { "no-such-program", "x", NULL };

	err = (struct error){ 0 };
	ck_assert_int_eq(
		child_run(&(struct child){ .words = words, .package = "grub-common" }, &err), -1);
	ck_assert_int_eq(err.kind, ERR_MISSING);
	ck_assert_ptr_nonnull(strstr(err.message, "no-such-program: cannot be started"));
	ck_assert_ptr_nonnull(strstr(err.mend, "Debian package grub-common"));
}
END_TEST

/* Nothing of the caller's environment but PATH. */
START_TEST(test_environment)
{
	ck_assert_int_eq(setenv("TZ", "Asia/Tokyo", 1), 0);
	ck_assert_int_eq(setenv("MTOOLSRC", "/tmp/x", 1), 0);
	ck_assert_int_eq(run("test \"$TZ $LC_ALL $SOURCE_DATE_EPOCH $HOME\" = "
			     "'UTC C 1700000000 /nonexistent' && test -z \"$MTOOLSRC\"",
			     NULL, 0),
			 0);
	ck_assert_int_eq(run("read line; test -z \"$line\"", NULL, 0), 0);
}
END_TEST

START_TEST(test_descriptors)
{
	cleanup_close int secret = open("/dev/null", O_RDONLY);
	cleanup_close int shared = memory_file("words", 5, 1000000000, &err);
	char line[160], path[MEMORY_FILE_PATH];
	struct bytes bytes = { 0 };

	ck_assert_int_ge(secret, 0);
	ck_assert_int_ge(shared, 0);
	snprintf(line, sizeof(line), "test ! -e /proc/self/fd/%d && test $(cat %s) = words", secret,
		 memory_file_path(shared, path));
	ck_assert_msg(run(line, &shared, 1) == 0, "%s", err.message);
	snprintf(line, sizeof(line), "test $(stat -L -c %%Y %s) = 1000000000 && printf other >%s",
		 path, path);
	ck_assert_msg(run(line, &shared, 1) == 0, "%s", err.message);
	ck_assert_int_eq(memory_file_read(shared, &bytes, &err), 0);
	ck_assert_uint_eq(bytes.size, 5);
	ck_assert_mem_eq(bytes.data, "other", 5);
	bytes_free(&bytes);
}
END_TEST

/* The pipe's end tells: it comes when nobody has the other end any more. */
START_TEST(test_no_orphan)
{
	int ends[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		char line[64];

		snprintf(line, sizeof(line), "echo >/proc/self/fd/%d; exec sleep 60", ends[1]);
		_exit(run(line, &ends[1], 1) == 0 ? 0 : 1);
	}
	ck_assert_int_gt(pid, 0);
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("child");
	TCase *all = tcase_create("child");

	tcase_add_test(all, test_good);
	tcase_add_test(all, test_failures);
	tcase_add_test(all, test_missing);
	tcase_add_test(all, test_no_orphan);
	tcase_add_test(all, test_environment);
	tcase_add_test(all, test_descriptors);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
