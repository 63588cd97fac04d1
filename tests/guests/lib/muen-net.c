/* Network devices of muen: two channels each, NAME|out of this guest and NAME|in of the other
 * side. Block devices, which Muen's bindings do not have. */
#include "tests/guests/lib/channel.h"
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/muen.h"
#include "tests/guests/lib/platform.h"

#define MTU 1500

struct device {
	bool acquired;
	bool dead; /* overrun, and net_overrun_is_fatal */
	struct channel_writer out;
	struct channel_reader in;
	uint64_t epochs; /* how often the writer began, the first time included */
	uint64_t overruns;
	uint64_t malformed; /* packets with an impossible length */
};

static struct device devices[MANIFEST_ENTRIES_MAX];
static unsigned acquired_count;

bool net_overrun_is_fatal;

static struct device *acquired_device(solo5_handle_t handle)
{
	return handle < MANIFEST_ENTRIES_MAX && devices[handle].acquired ? &devices[handle] : NULL;
}

void print_net_channel(solo5_handle_t handle, const char *name)
{
	const struct device *device = acquired_device(handle);

	if (device)
		print("Solo5: Net: %s: epochs=%lu overruns=%lu malformed=%lu\n", name,
		      device->epochs, device->overruns, device->malformed);
}

/* The address is made from the clock and the subject's name, so that subjects differ and no
 * configuration is needed. */
static void make_mac_address(uint8_t mac[6], unsigned number)
{
	const struct sinfo_name *name = muen_subject_name();
	uint64_t bits = (muen_schedule_start() << 32 | muen_schedule_end()) ^ muen_time_base();

	if (number)
		bits = (bits << number | bits >> (64 - number)) + number;
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)(bits >> (8 * i)) ^ (uint8_t)(name ? name->text[i] : 0);
	mac[0] = (mac[0] & 0xfe) | 0x02;
}

static bool is_channel(const struct sinfo_resource *resource, uint8_t flags)
{
	return resource && resource->data.memory.kind == SINFO_MEMORY_CHANNEL &&
	       (resource->data.memory.flags & flags) == flags &&
	       resource->data.memory.size >= sizeof(struct channel_header);
}

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle,
				 struct solo5_net_info *info)
{
	const struct sinfo_resource *out = muen_resource(name, "|out", SINFO_MEMORY);
	const struct sinfo_resource *in = muen_resource(name, "|in", SINFO_MEMORY);
	solo5_handle_t found = manifest_find(name, MANIFEST_NET_BASIC);
	struct device *device = &devices[found];

	if (!found || device->acquired)
		return SOLO5_R_EINVAL;
	if (!is_channel(out, SINFO_WRITABLE) || !is_channel(in, 0)) {
		log_print(LOG_WARN, "Solo5: Net: %s: no channels %s|out and %s|in\n", name, name,
			  name);
		return SOLO5_R_EUNSPEC;
	}
	if (!channel_begin(&device->out, out->data.memory.address, out->data.memory.size,
			   NET_PROTOCOL, sizeof(struct net_packet), muen_schedule_start()))
		return SOLO5_R_EUNSPEC;
	device->in = (struct channel_reader){
		.header = (const volatile struct channel_header *)in->data.memory.address,
		.region_size = in->data.memory.size,
		.protocol = NET_PROTOCOL,
		.size = sizeof(struct net_packet),
	};
	device->acquired = true;
	*handle = found;
	make_mac_address(info->mac_address, acquired_count++);
	info->mtu = MTU;
	log_print(LOG_INFO, "Solo5: Net: %s: Using MAC address %02x:%02x:%02x:%02x:%02x:%02x\n",
		  name, info->mac_address[0], info->mac_address[1], info->mac_address[2],
		  info->mac_address[3], info->mac_address[4], info->mac_address[5]);
	return SOLO5_R_OK;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *frame, size_t size)
{
	struct device *device = acquired_device(handle);
	struct net_packet packet;

	if (!device || size > NET_FRAME_MAX)
		return SOLO5_R_EINVAL;
	memcpy(packet.data, frame, size);
	memset(packet.data + size, 0, NET_FRAME_MAX - size);
	packet.length = (uint16_t)size;
	channel_write(&device->out, &packet);
	return SOLO5_R_OK;
}

/* A change of epoch may show itself in any use of the reader. */
static void count_epoch(struct device *device, uint64_t before)
{
	if (device->in.epoch && device->in.epoch != before) {
		device->epochs++;
		device->dead = false;
	}
}

static void overrun(struct device *device)
{
	if (device->dead)
		return;
	device->overruns++;
	if (net_overrun_is_fatal)
		device->dead = true;
	else
		channel_skip(&device->in);
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *frame, size_t size, size_t *read_size)
{
	struct device *device = acquired_device(handle);
	enum channel_result result;
	struct net_packet packet;
	uint64_t epoch;

	if (!device || size < NET_FRAME_MAX)
		return SOLO5_R_EINVAL;
	epoch = device->in.epoch;
	result = channel_read(&device->in, &packet);
	count_epoch(device, epoch);
	if (result == CHANNEL_OVERRUN)
		overrun(device);
	if (result != CHANNEL_SUCCESS)
		return SOLO5_R_AGAIN;
	if (packet.length > NET_FRAME_MAX) {
		device->malformed++;
		return SOLO5_R_AGAIN;
	}
	memcpy(frame, packet.data, packet.length);
	*read_size = packet.length;
	return SOLO5_R_OK;
}

solo5_handle_set_t muen_net_ready(void)
{
	solo5_handle_set_t ready = 0;

	for (uint32_t i = 1; i < guest_manifest()->entries; i++) {
		struct device *device = acquired_device(i);
		uint64_t epoch;

		if (!device)
			continue;
		epoch = device->in.epoch;
		if (channel_pending(&device->in))
			ready |= 1ull << i;
		count_epoch(device, epoch);
	}
	return ready;
}

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle,
				   struct solo5_block_info *info)
{
	(void)name;
	(void)handle;
	(void)info;
	return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *data,
				 size_t size)
{
	(void)handle;
	(void)offset;
	(void)data;
	(void)size;
	return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *data,
				size_t size)
{
	(void)handle;
	(void)offset;
	(void)data;
	(void)size;
	return SOLO5_R_EUNSPEC;
}
