#include "tender/console.h"

#include "tender/clock.h"
#include "tender/say.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static bool stopping(const struct console *console)
{
	return console->stop && console->stop->requested;
}

/* Waits until a descriptor that somebody made non-blocking takes more. */
static void wait_writable(const struct console *console)
{
	struct pollfd poll_fds[] = {
		{ .fd = console->fd, .events = POLLOUT },
		{ .fd = console->stop ? console->stop->wake_fd : -1, .events = POLLIN },
	};

	ppoll(poll_fds, 2, NULL, NULL);
}

static void lose(struct console *console, size_t length, const char *reason)
{
	if (!console->lost)
		say("warning: the guest's output cannot be written: %s; the guest goes on, its "
		    "output is lost",
		    reason);
	console->lost += length;
}

void console_write(struct console *console, const void *data, size_t length)
{
	const char *next = data;
	size_t left = length;

	if (length == 0)
		return;
	if (!console->first_output)
		console->first_output = clock_monotonic();
	while (left > 0) {
		ssize_t count = write(console->fd, next, left);

		if (count > 0) {
			next += count;
			left -= (size_t)count;
			console->bytes += (uint64_t)count;
		} else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
			lose(console, left, count ? strerror(errno) : "nothing was taken");
			break;
		} else if (stopping(console)) {
			console->lost += left;
			break;
		} else if (errno == EAGAIN) {
			wait_writable(console);
		}
	}
	if (console->watch)
		watch_output(console->watch, data, length);
}
