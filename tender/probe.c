#include "tender/probe.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "tender/clock.h"
#include "tender/filter.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define SCHEME "http://"
#define PAUSE_NS 50000000 /* between attempts */
#define PATIENCE_S 2	  /* for each step of an attempt */
#define ANSWER_MAX 64	  /* bytes of the status line that are looked at */

/* Length of the host at the beginning of `text`; 0 if there is none. The colons of an IPv6 address
 * are no port's: it stands in brackets (RFC 3986, 3.2.2). */
static size_t host_part(const char *text, size_t length)
{
	size_t end;

	if (*text != '[')
		return strcspn(text, ":/");
	end = strcspn(text, "]/");
	return end < length && text[end] == ']' && (end + 1 == length || text[end + 1] == ':')
		       ? end + 1
		       : 0;
}

int probe_parse(struct probe *probe, const char *url, struct error *err)
{
	const char *host = url + strlen(SCHEME);
	size_t length, host_length;
	const char *colon;
	uint64_t port = 80;

	*probe = (struct probe){ .url = url };
	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0) {
		err_fail(err, ERR_USAGE, "--http-check: '%s' does not begin with %s", url, SCHEME);
		return err_mend(err, "for anything but plain HTTP, expect what the unikernel "
				     "prints: --expect");
	}
	length = strcspn(host, "/");
	host_length = host_part(host, length);
	colon = host_length < length ? host + host_length : NULL;
	if (host_length == 0 || host_length >= sizeof(probe->host) || strpbrk(url, " \r\n"))
		return err_fail(err, ERR_USAGE, "--http-check: '%s' names no host", url);
	memcpy(probe->host, host, host_length);
	if (colon) {
		char text[8] = "";

		if (length - host_length - 1 < sizeof(text))
			memcpy(text, colon + 1, length - host_length - 1);
		if (text_to_number(text, &port) < 0 || port == 0 || port > UINT16_MAX)
			return err_fail(err, ERR_USAGE,
					"--http-check: '%s' has no port from 1 to 65535", url);
	}
	snprintf(probe->port, sizeof(probe->port), "%u", (unsigned)(uint16_t)port);
	probe->path = host + length;
	return 0;
}

int probe_http_status(const char *answer, size_t length)
{
	/* "HTTP/1.1 200 OK" (RFC 9112, 4) */
	int status = 0;

	if (length < 12 || memcmp(answer, "HTTP/1.", 7) != 0 || answer[8] != ' ')
		return 0;
	for (int i = 9; i < 12; i++) {
		if (answer[i] < '0' || answer[i] > '9')
			return 0;
		status = status * 10 + (answer[i] - '0');
	}
	return status;
}

/* ---- the helper ---------------------------------------------------------------------- */

static void note_reason(volatile struct probe_news *news, const char *what, const char *detail)
{
	snprintf((char *)news->reason, sizeof(news->reason), "%.60s: %.120s", what, detail);
}

static int connect_to(const struct addrinfo *address)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return fd;
	close(fd);
	return -1;
}

static size_t receive(int fd, char *answer, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t count = recv(fd, answer + length, size - length, 0);

		if (count <= 0)
			break;
		length += (size_t)count;
	}
	return length;
}

/* One attempt: true once the answer is as it should be. */
static bool ask(const struct probe *probe, const struct addrinfo *address, const char *request)
{
	cleanup_close int fd = connect_to(address);
	char answer[ANSWER_MAX], text[32];
	size_t length;

	if (fd < 0) {
		note_reason(probe->news, "no connection", strerror(errno));
		return false;
	}
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request)) {
		note_reason(probe->news, "cannot send the request", strerror(errno));
		return false;
	}
	length = receive(fd, answer, sizeof(answer));
	probe->news->status = probe_http_status(answer, length);
	if (probe->news->status >= 200 && probe->news->status < 400)
		return true;
	if (probe->news->status) {
		snprintf(text, sizeof(text), "%d", probe->news->status);
		note_reason(probe->news, "the answer has the status", text);
	} else {
		note_reason(probe->news, "no HTTP answer",
			    length ? "something else came" : "nothing came");
	}
	return false;
}

static int confine(const struct identity *identity, pid_t tender, struct error *err)
{
	static const int calls[] = { __NR_connect,	  __NR_setsockopt, __NR_sendto,
				     __NR_recvfrom,	  __NR_close,	   __NR_nanosleep,
				     __NR_clock_nanosleep };
	const struct isolation isolation = { .identity = *identity,
					     .keep_network = true,
					     .descriptors = 16 };
	struct isolation_report report;
	struct filter *filter;
	int result;

	if (isolate(&isolation, &report, err) < 0)
		return -1;
	isolate_end_with(tender);
	filter = filter_new("the sandbox of --http-check", err);
	if (!filter)
		return -1;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		filter_allow(filter, calls[i]);
	filter_allow_masked(filter, __NR_socket, 0, UINT32_MAX, AF_INET);
	filter_allow_masked(filter, __NR_socket, 0, UINT32_MAX, AF_INET6);
	filter_allow_basics(filter);
	result = filter_load(filter, err);
	filter_free(filter);
	return result;
}

static void __attribute__((noreturn))
helper(const struct probe *probe, const struct identity *identity, pid_t tender)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct addrinfo *addresses;
	struct error err = { 0 };
	char request[1024], name[sizeof(probe->host)];
	int problem;

	isolate_end_with(tender);
	signal(SIGINT, SIG_IGN);
	signal(SIGALRM, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (snprintf(request, sizeof(request),
		     "GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n"
		     "User-Agent: muenbuild/" MUENBUILD_VERSION "\r\n\r\n",
		     *probe->path ? probe->path : "/", probe->host,
		     probe->port) >= (int)sizeof(request)) {
		note_reason(probe->news, "the URL", "is too long");
		_exit(1);
	}
	snprintf(name, sizeof(name), "%s", probe->host + (*probe->host == '['));
	name[strcspn(name, "]")] = '\0';
	problem = getaddrinfo(name, probe->port, &hints, &addresses);
	if (problem) {
		note_reason(probe->news, probe->host, gai_strerror(problem));
		_exit(1);
	}
	if (confine(identity, tender, &err) < 0) {
		note_reason(probe->news, "sandbox", err.message);
		_exit(1);
	}
	for (;;) {
		for (struct addrinfo *next = addresses; next; next = next->ai_next) {
			if (!ask(probe, next, request))
				continue;
			probe->news->answered = true;
			_exit(0);
		}
		nanosleep(&pause, NULL);
	}
}

/* ---- the tender ------------------------------------------------------------------------ */

int probe_start(struct probe *probe, const struct identity *identity, struct error *err)
{
	pid_t child, tender = getpid();

	probe->news = mmap(NULL, sizeof(*probe->news), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (probe->news == MAP_FAILED)
		return err_fail_errno(err, ERR_MISSING, errno, "--http-check: no memory");
	child = fork();
	if (child == 0)
		helper(probe, identity, tender);
	if (child < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "--http-check: no process");
	return 0;
}

bool probe_answered(struct probe *probe)
{
	if (!probe->seen && probe->news->answered)
		probe->seen = clock_monotonic();
	return probe->seen != 0;
}
