/* A network of the guest's own, without root: libslirp in a helper process.
 *
 * The helper holds the other end of a socket pair over which frames go; so the process that
 * runs the guest needs no sockets, and libslirp, which parses what the guest sends, has neither
 * the guest's memory nor KVM. The library is loaded only here: a tender without a user network
 * starts faster for it.
 */
#include "tender/net/net.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/library.h"
#include "tender/clock.h"
#include "tender/filter.h"
#include "tender/isolate.h"
#include "tender/say.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <slirp/libslirp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAME_SIZE 65536
#define TIMERS_MAX 8
#define DESCRIPTORS_MAX 1024
#define FRAMES_PER_TURN 64

/* Descriptors of the helper. */
enum {
	FRAMES_FD = 3,
	RESULT_FD = 4,
};

struct timer {
	SlirpTimerCb callback;
	void *argument;
	int64_t expires; /* ms, -1: not armed */
};

struct user_network {
	Slirp *slirp;
	struct timer timers[TIMERS_MAX];
	size_t timer_count;
	struct pollfd *polls; /* [0] is FRAMES_FD */
	size_t poll_count;
	__typeof__(&slirp_new) new;
	__typeof__(&slirp_add_hostfwd) add_hostfwd;
	__typeof__(&slirp_pollfds_fill) fill;
	__typeof__(&slirp_pollfds_poll) poll;
	__typeof__(&slirp_input) input;
};

/* ---- what libslirp asks of us ------------------------------------------------------- */

static ssize_t send_to_guest(const void *frame, size_t length, void *opaque)
{
	(void)opaque;
	/* A guest that does not keep up loses frames; TCP copes. */
	if (send(FRAMES_FD, frame, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE)
		_exit(0);
	return (ssize_t)length;
}

static void ignore_guest_error(const char *message, void *opaque)
{
	(void)message;
	(void)opaque;
}

static int64_t clock_for_slirp(void *opaque)
{
	(void)opaque;
	return (int64_t)clock_monotonic();
}

static void *timer_new(SlirpTimerCb callback, void *argument, void *opaque)
{
	struct user_network *network = opaque;
	struct timer *timer;

	if (network->timer_count == TIMERS_MAX)
		return NULL;
	timer = &network->timers[network->timer_count++];
	*timer = (struct timer){ callback, argument, -1 };
	return timer;
}

static void timer_release(void *handle, void *opaque)
{
	struct timer *timer = handle;

	(void)opaque;
	if (timer)
		timer->expires = -1;
}

static void timer_arm(void *handle, int64_t expires, void *opaque)
{
	struct timer *timer = handle;

	(void)opaque;
	if (timer)
		timer->expires = expires;
}

static void ignore_descriptor(int fd, void *opaque)
{
	(void)fd;
	(void)opaque;
}

static void ignore_notice(void *opaque)
{
	(void)opaque;
}

static const SlirpCb callbacks = {
	.send_packet = send_to_guest,
	.guest_error = ignore_guest_error,
	.clock_get_ns = clock_for_slirp,
	.timer_new = timer_new,
	.timer_free = timer_release,
	.timer_mod = timer_arm,
	.register_poll_fd = ignore_descriptor,
	.unregister_poll_fd = ignore_descriptor,
	.notify = ignore_notice,
};

/* ---- the loop ---------------------------------------------------------------------- */

static int add_descriptor(int fd, int events, void *opaque)
{
	struct user_network *network = opaque;
	struct pollfd *entry;

	if (network->poll_count == DESCRIPTORS_MAX)
		return -1;
	entry = &network->polls[network->poll_count];
	*entry = (struct pollfd){ .fd = fd };
	if (events & SLIRP_POLL_IN)
		entry->events |= POLLIN;
	if (events & SLIRP_POLL_OUT)
		entry->events |= POLLOUT;
	if (events & SLIRP_POLL_PRI)
		entry->events |= POLLPRI;
	return (int)network->poll_count++;
}

static int descriptor_events(int index, void *opaque)
{
	struct user_network *network = opaque;
	short revents;
	int events = 0;

	if (index < 0 || (size_t)index >= network->poll_count)
		return 0;
	revents = network->polls[index].revents;
	if (revents & POLLIN)
		events |= SLIRP_POLL_IN;
	if (revents & POLLOUT)
		events |= SLIRP_POLL_OUT;
	if (revents & POLLPRI)
		events |= SLIRP_POLL_PRI;
	if (revents & POLLERR)
		events |= SLIRP_POLL_ERR;
	if (revents & POLLHUP)
		events |= SLIRP_POLL_HUP;
	return events;
}

static void take_frames(struct user_network *network)
{
	static uint8_t frame[FRAME_SIZE];

	for (int i = 0; i < FRAMES_PER_TURN; i++) {
		ssize_t length = recv(FRAMES_FD, frame, sizeof(frame), MSG_DONTWAIT);

		if (length == 0)
			_exit(0); /* the tender has ended */
		if (length < 0)
			return;
		network->input(network->slirp, frame, (int)length);
	}
}

static uint32_t until_next_timer(const struct user_network *network, uint32_t timeout)
{
	int64_t now = (int64_t)(clock_monotonic() / 1000000);

	for (size_t i = 0; i < network->timer_count; i++) {
		int64_t left = network->timers[i].expires - now;

		if (network->timers[i].expires >= 0 && left < (int64_t)timeout)
			timeout = left > 0 ? (uint32_t)left : 0;
	}
	return timeout;
}

static void run_timers(struct user_network *network)
{
	int64_t now = (int64_t)(clock_monotonic() / 1000000);

	for (size_t i = 0; i < network->timer_count; i++) {
		struct timer *timer = &network->timers[i];

		if (timer->expires < 0 || timer->expires > now)
			continue;
		timer->expires = -1;
		timer->callback(timer->argument);
	}
}

static void serve(struct user_network *network)
{
	for (;;) {
		uint32_t timeout = 60000; /* ms; nothing is lost by waking up */
		int count;

		network->polls[0] = (struct pollfd){ .fd = FRAMES_FD, .events = POLLIN };
		network->poll_count = 1;
		network->fill(network->slirp, &timeout, add_descriptor, network);
		timeout = until_next_timer(network, timeout);
		count = poll(network->polls, network->poll_count, (int)timeout);
		if (count < 0 && errno == EINTR)
			continue;
		/* In this order: an ARP reply sets free what waits for it. */
		if (count > 0 && network->polls[0].revents)
			take_frames(network);
		network->poll(network->slirp, count < 0, descriptor_events, network);
		run_timers(network);
	}
}

/* ---- setting up, in the helper ------------------------------------------------------ */

static int load_slirp(struct user_network *network, struct error *err)
{
	const struct library_function functions[] = {
		{ "slirp_new", &network->new },
		{ "slirp_add_hostfwd", &network->add_hostfwd },
		{ "slirp_pollfds_fill", &network->fill },
		{ "slirp_pollfds_poll", &network->poll },
		{ "slirp_input", &network->input },
	};

	return library_load(&(struct library){ .file = "libslirp.so.0",
					       .mend = "install it: sudo apt install libslirp0; "
						       "or use a tap",
					       .functions = functions,
					       .count = sizeof(functions) / sizeof(functions[0]) },
			    err);
}

static int add_forward(struct user_network *network, const struct net_forward *forward,
		       struct error *err)
{
	char address[INET_ADDRSTRLEN];

	if (network->add_hostfwd(network->slirp, forward->udp, forward->host_address,
				 forward->host_port, forward->guest_address,
				 forward->guest_port) == 0)
		return 0;
	inet_ntop(AF_INET, &forward->host_address, address, sizeof(address));
	err_fail_errno(err, errno == EACCES ? ERR_REFUSED : ERR_MISSING, errno,
		       "hostfwd: cannot listen on %s port %s:%u", forward->udp ? "UDP" : "TCP",
		       address, forward->host_port);
	if (errno == EACCES)
		return err_mend(err, "ports below 1024 need root; use a higher one");
	return err_mend(err, "end the program that has the port (ss -lnp shows it), or use another "
			     "port");
}

static int start_slirp(struct user_network *network, const struct net_spec *spec, struct error *err)
{
	SlirpConfig config = {
		.version = 1,
		.in_enabled = true,
		.vnetwork = spec->network,
		.vnetmask = { htonl(UINT32_MAX << (32 - spec->prefix)) },
		.vhost = net_user_address(spec, NET_USER_GATEWAY),
		.vdhcp_start = net_user_address(spec, NET_USER_GUEST),
		.vnameserver = net_user_address(spec, NET_USER_DNS),
		.if_mtu = NET_MTU_DEFAULT,
		.if_mru = NET_MTU_DEFAULT,
	};

	if (load_slirp(network, err) < 0)
		return -1;
	network->slirp = network->new (&config, &callbacks, network);
	if (!network->slirp)
		return err_fail(err, ERR_MISSING, "libslirp cannot make a network");
	for (size_t i = 0; i < spec->forward_count; i++)
		if (add_forward(network, &spec->forwards[i], err) < 0)
			return -1;
	return 0;
}

static int confine(const struct identity *identity, struct error *err)
{
	static const int calls[] = {
		__NR_bind,	 __NR_connect,	    __NR_listen,      __NR_accept,
		__NR_accept4,	 __NR_getsockname,  __NR_getpeername, __NR_getsockopt,
		__NR_setsockopt, __NR_shutdown,	    __NR_sendto,      __NR_recvfrom,
		__NR_sendmsg,	 __NR_recvmsg,	    __NR_read,	      __NR_write,
		__NR_readv,	 __NR_writev,	    __NR_close,	      __NR_poll,
		__NR_ppoll,	 __NR_fcntl,	    __NR_lseek,	      __NR_newfstatat,
		__NR_fstat,	 __NR_stat,	    __NR_getrandom,   __NR_gettimeofday,
		__NR_madvise,	 __NR_rt_sigaction, __NR_getpid,      __NR_rt_sigprocmask,
		__NR_time,
	};
	const struct isolation isolation = {
		.identity = *identity,
		.keep_network = true,
		.keep_file = "/etc/resolv.conf",
		.descriptors = DESCRIPTORS_MAX,
	};
	struct isolation_report report;
	struct filter *filter;
	int result;

	if (isolate(&isolation, &report, err) < 0)
		return -1;
	filter = filter_new("the sandbox of the user network", err);
	if (!filter)
		return -1;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		filter_allow(filter, calls[i]);
	filter_allow_masked(filter, __NR_ioctl, 1, UINT32_MAX, FIONREAD);
	filter_allow_masked(filter, __NR_socket, 0, UINT32_MAX, AF_INET);
	filter_allow_masked(filter, __NR_socket, 0, UINT32_MAX, AF_INET6);
	/* libslirp looks up the host's DNS server: files may be read, none written. */
	filter_allow_masked(filter, __NR_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	filter_allow_basics(filter);
	result = filter_load(filter, err);
	filter_free(filter);
	return result;
}

/* Leaves the helper with stderr, frames and result; nothing of the tender's. */
static void take_descriptors(int frames, int result)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Out of the way of the numbers that they get. */
	frames = fcntl(frames, F_DUPFD_CLOEXEC, 10);
	result = fcntl(result, F_DUPFD_CLOEXEC, 10);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(frames, FRAMES_FD) < 0 || dup2(result, RESULT_FD) < 0)
		_exit(1);
	if (syscall(SYS_close_range, RESULT_FD + 1, ~0u, 0) == 0)
		return;
	for (int fd = RESULT_FD + 1; fd < DESCRIPTORS_MAX; fd++) /* Linux before 5.9 */
		close(fd);
}

static void __attribute__((noreturn))
helper(const struct net *net, const struct net_spec *spec, int frames, int result)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGQUIT, SIGPIPE };
	struct user_network network = { 0 };
	struct error err = { 0 };
	char done = 0;

	/* Ctrl-C is for the tender, and the helper ends with it: once it has taken the last frames.
	 */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	take_descriptors(frames, result);
	network.polls = xcalloc(DESCRIPTORS_MAX, sizeof(*network.polls));
	if (start_slirp(&network, spec, &err) < 0 || confine(&net->identity, &err) < 0) {
		if (write(RESULT_FD, &err, sizeof(err)) < 0)
			_exit(1);
		_exit(1);
	}
	if (write(RESULT_FD, &done, sizeof(done)) < 0)
		_exit(1);
	close(RESULT_FD);
	serve(&network);
	_exit(0);
}

/* ---- in the tender -------------------------------------------------------------------- */

/* The helper sends one byte if all is well, otherwise the error. */
static int await(const struct net *net, int result, struct error *err)
{
	struct error theirs;
	size_t length = 0;

	while (length < sizeof(theirs)) {
		ssize_t count = read(result, (char *)&theirs + length, sizeof(theirs) - length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		length += (size_t)count;
	}
	if (length == 1)
		return 0;
	if (length == sizeof(theirs))
		*err = theirs;
	else
		err_fail(err, ERR_MISSING, "the helper of the user network ended early");
	return err_within(err, "--net %s", net->name);
}

int net_open_user(struct net *net, const struct net_spec *spec, struct error *err)
{
	char text[INET_ADDRSTRLEN];
	int frames[2], result[2], status;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, frames) < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "--net %s: no socket pair",
				      net->name);
	if (pipe2(result, O_CLOEXEC) < 0) {
		err_fail_errno(err, ERR_MISSING, errno, "--net %s: no pipe", net->name);
		close(frames[0]);
		close(frames[1]);
		return -1;
	}
	net->helper = fork();
	if (net->helper == 0)
		helper(net, spec, frames[1], result[1]);
	close(frames[1]);
	close(result[1]);
	status = net->helper < 0 ? err_fail_errno(err, ERR_MISSING, errno, "--net %s: no process",
						  net->name)
				 : await(net, result[0], err);
	close(result[0]);
	if (status < 0) {
		close(frames[0]);
		return -1;
	}
	net->fd = frames[0];
	net->mtu = NET_MTU_DEFAULT;
	inet_ntop(AF_INET, &spec->network, text, sizeof(text));
	snprintf(net->what, sizeof(net->what), "user network %s/%u", text, spec->prefix);
	return 0;
}
