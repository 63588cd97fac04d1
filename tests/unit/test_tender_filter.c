/* The filter of system calls: what is allowed works, the rest is named and ends the process. */
#include "tender/filter.h"
#include "tests/unit/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char words[512];

/* Runs `attempt` behind a filter, in a process of its own; returns how that ended. */
static int behind_filter(void (*attempt)(void))
{
	struct error err;
	int ends[2], status;
	ssize_t length;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct filter *filter = filter_new("the sandbox", &err);

		dup2(ends[1], STDERR_FILENO);
		filter_allow_basics(filter);
		filter_allow_fd(filter, __NR_read, 77);
		filter_allow_command(filter, __NR_ioctl, 77, FIONREAD);
		filter_allow_creation(filter, 78, O_WRONLY | O_CREAT | O_EXCL);
		if (filter_load(filter, &err) < 0)
			_exit(99);
		attempt();
		_exit(0);
	}
	close(ends[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	length = read(ends[0], words, sizeof(words) - 1);
	words[length > 0 ? length : 0] = '\0';
	close(ends[0]);
	ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void stay(void)
{
	char byte;
	int count;

	/* Permitted; that these descriptors are not open is the kernel's answer. */
	if (read(77, &byte, 1) != -1 || ioctl(77, FIONREAD, &count) != -1 ||
	    openat(78, "x", O_WRONLY | O_CREAT | O_EXCL, 0600) != -1)
		_exit(98);
}

static void open_file(void)
{
	(void)!open("/etc/passwd", O_RDONLY);
}

static void open_existing(void)
{
	(void)!openat(78, "x", O_WRONLY | O_CREAT, 0600);
}

static void read_other(void)
{
	char byte;

	(void)!read(0, &byte, 1);
}

static void other_ioctl(void)
{
	ioctl(77, FIONBIO, 0);
}

static void make_socket(void)
{
	syscall(__NR_socket, 2, 1, 0);
}

static void start_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void map_code(void)
{
	syscall(__NR_mmap, 0, 4096, 7, 0x22, -1, 0);
}

static void make_executable(void)
{
	syscall(__NR_mprotect, 0, 4096, 7);
}

START_TEST(lets_through_what_is_allowed)
{
	ck_assert_int_eq(behind_filter(stay), 0);
	ck_assert_str_eq(words, "");
}
END_TEST

START_TEST(names_what_is_not)
{
	static const struct {
		void (*attempt)(void);
		const char *name;
	} cases[] = {
		{ open_file, "openat" },   { open_existing, "openat" },
		{ read_other, "read" },	   { other_ioctl, "ioctl" },
		{ make_socket, "socket" }, { start_program, "execve" },
		{ map_code, "mmap" },	   { make_executable, "mprotect" },
	};
	char expected[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(behind_filter(cases[i].attempt), 126);
		snprintf(expected, sizeof(expected), "the sandbox stopped the system call %s (",
			 cases[i].name);
		ck_assert_msg(strstr(words, expected), "%s: %s", cases[i].name, words);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tender_filter");
	TCase *tests = tcase_create("filter");

	tcase_add_test(tests, lets_through_what_is_allowed);
	tcase_add_test(tests, names_what_is_not);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
