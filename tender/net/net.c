#include "tender/net/net.h"

#include "tender/clock.h"
#include "tender/say.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* How long a helper may take to end, ns. */
#define FINISH_MAX NSEC_PER_SEC

/* The largest frame that any network takes: 64 KiB and its header. */
#define FRAME_MAX (65536 + 14 + 4)

static int choose_mac(struct net *net, const struct net_spec *spec, struct error *err)
{
	if (spec->has_mac) {
		memcpy(net->mac, spec->mac, sizeof(net->mac));
		return 0;
	}
	if (getrandom(net->mac, sizeof(net->mac), 0) != (ssize_t)sizeof(net->mac))
		return err_fail_errno(err, ERR_MISSING, errno, "--net %s: no random MAC address",
				      net->name);
	net->mac[0] = (uint8_t)((net->mac[0] & ~1u) | 2u); /* one station, locally administered */
	return 0;
}

int net_open(struct net *net, const struct net_spec *spec, const struct identity *identity,
	     struct error *err)
{
	static int (*const kinds[])(struct net *, const struct net_spec *, struct error *) = {
		[NET_TAP] = net_open_tap,
		[NET_FD] = net_open_fd,
		[NET_NEW_TAP] = net_open_new_tap,
		[NET_USER] = net_open_user,
	};

	*net = (struct net){
		.name = spec->name, .fd = -1, .identity = *identity, .pcap = { .fd = -1 }
	};
	pthread_mutex_init(&net->lock, NULL);
	if (choose_mac(net, spec, err) < 0 || kinds[spec->kind](net, spec, err) < 0)
		return -1;
	if (spec->pcap && pcap_open(&net->pcap, spec->pcap, err) < 0) {
		net_close(net);
		return -1;
	}
	return 0;
}

void net_close(struct net *net)
{
	if (net->fd >= 0)
		close(net->fd);
	if (net->pcap.fd >= 0)
		close(net->pcap.fd);
	net->fd = net->pcap.fd = -1;
}

void net_finish(struct net *net)
{
	uint64_t end = clock_monotonic() + FINISH_MAX, now;
	unsigned char byte;
	struct iovec part = { &byte, sizeof(byte) };

	if (!net->helper || net->closed || shutdown(net->fd, SHUT_WR) < 0)
		return;
	/* Its end of the connection is closed when it has ended. */
	while ((now = clock_monotonic()) < end) {
		struct pollfd wait = { .fd = net->fd, .events = POLLIN };
		const struct timespec left = { (time_t)((end - now) / NSEC_PER_SEC),
					       (long)((end - now) % NSEC_PER_SEC) };
		ssize_t count;

		if (ppoll(&wait, 1, &left, NULL) <= 0)
			continue;
		count = readv(net->fd, &part, 1);
		if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
			return;
	}
}

void net_lost(struct net *net)
{
	if (!net->closed)
		say("warning: network device '%s': %s is gone; the guest goes on without it",
		    net->name, net->what);
	net->closed = true;
}

static void write_locked(struct net *net, const void *frame, size_t length)
{
	ssize_t count = -1;

	/* To a socket's other end, nothing at all would look like the end. */
	if (!net->closed && length && length <= FRAME_MAX)
		do {
			count = write(net->fd, frame, length);
		} while (count < 0 && errno == EINTR);
	if (count != (ssize_t)length) {
		net->counters.send_drops++;
		return;
	}
	net->counters.sent++;
	net->counters.sent_bytes += length;
	if (net->pcap.fd >= 0)
		pcap_record(&net->pcap, frame, length);
}

void net_write(struct net *net, const void *frame, size_t length)
{
	pthread_mutex_lock(&net->lock);
	write_locked(net, frame, length);
	pthread_mutex_unlock(&net->lock);
}

static void drop_large(struct net *net, size_t size)
{
	if (!net->counters.receive_drops)
		say("warning: network device '%s': a frame from %s is larger than the %zu bytes "
		    "that the guest has room for; such frames are dropped and counted. If the "
		    "host merges frames: ethtool -K %s gro off gso off tso off",
		    net->name, net->what, size, net->what);
	net->counters.receive_drops++;
}

/* One call to the host; -1: nothing there. */
static ssize_t fetch(struct net *net, void *buffer, size_t size)
{
	unsigned char more; /* takes the first byte that does not fit: otherwise nothing would
			     * tell that the kernel cut the frame */
	struct iovec parts[] = { { buffer, size }, { &more, sizeof(more) } };
	ssize_t count;

	do {
		count = readv(net->fd, parts, 2);
	} while (count < 0 && errno == EINTR);
	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EFAULT && errno != EIO))
		net_lost(net);
	return count > 0 ? count : -1;
}

static bool read_locked(struct net *net, void *buffer, size_t size, size_t *length)
{
	ssize_t count;

	while (!net->closed && (count = fetch(net, buffer, size)) >= 0) {
		if ((size_t)count > size) {
			drop_large(net, size);
			continue;
		}
		*length = (size_t)count;
		net->counters.received++;
		net->counters.received_bytes += *length;
		if (net->pcap.fd >= 0)
			pcap_record(&net->pcap, buffer, *length);
		return true;
	}
	return false;
}

bool net_read(struct net *net, void *buffer, size_t size, size_t *length)
{
	bool found;

	if (size == 0)
		return false;
	pthread_mutex_lock(&net->lock);
	found = read_locked(net, buffer, size, length);
	pthread_mutex_unlock(&net->lock);
	return found;
}
