#include "tender/devices.h"

void devices_prepare(struct devices *devices, const struct stop *stop)
{
	devices->polls[0] = (struct pollfd){ .fd = stop ? stop->wake_fd : -1, .events = POLLIN };
	devices->poll_count = 1;
	for (unsigned handle = 0; handle < DEVICES_HANDLES; handle++) {
		if (!devices->nets[handle])
			continue;
		devices->polls[devices->poll_count] =
			(struct pollfd){ .fd = devices->nets[handle]->fd, .events = POLLIN };
		devices->poll_handles[devices->poll_count++] = handle;
	}
}

struct net *devices_net(const struct devices *devices, uint64_t handle)
{
	return handle < DEVICES_HANDLES ? devices->nets[handle] : NULL;
}

struct block *devices_block(const struct devices *devices, uint64_t handle)
{
	return handle < DEVICES_HANDLES ? devices->blocks[handle] : NULL;
}

void devices_ignore(struct devices *devices, unsigned handle, bool ignore)
{
	const struct net *net = devices->nets[handle];

	for (size_t i = 1; i < devices->poll_count; i++)
		if (devices->poll_handles[i] == handle)
			devices->polls[i].fd = ignore || net->closed ? -1 : net->fd;
}

static int collect_ready(struct devices *devices, uint64_t *ready)
{
	int count = 0;

	for (size_t i = 1; i < devices->poll_count; i++) {
		struct pollfd *entry = &devices->polls[i];
		struct net *net = devices->nets[devices->poll_handles[i]];

		if (entry->revents & POLLIN) {
			*ready |= 1ull << devices->poll_handles[i];
			count++;
		} else if (entry->revents) {
			net_lost(net);
		}
		/* One that is gone would end every wait at once. */
		if (net->closed)
			entry->fd = -1;
	}
	return count;
}

int devices_wait(struct devices *devices, const struct timespec *timeout, uint64_t *ready)
{
	*ready = 0;
	if (ppoll(devices->polls, devices->poll_count, timeout, devices->waiting) <= 0)
		return 0;
	return collect_ready(devices, ready);
}
