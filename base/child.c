#include "base/child.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- in the child: only calls that are safe after fork() in a program with threads ---------- */

static int keep_descriptors(const struct child *child)
{
	if (close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		return -1;
	for (size_t i = 0; i < child->descriptor_count; i++)
		if (fcntl(child->descriptors[i], F_SETFD, 0) < 0)
			return -1;
	return 0;
}

/* Whoever is killed leaves no child behind; the parent may be gone already. */
static int end_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	if (getppid() != parent)
		_exit(127);
	return 0;
}

/* Reports why it cannot be started as an errno on `trouble`, which closes when it is started. */
static void __attribute__((noreturn)) become(const struct child *child, char **environment,
					     pid_t parent, int nothing, int said, int trouble)
{
	int number;

	if (end_with_parent(parent) == 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
	    dup2(said, STDOUT_FILENO) >= 0 && dup2(said, STDERR_FILENO) >= 0 &&
	    keep_descriptors(child) == 0)
		execvpe(child->words[0], (char *const *)child->words, environment);
	number = errno;
	if (write(trouble, &number, sizeof(number)) < 0)
		_exit(126);
	_exit(127);
}

/* ---- in the parent -------------------------------------------------------------------------- */

struct pipe_ends {
	int read, write;
};

static void pipe_close(struct pipe_ends *ends)
{
	cleanup_closep(&ends->read);
	cleanup_closep(&ends->write);
}

/* The last part of what the child said; all of it is read, lest it waits. */
struct speech {
	char text[512];
	size_t length;
};

static ssize_t read_some(int fd, void *bytes, size_t size)
{
	ssize_t count;

	do {
		count = read(fd, bytes, size);
	} while (count < 0 && errno == EINTR);
	return count;
}

static void listen(int fd, struct speech *speech)
{
	const size_t half = sizeof(speech->text) / 2;
	ssize_t count;

	for (;;) {
		if (speech->length == sizeof(speech->text)) {
			memmove(speech->text, speech->text + half, half);
			speech->length = half;
		}
		count = read_some(fd, speech->text + speech->length,
				  sizeof(speech->text) - speech->length);
		if (count <= 0)
			return;
		speech->length += (size_t)count;
	}
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static int fail_start(const struct child *child, int number, struct error *err)
{
	err_fail_errno(err, ERR_MISSING, number, "%s: cannot be started", child->words[0]);
	return err_mend(err, "install the Debian package %s", child->package);
}

static int judge(const struct child *child, int status, struct speech *speech, struct error *err)
{
	char shown[768];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	while (speech->length && strchr("\r\n ", speech->text[speech->length - 1]))
		speech->length--;
	text_printable(speech->text, speech->length, shown, sizeof(shown));
	if (WIFSIGNALED(status))
		err_fail(err, ERR_MISSING, "%s: was ended by signal %d: %s", child->words[0],
			 WTERMSIG(status), shown);
	else
		err_fail(err, ERR_MISSING, "%s: failed with status %d: %s", child->words[0],
			 WEXITSTATUS(status), shown);
	return err_mend(err, "install the Debian package %s again, or a newer one", child->package);
}

static int attend(const struct child *child, pid_t pid, struct pipe_ends *said,
		  struct pipe_ends *trouble, struct error *err)
{
	struct speech speech = { .length = 0 };
	int number = 0, status;

	cleanup_closep(&said->write);
	said->write = -1;
	cleanup_closep(&trouble->write);
	trouble->write = -1;
	if (read_some(trouble->read, &number, sizeof(number)) != sizeof(number))
		number = 0;
	listen(said->read, &speech);
	status = wait_for(pid);
	return number ? fail_start(child, number, err) : judge(child, status, &speech, err);
}

static int start(const struct child *child, char **environment, struct error *err)
{
	cleanup_with(pipe_close) struct pipe_ends said = { -1, -1 };
	cleanup_with(pipe_close) struct pipe_ends trouble = { -1, -1 };
	cleanup_close int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t parent = getpid(), pid;

	if (nothing < 0 || pipe2((int *)&said, O_CLOEXEC) < 0 ||
	    pipe2((int *)&trouble, O_CLOEXEC) < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "%s: cannot be started",
				      child->words[0]);
	pid = fork();
	if (pid < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "%s: cannot be started",
				      child->words[0]);
	if (pid == 0)
		become(child, environment, parent, nothing, said.write, trouble.write);
	return attend(child, pid, &said, &trouble, err);
}

int child_run(const struct child *child, struct error *err)
{
	const char *search = getenv("PATH");
	char path[4096], time[64];
	char *environment[] = { path,
				(char[]){ "LC_ALL=C" },
				(char[]){ "TZ=UTC" },
				(char[]){ "HOME=/nonexistent" },
				time,
				NULL };

	snprintf(path, sizeof(path), "PATH=%s", search ? search : "/usr/sbin:/usr/bin:/sbin:/bin");
	snprintf(time, sizeof(time), "SOURCE_DATE_EPOCH=%" PRIu64, child->time);
	return start(child, environment, err);
}
