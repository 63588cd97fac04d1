#include "tender/gdb/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

bool gdb_link_accept(struct gdb_link *link)
{
	int fd = link->connected ? -1 : accept4(link->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	/* The sandbox knows the connection by its number. */
	if (fd != link->fd) {
		if (dup3(fd, link->fd, O_CLOEXEC) < 0) {
			close(fd);
			return false;
		}
		close(fd);
	}
	link->connected = true;
	fcntl(link->fd, F_SETOWN, link->owner);
	fcntl(link->fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC);
	return true;
}

void gdb_link_close(struct gdb_link *link)
{
	if (link->connected)
		close(link->fd);
	link->connected = false;
}

ssize_t gdb_link_receive(struct gdb_link *link, void *bytes, size_t size)
{
	ssize_t count;

	do {
		count = recv(link->fd, bytes, size, 0);
	} while (count < 0 && errno == EINTR);
	if (count < 0 && errno == EAGAIN)
		return 0;
	return count > 0 ? count : -1;
}

int gdb_link_send(struct gdb_link *link, const void *bytes, size_t length,
		  const volatile sig_atomic_t *give_up)
{
	const char *next = bytes;
	size_t left = length;

	while (left) {
		ssize_t count = send(link->fd, next, left, MSG_NOSIGNAL);

		if (count > 0) {
			next += count;
			left -= (size_t)count;
		} else if (count < 0 && errno == EAGAIN && !*give_up) {
			struct pollfd room = { .fd = link->fd, .events = POLLOUT };

			ppoll(&room, 1, NULL, NULL);
		} else if (!(count < 0 && errno == EINTR)) {
			return -1;
		}
	}
	return 0;
}

void gdb_link_wait(const struct gdb_link *link, int milliseconds)
{
	struct pollfd news = { .fd = link->connected ? link->fd : link->listen_fd,
			       .events = POLLIN };
	const struct timespec limit = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	ppoll(&news, 1, milliseconds < 0 ? NULL : &limit, NULL);
}
