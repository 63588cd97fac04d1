/* Answers ARP requests, ICMP echo and UDP echo (every port) on each network device of its
 * manifest; ends with a summary when a UDP message says "quit". netecho2.c is the same with two
 * devices. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"
#include "tests/guests/lib/packet.h"

#define FRAME_MAX 65550 /* the largest MTU and an Ethernet header */
#define MILLISECOND 1000000ull
#define FOREVER UINT64_MAX

#ifdef NETECHO_TWO_DEVICES
#define DEVICES 2
SOLO5_MANIFEST(NET_BASIC("service0"), NET_BASIC("service1"));
static const char *const names[DEVICES] = { "service0", "service1" };
static const char *addresses[ARGUMENT_TEXTS_MAX] = { "10.0.0.2/24", "10.1.0.2/24" };
#else
#define DEVICES 1
SOLO5_MANIFEST(NET_BASIC("service"));
static const char *const names[DEVICES] = { "service" };
static const char *addresses[ARGUMENT_TEXTS_MAX] = { "10.0.0.2/24" };
#endif

static struct interface {
	solo5_handle_t handle;
	struct solo5_net_info info;
	uint8_t ip[4];
	uint64_t frames, arp, icmp, udp, other, bad, failed;
} interfaces[DEVICES];

static uint8_t frame[FRAME_MAX] __attribute__((aligned(8)));
static bool quit;

static void send(struct interface *interface, size_t size)
{
	if (solo5_net_write(interface->handle, frame, size) != SOLO5_R_OK)
		interface->failed++;
}

/* Turns the frame's Ethernet header round. */
static void reply_to_sender(struct interface *interface, struct ethernet *header)
{
	memcpy(header->to, header->from, sizeof(header->to));
	memcpy(header->from, interface->info.mac_address, sizeof(header->from));
}

static void handle_arp(struct interface *interface, struct arp *arp, size_t size)
{
	if (size < sizeof(*arp) || arp->operation != net16(ARP_REQUEST) ||
	    memcmp(arp->target_ip, interface->ip, 4)) {
		interface->other++;
		return;
	}
	interface->arp++;
	reply_to_sender(interface, &arp->ethernet);
	arp->operation = net16(ARP_REPLY);
	memcpy(arp->target_mac, arp->sender_mac, sizeof(arp->target_mac));
	memcpy(arp->target_ip, arp->sender_ip, sizeof(arp->target_ip));
	memcpy(arp->sender_mac, interface->info.mac_address, sizeof(arp->sender_mac));
	memcpy(arp->sender_ip, interface->ip, sizeof(arp->sender_ip));
	send(interface, sizeof(*arp));
}

/* Exchanging source and destination leaves every checksum right; an ICMP reply differs from its
 * request by the type alone, so that damage in the data comes back visible. */
static void reply_ipv4(struct interface *interface, struct ipv4 *packet, size_t size)
{
	reply_to_sender(interface, &packet->ethernet);
	memcpy(packet->to, packet->from, sizeof(packet->to));
	memcpy(packet->from, interface->ip, sizeof(packet->from));
	send(interface, size);
}

static void handle_ipv4(struct interface *interface, struct ipv4 *packet, size_t size)
{
	struct icmp *icmp = (struct icmp *)packet;
	struct udp *udp = (struct udp *)packet;

	if (!ipv4_is_sound(packet, &size)) {
		interface->bad++;
	} else if (memcmp(packet->to, interface->ip, 4)) {
		interface->other++;
	} else if (packet->protocol == PROTOCOL_ICMP && size >= sizeof(*icmp) &&
		   icmp->type == ICMP_ECHO_REQUEST) {
		interface->icmp++;
		icmp->type = ICMP_ECHO_REPLY;
		icmp->checksum = checksum_add(icmp->checksum, ICMP_ECHO_REQUEST);
		reply_ipv4(interface, packet, size);
	} else if (packet->protocol == PROTOCOL_UDP && size >= sizeof(*udp)) {
		uint16_t port = udp->from_port;

		interface->udp++;
		udp->from_port = udp->to_port;
		udp->to_port = port;
		quit = quit || (size >= sizeof(*udp) + 4 && !memcmp(udp + 1, "quit", 4));
		reply_ipv4(interface, packet, size);
	} else {
		interface->other++;
	}
}

/* Handles one frame; false if there is none. */
static bool handle_frame(struct interface *interface)
{
	struct ethernet *header = (struct ethernet *)frame;
	size_t size = 0;

	if (solo5_net_read(interface->handle, frame, sizeof(frame), &size) != SOLO5_R_OK)
		return false;
	interface->frames++;
	if (size < sizeof(*header))
		interface->bad++;
	else if (header->type == net16(ETHERTYPE_ARP))
		handle_arp(interface, (struct arp *)frame, size);
	else if (header->type == net16(ETHERTYPE_IPV4))
		handle_ipv4(interface, (struct ipv4 *)frame, size);
	else
		interface->other++;
	return true;
}

static bool open_interface(struct interface *interface, const char *name, const char *address)
{
	solo5_result_t result = solo5_net_acquire(name, &interface->handle, &interface->info);

	if (result != SOLO5_R_OK) {
		print("FAILURE: acquiring '%s' gave result %d\n", name, result);
		return false;
	}
	if (!address || !parse_ipv4(address, interface->ip)) {
		print("FAILURE: '%s' is no IPv4 address for '%s'\n", address ? address : "", name);
		return false;
	}
	print("netecho: %s: mtu %lu, ", name, interface->info.mtu);
	print_addresses(interface->info.mac_address, interface->ip);
	print("\n");
	return true;
}

static void print_summary(const struct interface *interface, const char *name)
{
	print("netecho: %s: frames=%lu arp=%lu icmp=%lu udp=%lu other=%lu bad=%lu failed=%lu\n",
	      name, interface->frames, interface->arp, interface->icmp, interface->udp,
	      interface->other, interface->bad, interface->failed);
	print_net_channel(interface->handle, name);
}

/* Serves until "quit" or the deadline. */
static void serve(solo5_time_t deadline)
{
	while (!quit) {
		solo5_handle_set_t ready = 0;

		if (deadline != FOREVER && solo5_clock_monotonic() >= deadline)
			return;
		solo5_yield(deadline, &ready);
		for (size_t i = 0; i < DEVICES && ready; i++)
			while (!quit && handle_frame(&interfaces[i]))
				;
	}
}

int solo5_app_main(const struct solo5_start_info *info)
{
	uint64_t milliseconds = 0;
	const struct argument arguments[] = {
		{ .name = "--ipv4=",
		  .texts = addresses,
		  .what = "A.B.C.D/N, once for each device in the manifest's order" },
		{ .name = "--lifetime-ms=",
		  .number = &milliseconds,
		  .what = "end with the summary after that time (0: never)" },
		{ .name = "--overrun-is-fatal",
		  .flag = &net_overrun_is_fatal,
		  .what = "muen: read nothing after an overrun, as Solo5's bindings do" },
	};

	parse_arguments(info->cmdline, arguments, 3);
	for (size_t i = 0; i < DEVICES; i++)
		if (!open_interface(&interfaces[i], names[i], addresses[i]))
			return SOLO5_EXIT_FAILURE;
	print("netecho: ready\n");
	serve(milliseconds ? solo5_clock_monotonic() + milliseconds * MILLISECOND : FOREVER);
	for (size_t i = 0; i < DEVICES; i++)
		print_summary(&interfaces[i], names[i]);
	print("SUCCESS\n");
	return SOLO5_EXIT_SUCCESS;
}
