/* Where to wait for a debugger. */
#include "tender/gdb/link.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define LISTEN_TYPE (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

bool gdb_is_address(const char *word)
{
	const char *colon = strrchr(word, ':');

	if (!strncmp(word, UNIX_PREFIX, strlen(UNIX_PREFIX)))
		return true;
	return colon && colon[1] && !strchr(word, '/') &&
	       strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

/* ---- unix sockets --------------------------------------------------------------------------- */

/* Whether there is a socket that nobody listens at any more. */
static bool is_left_behind(const struct sockaddr_un *address)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 &&
	       connect(fd, (const struct sockaddr *)(const void *)address, sizeof(*address)) < 0 &&
	       errno == ECONNREFUSED;
}

static int bind_path(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(S_IRWXG | S_IRWXO);
	int result = bind(fd, (const struct sockaddr *)(const void *)address, sizeof(*address));

	if (result < 0 && errno == EADDRINUSE) {
		if (is_left_behind(address) && unlink(address->sun_path) == 0)
			result = bind(fd, (const struct sockaddr *)(const void *)address,
				      sizeof(*address));
		else
			errno = EADDRINUSE;
	}
	umask(before);
	return result;
}

static int listen_unix(struct gdb_link *link, const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return err_fail(err, ERR_USAGE,
				"--gdb: the path of a unix socket has 1 to %zu characters, '%s' "
				"has %zu",
				sizeof(address.sun_path) - 1, path, strlen(path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	link->listen_fd = socket(AF_UNIX, LISTEN_TYPE, 0);
	if (link->listen_fd < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "--gdb: cannot make a socket");
	if (bind_path(link->listen_fd, &address) < 0) {
		err_fail_errno(err, ERR_MISSING, errno, "--gdb: %s: cannot listen there", path);
		return err_mend(err, "name a path in a folder that you may write to, where no "
				     "file is yet");
	}
	snprintf(link->name, sizeof(link->name), "%s", path);
	return 0;
}

/* ---- TCP ------------------------------------------------------------------------------------ */

static bool is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *four = (const void *)address;
	const struct sockaddr_in6 *six = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* The address as it is now, with the port that the system chose if none was asked for. */
static void name_endpoint(struct gdb_link *link)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	char host[64] = "", port[16] = "";
	bool six;

	if (getsockname(link->listen_fd, (struct sockaddr *)(void *)&address, &size) < 0)
		return;
	six = address.ss_family == AF_INET6;
	getnameinfo((struct sockaddr *)(void *)&address, size, host, sizeof(host), port,
		    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(link->name, sizeof(link->name), "%s%s%s:%s", six ? "[" : "", host, six ? "]" : "",
		 port);
}

static int listen_at(struct gdb_link *link, const struct addrinfo *where)
{
	static const int one = 1;

	link->listen_fd = socket(where->ai_family, LISTEN_TYPE, 0);
	if (link->listen_fd < 0)
		return -1;
	setsockopt(link->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(link->listen_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	link->is_exposed = !is_loopback(where->ai_addr);
	return bind(link->listen_fd, where->ai_addr, where->ai_addrlen);
}

static int listen_tcp(struct gdb_link *link, const char *host, const char *port, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *where;
	int result = getaddrinfo(host, port, &hints, &where);

	if (result != 0) {
		err_fail(err, ERR_USAGE, "--gdb: '%s:%s': %s", host, port, gai_strerror(result));
		return err_mend(err, "give HOST:PORT, PORT or unix:PATH");
	}
	result = listen_at(link, where);
	freeaddrinfo(where);
	if (result < 0) {
		err_fail_errno(err, ERR_MISSING, errno, "--gdb: cannot listen at %s:%s", host,
			       port);
		return err_mend(err, "name another port with --gdb-port, or a socket with "
				     "--gdb=unix:PATH");
	}
	name_endpoint(link);
	return 0;
}

/* Splits "HOST:PORT" with its short forms. */
static int split(const char *address, uint16_t default_port, char **host, char **port,
		 struct error *err)
{
	const char *colon = strrchr(address, ':'), *bracket = strrchr(address, ']');
	size_t length = strlen(address), digits = strspn(address, "0123456789");
	uint64_t number = default_port;

	if (length && digits == length)
		colon = address - 1; /* a port alone */
	if (bracket > colon)
		colon = NULL;
	if (colon && (text_to_number(colon + 1, &number) < 0 || number > UINT16_MAX))
		return err_fail(err, ERR_USAGE, "--gdb: '%s' is not a port from 0 to %d", colon + 1,
				UINT16_MAX);
	*port = xasprintf("%u", (unsigned)number);
	if (colon)
		length = colon < address ? 0 : (size_t)(colon - address);
	if (length > 2 && address[0] == '[' && address[length - 1] == ']')
		*host = xstrndup(address + 1, length - 2);
	else
		*host = length ? xstrndup(address, length) : xstrdup("127.0.0.1");
	return 0;
}

/* ---- either --------------------------------------------------------------------------------- */

static int begin_listening(struct gdb_link *link, struct error *err)
{
	link->owner = getpid();
	link->fd = fcntl(link->listen_fd, F_DUPFD_CLOEXEC, 0);
	if (link->fd < 0 || fcntl(link->listen_fd, F_SETOWN, link->owner) < 0 ||
	    fcntl(link->listen_fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC) < 0 ||
	    listen(link->listen_fd, 1) < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "--gdb: cannot listen at %s",
				      link->name);
	return 0;
}

int gdb_listen(struct gdb_link *link, const char *address, uint16_t port, struct error *err)
{
	cleanup_free char *host = NULL, *port_text = NULL;

	*link = (struct gdb_link){ .listen_fd = -1, .fd = -1 };
	if (address && !strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX))) {
		if (listen_unix(link, address + strlen(UNIX_PREFIX), err) < 0)
			return -1;
	} else if (split(address ? address : "", port, &host, &port_text, err) < 0 ||
		   listen_tcp(link, host, port_text, err) < 0) {
		return -1;
	}
	return begin_listening(link, err);
}
