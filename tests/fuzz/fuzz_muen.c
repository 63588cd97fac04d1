/* A Muen subject whose channels hold anything, and change between the tender's looks: its console
 * and a network device. The tender touches nothing outside of the regions and always comes back.
 *
 * Input: the console's channel and the device's, as far as it goes, in turns of up to TURN bytes:
 * { offset in 8-byte words, length, bytes }, the highest bit of the offset chooses the device.
 */
#include "base/alloc.h"
#include "tender/muen/log.h"
#include "tender/muen/net.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REGION 4096u
#define TURNS_MAX 64
#define DEVICE 0x8000u

static void drain(struct muen_log *log, struct console *console, struct muen_net *muen,
		  struct devices *devices, uint64_t now)
{
	muen_log_drain(log, console);
	muen_net_drain(muen);
	muen_net_all_read(muen, now & 1, now & 2);
	muen_net_feed(muen, devices, now << 29, now & 4);
}

static void turns(const uint8_t *data, size_t size, unsigned char *console_region,
		  unsigned char *out, struct muen_log *log, struct console *console,
		  struct muen_net *muen, struct devices *devices)
{
	for (uint64_t turn = 1; turn <= TURNS_MAX && size > 3; turn++) {
		uint16_t place = (uint16_t)(data[0] | data[1] << 8);
		size_t offset = (place & ~DEVICE) * 8u % REGION, length = data[2];

		data += 3;
		size -= 3;
		length = length < size ? length : size;
		length = length < REGION - offset ? length : REGION - offset;
		memcpy((place & DEVICE ? out : console_region) + offset, data, length);
		data += length;
		size -= length;
		drain(log, console, muen, devices, turn);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free unsigned char *console_region = xcalloc(REGION, 1);
	cleanup_free unsigned char *out = xcalloc(REGION, 1), *in = xcalloc(REGION, 1);
	struct console console = { .fd = open("/dev/null", O_WRONLY | O_CLOEXEC) };
	struct net net = { .name = "service", .pcap = { .fd = -1 } };
	struct devices devices = { .nets = { [1] = &net } };
	static const char frame[60];
	struct muen_net muen = { .count = 1 };
	struct muen_log log;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) < 0)
		return 0;
	net.fd = ends[0];
	pthread_mutex_init(&net.lock, NULL);
	devices_prepare(&devices, NULL);
	for (int i = 0; i < 8; i++)
		(void)!send(ends[1], frame, sizeof(frame), 0);
	muen.devices[0] = (struct muen_device){ .name = "service", .handle = 1, .net = &net };
	muen.devices[0].restarts = 1; /* what is said once was said before */
	channel_attach(&muen.devices[0].out, out, REGION, CHANNEL_NET_PROTOCOL,
		       sizeof(struct net_element));
	channel_open(&muen.devices[0].in, in, REGION, CHANNEL_NET_PROTOCOL,
		     sizeof(struct net_element), 1);
	muen_log_open(&log, console_region, REGION);
	turns(data, size, console_region, out, &log, &console, &muen, &devices);
	close(ends[0]);
	close(ends[1]);
	close(console.fd);
	return 0;
}
