/* Sets of outputs: all there, or nothing; with folders inside; under two names. */
#include "base/alloc.h"
#include "base/file.h"
#include "tests/unit/scratch.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error err;

/* Instead of libc's: a file system without links. */
int link(const char *from, const char *to)
{
	if (!strstr(from, "/nolinks/"))
		return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
	errno = EPERM;
	return -1;
}

/* A set in the folder `name` of the scratch folder, with a folder "www" inside. */
static struct output *begin(const char *name)
{
	cleanup_free char *path = scratch_path(name);
	struct output *output = output_begin(path, &err);

	ck_assert_msg(output && output_add_folder(output, "www", &err) == 0, "%s", err.message);
	return output;
}

static void expect_there(const char *name, bool there)
{
	cleanup_free char *path = scratch_path(name);
	struct stat status;

	ck_assert_msg((lstat(path, &status) == 0) == there, "%s", path);
}

static void expect_text(const char *name, const char *text)
{
	cleanup_free char *path = scratch_path(name), *found = scratch_text(path);

	ck_assert_str_eq(found, text);
}

static void add(struct output *output, const char *name, const char *text)
{
	ck_assert_msg(output_add(output, name, text, strlen(text), 0644, &err) == 0, "%s",
		      err.message);
}

START_TEST(test_folder_inside)
{
	cleanup_output struct output *output = begin("inside");

	add(output, "a", "one");
	add(output, "www/a", "two");
	expect_there("inside/a", false);
	expect_there("inside/www/a", false);
	ck_assert_int_eq(output_commit(output, &err), 0);
	expect_text("inside/a", "one");
	expect_text("inside/www/a", "two");
}
END_TEST

START_TEST(test_nothing_is_left)
{
	struct output *output = begin("failed");

	add(output, "www/a", "one");
	output_free(output);
	expect_there("failed", false);

	output = begin("signalled");
	add(output, "a", "one");
	add(output, "www/a", "one");
	output_discard_all();
	expect_there("signalled", false);
	output_free(output);
}
END_TEST

START_TEST(test_what_was_there_stays)
{
	struct output *output = begin("kept");

	add(output, "www/a", "old");
	ck_assert_int_eq(output_commit(output, &err), 0);
	output_free(output);
	output = begin("kept");
	add(output, "www/a", "new");
	output_free(output);
	expect_text("kept/www/a", "old");
}
END_TEST

START_TEST(test_pending)
{
	cleanup_output struct output *output = begin("pending");
	cleanup_free char *text = NULL;
	const char *path;
	FILE *file;

	ck_assert_int_ge(output_open(output, "www/a", 0644, &err), 0);
	path = output_pending(output, "www/a");
	ck_assert_ptr_nonnull(path);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("by path", file);
	fclose(file);
	text = scratch_text(output_pending(output, "www/a"));
	ck_assert_str_eq(text, "by path");
	ck_assert_ptr_null(output_pending(output, "a"));
	ck_assert_int_eq(output_commit(output, &err), 0);
	expect_text("pending/www/a", "by path");
}
END_TEST

START_TEST(test_link)
{
	cleanup_output struct output *output = begin("linked");

	add(output, "a", "contents");
	ck_assert_int_eq(output_add_link(output, "www/b", "a", 0644, &err), 0);
	ck_assert_int_eq(output_add_link(output, "www/b", "a", 0644, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(output_commit(output, &err), 0);
	expect_text("linked/a", "contents");
	expect_text("linked/www/b", "contents");
}
END_TEST

START_TEST(test_no_links)
{
	cleanup_output struct output *output = begin("nolinks");
	cleanup_free char *large = xcalloc(100001, 1);

	memset(large, 'x', 100000);
	add(output, "a", large);
	ck_assert_int_eq(output_add_link(output, "www/b", "a", 0644, &err), 0);
	ck_assert_int_eq(output_commit(output, &err), 0);
	expect_text("nolinks/www/b", large);
}
END_TEST

START_TEST(test_refused)
{
	cleanup_output struct output *output = begin("names");
	cleanup_output struct output *blocked = NULL;
	static const char *const names[] = { "",     ".",      "..",	  "x/a",
					     "www/", "www/..", "www/x/y", "../a" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_msg(output_add(output, names[i], "", 0, 0644, &err) == -1, "%s",
			      names[i]);
		ck_assert_int_eq(err.kind, ERR_USAGE);
	}
	free(scratch_file("blocked", "", 0644));
	blocked = output_begin(scratch_folder(), &err);
	ck_assert_ptr_nonnull(blocked);
	ck_assert_int_eq(output_add_folder(blocked, "blocked", &err), -1);
	ck_assert_int_eq(err.kind, ERR_CANT_CREATE);
}
END_TEST

static void expect_kept(const char *name, mode_t type)
{
	cleanup_output struct output *output = output_begin(scratch_folder(), &err);
	cleanup_free char *path = scratch_path(name);
	struct stat status;

	ck_assert_int_eq(output_add(output, name, "x", 1, 0644, &err), -1);
	ck_assert_int_eq(err.kind, ERR_CANT_CREATE);
	ck_assert_int_eq(output_open(output, name, 0644, &err), -1);
	ck_assert_int_eq(file_write(path, "x", 1, 0644, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, path_base_name(path)));
	ck_assert(*err.mend);
	ck_assert_int_eq(lstat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & S_IFMT, type);
}

/* In place of /dev/null, a file would break the machine. The test has a pipe and a link: a device
 * of its own is not everybody's to make. */
START_TEST(test_no_devices)
{
	cleanup_free char *pipe = scratch_path("pipe"), *link = scratch_path("link");

	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	ck_assert_int_eq(symlink("/proc/self/fd/1", link), 0);
	expect_kept("pipe", S_IFIFO);
	expect_kept("link", S_IFLNK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *cases = tcase_create("sets");

	tcase_add_unchecked_fixture(cases, scratch_make, scratch_remove);
	tcase_add_test(cases, test_folder_inside);
	tcase_add_test(cases, test_nothing_is_left);
	tcase_add_test(cases, test_what_was_there_stays);
	tcase_add_test(cases, test_pending);
	tcase_add_test(cases, test_link);
	tcase_add_test(cases, test_no_links);
	tcase_add_test(cases, test_refused);
	tcase_add_test(cases, test_no_devices);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
