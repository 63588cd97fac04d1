#include "tender/muen/net.h"

#include "tender/clock.h"
#include "tender/say.h"

#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How long frames are kept from a guest that does not read, if it does nothing else meanwhile, and
 * if it does. */
#define HELD_STUCK NSEC_PER_SEC
#define HELD_MAX (30 * NSEC_PER_SEC)

/* ---- devices and their channels -------------------------------------------------------- */

static const struct world_region *channel(const struct subject_world *world, const char *device,
					  const char *direction)
{
	char name[SOLO5_NAME_MAX + 8];
	const struct world_region *region;

	snprintf(name, sizeof(name), "%s|%s", device, direction);
	region = world_region_named(world, name);
	return region && region->role == WORLD_CHANNEL ? region : NULL;
}

/* One that nobody has asked for; the bindings make such addresses. */
static void choose_mac(uint8_t mac[static MUEN_MAC_LENGTH])
{
	if (getrandom(mac, MUEN_MAC_LENGTH, 0) != MUEN_MAC_LENGTH)
		memset(mac, 0, MUEN_MAC_LENGTH);
	mac[0] = (uint8_t)((mac[0] & ~1u) | 2u);
}

static void add_device(struct muen_net *net, const struct solo5_device *device,
		       const struct subject_world *world)
{
	const struct world_region *in = channel(world, device->name, "in");
	const struct world_region *out = channel(world, device->name, "out");
	struct muen_device *added = &net->devices[net->count++];

	*added = (struct muen_device){ .name = device->name, .handle = device->handle };
	added->complete = in && out && out->writable;
	added->shared = (in && in->shared_fd >= 0) || (out && out->shared_fd >= 0);
	choose_mac(added->mac);
}

void muen_net_new(struct muen_net *net, const struct unikernel *unikernel,
		  const struct subject_world *world)
{
	*net = (struct muen_net){ 0 };
	for (size_t i = 0; i < unikernel->device_count; i++)
		if (unikernel->devices[i].type == SOLO5_NET_BASIC)
			add_device(net, &unikernel->devices[i], world);
}

const struct muen_device *muen_net_device(const struct muen_net *net, const char *name)
{
	for (size_t i = 0; i < net->count; i++)
		if (!strcmp(net->devices[i].name, name))
			return &net->devices[i];
	return NULL;
}

void muen_net_attach(struct muen_net *muen, struct net *net)
{
	for (size_t i = 0; i < muen->count; i++) {
		struct muen_device *device = &muen->devices[i];

		if (strcmp(device->name, net->name) != 0)
			continue;
		device->net = net;
		memcpy(device->mac, net->mac, sizeof(device->mac));
	}
}

static int no_channels(const struct muen_device *device, const struct subject_world *world,
		       struct error *err)
{
	err_fail(err, ERR_USAGE,
		 "--net %s: the subject '%s' has no channels '%s|in' and '%s|out'%s", device->name,
		 world->name, device->name, device->name,
		 device->shared ? " of its own: another subject is at their other end" : "");
	return err_mend(
		err, device->shared ? "leave out --net %s" : "connect the device in the policy: %s",
		device->name);
}

static int open_channels(struct muen_device *device, const struct subject_world *world,
			 const struct muen_image *image, struct error *err)
{
	const struct world_region *in = channel(world, device->name, "in");
	const struct world_region *out = channel(world, device->name, "out");

	channel_attach(&device->out, muen_host(image, world, out), out->size, CHANNEL_NET_PROTOCOL,
		       sizeof(struct net_element));
	/* A page, the least that a region has, holds two elements. */
	if (channel_open(&device->in, muen_host(image, world, in), in->size, CHANNEL_NET_PROTOCOL,
			 sizeof(struct net_element), clock_monotonic()) == 0)
		return 0;
	return err_fail(err, ERR_INTERNAL, "cannot open the channel '%s'", in->name);
}

static void look_at_shared(struct muen_device *device, const struct subject_world *world,
			   const struct muen_image *image)
{
	device->shared_in = (void *)muen_host(image, world, channel(world, device->name, "in"));
	device->shared_out = (void *)muen_host(image, world, channel(world, device->name, "out"));
}

int muen_net_open(struct muen_net *net, const struct subject_world *world,
		  const struct muen_image *image, struct error *err)
{
	for (size_t i = 0; i < net->count; i++) {
		struct muen_device *device = &net->devices[i];

		if (!device->complete && !device->net)
			say("warning: the subject '%s' has no channels for the network device "
			    "'%s': the unikernel cannot acquire it",
			    world->name, device->name);
		if (device->complete && device->shared)
			look_at_shared(device, world, image);
		if (!device->net)
			continue;
		if (!device->complete || device->shared)
			return no_channels(device, world, err);
		if (open_channels(device, world, image, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- frames --------------------------------------------------------------------------- */

/* The next element. Counters that lie make every read an overrun: one is enough for now. */
static enum channel_result next_element(struct channel_reader *channel, struct net_element *element)
{
	enum channel_result result = channel_read(channel, element);

	return result == CHANNEL_OVERRUN ? channel_read(channel, element) : result;
}

static bool drain_device(struct muen_device *device)
{
	struct net_element element;
	bool any = false;

	while (next_element(&device->out, &element) == CHANNEL_READ) {
		any = true;
		if (element.length == 0 || element.length > sizeof(element.frame))
			device->malformed++;
		else
			net_write(device->net, element.frame, element.length);
	}
	return any;
}

static uint64_t written(const struct channel_header *header)
{
	return __atomic_load_n(&header->written, __ATOMIC_ACQUIRE);
}

/* A futex is 32 bits: those of the counter that change. */
static const void *bell(const struct channel_header *header)
{
	return &header->written;
}

static bool watch_shared(struct muen_device *device)
{
	uint64_t in = written(device->shared_in), out = written(device->shared_out);
	bool sent = out != device->seen_out, any = sent || in != device->seen_in;

	device->seen_in = in;
	device->seen_out = out;
	if (sent)
		syscall(SYS_futex, bell(device->shared_out), FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	return any;
}

bool muen_net_drain(struct muen_net *net)
{
	bool any = false;

	for (size_t i = 0; i < net->count; i++) {
		struct muen_device *device = &net->devices[i];

		if (device->net)
			any |= drain_device(device);
		else if (device->shared_in)
			any |= watch_shared(device);
	}
	return any;
}

/* The device that alone can have something for the guest, if that is another guest; or NULL. */
static const struct muen_device *only_shared(const struct muen_net *net)
{
	const struct muen_device *only = NULL;

	for (size_t i = 0; i < net->count; i++) {
		if (net->devices[i].net || (only && net->devices[i].shared_in))
			return NULL;
		if (net->devices[i].shared_in)
			only = &net->devices[i];
	}
	return only;
}

void muen_net_wait(const struct muen_net *net, struct devices *devices,
		   const struct timespec *timeout)
{
	const struct muen_device *shared = only_shared(net);
	uint64_t ready;
	sigset_t before;

	/* Of several things, ppoll() sees networks alone: the rest has to wait for the timeout. */
	if (!shared) {
		devices_wait(devices, timeout, &ready);
		return;
	}
	pthread_sigmask(SIG_BLOCK, devices->waiting, &before);
	syscall(SYS_futex, bell(shared->shared_in), FUTEX_WAIT, (uint32_t)shared->seen_in, timeout,
		NULL, 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void muen_net_allow(const struct muen_net *net, struct filter *filter)
{
	if (only_shared(net))
		filter_allow(filter, SYS_rt_sigprocmask);
}

static uint64_t room(const struct muen_device *device)
{
	return device->in.elements / 2;
}

void muen_net_all_read(struct muen_net *net, bool certain, bool begins)
{
	for (size_t i = 0; i < net->count; i++) {
		struct muen_device *device = &net->devices[i];

		if (begins)
			device->in_wait = 0;
		/* Solo5 goes on waiting for nothing that it can read: whoever does so does not
		 * wait for frames. */
		if (certain || !device->in_wait)
			device->ahead = 0;
	}
}

static void send_frame(struct muen_device *device, const struct net_element *element)
{
	channel_write(&device->in, element);
	device->ahead++;
	device->in_wait++;
}

/* Whether another frame may be fetched. */
static bool has_room(struct muen_device *device, uint64_t now, bool stuck)
{
	if (device->ahead < room(device)) {
		device->held_since = 0;
		return true;
	}
	if (!device->held_since)
		device->held_since = now;
	return now - device->held_since >= (stuck ? HELD_STUCK : HELD_MAX);
}

static bool feed_device(struct muen_device *device, uint64_t now, bool stuck)
{
	struct net_element element = { 0 };
	bool any = false;
	size_t length;

	while (has_room(device, now, stuck) &&
	       net_read(device->net, element.frame, sizeof(element.frame), &length)) {
		if (device->held_since) {
			if (!device->restarts++)
				say("warning: network device '%s': the guest does not read; its "
				    "channel begins anew, what was in it is lost",
				    device->name);
			channel_restart(&device->in, device->in.header->epoch + 1);
			device->ahead = device->held_since = 0;
		}
		memset(element.frame + length, 0, sizeof(element.frame) - length);
		element.length = (uint16_t)length;
		send_frame(device, &element);
		any = true;
	}
	return any;
}

/* Until the guest has acquired the device, it cannot be meant. */
static bool is_open(const struct muen_device *device)
{
	return device->net && device->out.epochs;
}

bool muen_net_feed(struct muen_net *net, struct devices *devices, uint64_t now, bool stuck)
{
	bool any = false;

	for (size_t i = 0; i < net->count; i++) {
		struct muen_device *device = &net->devices[i];
		bool open = is_open(device);

		if (open)
			any |= feed_device(device, now, stuck);
		if (device->net)
			devices_ignore(devices, device->handle, !open || device->held_since);
	}
	return any;
}

/* ---- MAC addresses -------------------------------------------------------------------- */

/* The bindings open a device's own channel before they make its address; should others do it the
 * other way round, they go through their devices in the manifest's order. */
static struct muen_device *device_to_come(struct muen_net *net)
{
	struct muen_device *first = NULL;

	for (size_t i = 0; i < net->count; i++) {
		struct muen_device *device = &net->devices[i];

		if (device->acquired)
			continue;
		if (device->out.epochs)
			return device;
		first = first ? first : device;
	}
	return first;
}

void muen_net_acquire(struct muen_net *net, const char *subject, struct muen_mac_clock *clock)
{
	struct muen_device *device = device_to_come(net);

	if (!device)
		return;
	device->acquired = true;
	if (!muen_mac_choose(clock, subject, net->acquired, device->mac)) {
		muen_mac_of(clock, subject, net->acquired, device->mac);
		if (device->net)
			memcpy(device->net->mac, device->mac, sizeof(device->mac));
	}
	net->acquired++;
}
