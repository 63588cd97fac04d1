/* Several tenders at a time: their output, their ends, signals. */
#include "cli/run_policy.h"
#include "cli/run_watch.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "cli/report.h"
#include "tender/clock.h"
#include "tender/exit_status.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_LENGTH 65536	    /* bytes: a longer line is shown in parts */
#define GRACE_NS (5 * NSEC_PER_SEC) /* that a tender has to end itself */
#define REPORT_MAX (1 << 20)	    /* bytes */

/* One of a tender's two streams. */
struct stream {
	int fd; /* -1: at its end */
	struct buffer line;
};

struct runner {
	const char *name;
	pid_t pid;		      /* 0: not started, or reaped */
	int status;		      /* as a shell would show it */
	int report_fd;		      /* memory, or -1 */
	struct stream output, errors; /* of the guest; of the tender */
};

struct together {
	const struct run *run;
	FILE *output;
	struct run_watch watch;
	struct runner runners[RUN_SUBJECTS_MAX];
	size_t alive;
	int signals; /* descriptor */
	sigset_t before;
	bool stopping;
	uint64_t stop_at; /* clock_monotonic(): those that are left are killed */
	int status;
};

/* ---- lines --------------------------------------------------------------- */

static void show_line(struct together *together, const struct runner *runner, struct stream *stream)
{
	bool several = together->run->count > 1, guest = stream == &runner->output;
	cleanup_buffer struct buffer line = { 0 };

	if (several)
		buffer_printf(&line, "%s: ", runner->name);
	buffer_add(&line, stream->line.data, stream->line.length);
	buffer_add_text(&line, "\n");
	fwrite(line.data, 1, line.length, guest ? together->output : stderr);
	if (guest) {
		fflush(together->output);
		watch_output(&together->watch.watch, line.data, line.length);
	}
	stream->line.length = 0;
}

static void take_bytes(struct together *together, const struct runner *runner,
		       struct stream *stream, const char *bytes, size_t count)
{
	while (count) {
		const char *newline = memchr(bytes, '\n', count);
		size_t part = newline ? (size_t)(newline - bytes) : count;
		size_t room = LINE_MAX_LENGTH - stream->line.length;
		bool full = part > room;

		if (full)
			part = room;
		buffer_add(&stream->line, bytes, part);
		if (full || newline)
			show_line(together, runner, stream);
		part += !full && newline;
		bytes += part;
		count -= part;
	}
}

/* Reads what is there; at the end, what has no newline is shown, too. */
static void read_stream(struct together *together, const struct runner *runner,
			struct stream *stream)
{
	char bytes[16384];
	ssize_t count;

	while (stream->fd >= 0 && (count = read(stream->fd, bytes, sizeof(bytes))) != 0) {
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN)
			return;
		if (count < 0)
			break;
		take_bytes(together, runner, stream, bytes, (size_t)count);
	}
	if (stream->fd < 0)
		return;
	close(stream->fd);
	stream->fd = -1;
	if (stream->line.length)
		show_line(together, runner, stream);
}

/* ---- starting ------------------------------------------------------------ */

static void keep_open(int fd)
{
	fcntl(fd, F_SETFD, 0);
}

static void __attribute__((noreturn))
become_tender(const struct together *together, const struct runner *runner, char **command,
	      int world_fd, const int *pipes, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_HOST);
	sigprocmask(SIG_SETMASK, &together->before, NULL);
	keep_open(world_fd);
	if (runner->report_fd >= 0)
		keep_open(runner->report_fd);
	for (size_t i = 0; i < together->run->shared_count; i++)
		keep_open(together->run->shared[i]);
	for (size_t i = 0; i < together->run->inherited_count; i++)
		keep_open(together->run->inherited[i]);
	if (dup2(pipes[1], STDOUT_FILENO) >= 0 && dup2(pipes[3], STDERR_FILENO) >= 0)
		execv(tender_path(), command);
	_exit(EXIT_HOST);
}

static int open_pipes(struct runner *runner, int pipes[static 4], struct error *err)
{
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "there is no pipe");
	if (pipe2(pipes + 2, O_CLOEXEC) < 0) {
		close(pipes[0]);
		close(pipes[1]);
		return err_fail_errno(err, ERR_MISSING, errno, "there is no pipe");
	}
	runner->output.fd = pipes[0];
	runner->errors.fd = pipes[2];
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	fcntl(pipes[2], F_SETFL, O_NONBLOCK);
	return 0;
}

/* Its report goes to memory, from where all are collected: the option, owned, or NULL. */
static int open_report(const struct together *together, struct runner *runner, char **option,
		       struct error *err)
{
	*option = NULL;
	if (!together->watch.json)
		return 0;
	runner->report_fd = memfd_create("report", MFD_CLOEXEC);
	if (runner->report_fd < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "a report gets no memory");
	*option = xasprintf("--json=/proc/self/fd/%d", runner->report_fd);
	return 0;
}

static int start(struct together *together, size_t index, struct error *err)
{
	struct runner *runner = &together->runners[index];
	cleanup_run_words char **command = NULL;
	cleanup_close int world_fd = -1;
	cleanup_free char *report = NULL;
	pid_t parent = getpid();
	int pipes[4];

	if (open_report(together, runner, &report, err) < 0)
		return -1;
	command = run_command(together->run, index, report, &world_fd, err);
	if (!command || open_pipes(runner, pipes, err) < 0)
		return -1;
	runner->pid = fork();
	if (runner->pid == 0)
		become_tender(together, runner, command, world_fd, pipes, parent);
	close(pipes[1]);
	close(pipes[3]);
	if (runner->pid < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "there is no process for a tender");
	together->alive++;
	return 0;
}

/* From here on signals are read, so that the tenders are not left alone. */
static int take_signals(struct together *together, struct error *err)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, &together->before);
	together->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (together->signals >= 0)
		return 0;
	return err_fail_errno(err, ERR_MISSING, errno, "signals cannot be taken");
}

/* ---- ending -------------------------------------------------------------- */

static void stop_all(struct together *together, int status)
{
	if (together->stopping)
		return;
	together->stopping = true;
	together->status = status;
	together->stop_at = clock_monotonic() + GRACE_NS;
	for (size_t i = 0; i < together->run->count; i++)
		if (together->runners[i].pid > 0)
			kill(together->runners[i].pid, SIGTERM);
}

static void note_end(struct together *together, struct runner *runner)
{
	if (together->stopping || runner->status == 0)
		return;
	if (together->alive)
		fprintf(stderr, "muenbuild: %s ended with status %d, the others are stopped\n",
			runner->name, runner->status);
	stop_all(together, runner->status);
}

static void reap(struct together *together)
{
	for (size_t i = 0; i < together->run->count; i++) {
		struct runner *runner = &together->runners[i];
		int status;

		if (runner->pid <= 0 || waitpid(runner->pid, &status, WNOHANG) != runner->pid)
			continue;
		runner->pid = 0;
		runner->status =
			WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status);
		together->alive--;
		read_stream(together, runner, &runner->output);
		read_stream(together, runner, &runner->errors);
		note_end(together, runner);
	}
}

static void take_news(struct together *together)
{
	struct signalfd_siginfo info;

	while (read(together->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			stop_all(together, EXIT_SIGNAL + (int)info.ssi_signo);
	reap(together);
}

/* What ends the run before all have ended. */
static void judge(struct together *together)
{
	struct run_watch *watch = &together->watch;

	if (together->stopping && clock_monotonic() >= together->stop_at)
		for (size_t i = 0; i < together->run->count; i++)
			if (together->runners[i].pid > 0)
				kill(together->runners[i].pid, SIGKILL);
	if (together->stopping)
		return;
	if (watch->watch.rejected) {
		stop_all(together, EXIT_EXPECTATION);
	} else if (run_watch_met(watch)) {
		stop_all(together, 0);
	} else if (run_watch_left(watch) == 0) {
		fprintf(stderr, "muenbuild: the time limit of --timeout ended the run\n");
		stop_all(together, run_watch_passes_at_timeout(watch) ? 0 : EXIT_EXPECTATION);
	}
}

/* ---- the run ------------------------------------------------------------- */

static int milliseconds_left(const struct together *together)
{
	uint64_t now = clock_monotonic();

	if (!together->stopping)
		return run_watch_left(&together->watch);
	return now < together->stop_at ? (int)((together->stop_at - now) / 1000000) + 1 : 100;
}

static void wait_for_news(struct together *together)
{
	struct pollfd polls[1 + 2 * RUN_SUBJECTS_MAX];
	size_t count = together->run->count;

	polls[0] = (struct pollfd){ .fd = together->signals, .events = POLLIN };
	for (size_t i = 0; i < count; i++) {
		polls[1 + 2 * i].fd = together->runners[i].output.fd;
		polls[2 + 2 * i].fd = together->runners[i].errors.fd;
		polls[1 + 2 * i].events = polls[2 + 2 * i].events = POLLIN;
	}
	if (poll(polls, 1 + 2 * count, milliseconds_left(together)) <= 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct runner *runner = &together->runners[i];

		if (polls[1 + 2 * i].revents)
			read_stream(together, runner, &runner->output);
		if (polls[2 + 2 * i].revents)
			read_stream(together, runner, &runner->errors);
	}
	if (polls[0].revents)
		take_news(together);
}

static int start_all(struct together *together, struct error *err)
{
	if (access(tender_path(), X_OK) < 0)
		return fail_no_tender(errno, err);
	if (take_signals(together, err) < 0 || run_watch_start(&together->watch, err) < 0)
		return -1;
	for (size_t i = 0; i < together->run->count; i++)
		if (start(together, i, err) < 0) {
			stop_all(together, -1);
			return -1;
		}
	return 0;
}

/* Statuses from 120 on tell more than that something was not seen. */
static int final_status(struct together *together)
{
	if (together->status >= 0 && together->status < EXIT_COMMAND_LINE &&
	    run_watch_unmet(&together->watch))
		return EXIT_EXPECTATION;
	return together->status;
}

/* ---- the report ---------------------------------------------------------- */

static json_t *read_report(const struct runner *runner)
{
	cleanup_free char *text = xcalloc(1, REPORT_MAX);
	ssize_t length = runner->report_fd < 0 ? -1 : pread(runner->report_fd, text, REPORT_MAX, 0);
	json_t *report = length > 0 ? json_loadb(text, (size_t)length, 0, NULL) : NULL;

	return report ? report : json_null();
}

static int write_report(struct together *together, int status, struct error *err)
{
	cleanup_free char *text = NULL;
	json_t *report, *subjects;

	if (!together->watch.json)
		return status;
	report = report_new("run-policy");
	subjects = json_array();
	for (size_t i = 0; i < together->run->count; i++) {
		const struct runner *runner = &together->runners[i];

		json_array_append_new(subjects, json_pack("{s:s, s:i, s:o}", "subject",
							  runner->name, "status", runner->status,
							  "report", read_report(runner)));
	}
	json_object_set_new(report, "policy", report_any_text(together->run->policy));
	json_object_set_new(report, "status", json_integer(status));
	json_object_set_new(report, "expectations", run_watch_report(&together->watch));
	json_object_set_new(report, "subjects", subjects);
	text = report_text(report);
	return file_write(together->watch.json, text, strlen(text), 0666, err) < 0 ? -1 : status;
}

static void release(struct together *together)
{
	for (size_t i = 0; i < together->run->count; i++) {
		struct runner *runner = &together->runners[i];

		if (runner->output.fd >= 0)
			close(runner->output.fd);
		if (runner->errors.fd >= 0)
			close(runner->errors.fd);
		if (runner->report_fd >= 0)
			close(runner->report_fd);
		buffer_free(&runner->output.line);
		buffer_free(&runner->errors.line);
	}
	if (together->signals >= 0) {
		close(together->signals);
		sigprocmask(SIG_SETMASK, &together->before, NULL);
	}
	run_watch_end(&together->watch);
}

static int run_all(struct together *together, struct error *err)
{
	struct run_options none = { 0 };
	bool several = together->run->count > 1;
	int result;

	/* A single one expects for itself. */
	if (run_watch_begin(&together->watch, several ? together->run->options : &none, err) < 0)
		return -1;
	result = start_all(together, err);
	while (together->alive) {
		wait_for_news(together);
		judge(together);
	}
	if (result < 0)
		return -1;
	run_watch_tell(&together->watch);
	return write_report(together, final_status(together), err);
}

int run_together(const struct run *run, FILE *output, struct error *err)
{
	struct together together = { .run = run, .output = output, .signals = -1 };
	int status;

	for (size_t i = 0; i < run->count; i++) {
		struct runner *runner = &together.runners[i];

		runner->name = run->names[i];
		runner->report_fd = runner->output.fd = runner->errors.fd = -1;
	}
	status = run_all(&together, err);
	release(&together);
	return status;
}
