/* Sends numbered UDP messages to an echo guest and verifies what comes back: over a direct pair of
 * channels, or any network. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"
#include "tests/guests/lib/packet.h"

#define FRAME_MAX 65550
#define COUNT_MAX 65536
#define WINDOW_MAX 256
#define MILLISECOND 1000000ull

SOLO5_MANIFEST(NET_BASIC("service"));

static const char *own_text[ARGUMENT_TEXTS_MAX] = { "10.0.0.3/24" };
static const char *peer_text[ARGUMENT_TEXTS_MAX] = { "10.0.0.2" };
static uint64_t count = 100, size = 64, window = 1, timeout = 1000;
static bool send_quit;

static struct endpoint own = { .port = 4242 }, peer = { .port = 7 };
static solo5_handle_t device;
static struct solo5_net_info net;
static uint8_t frame[FRAME_MAX] __attribute__((aligned(8)));

static uint8_t answered[COUNT_MAX];
static solo5_time_t sent_at[WINDOW_MAX];
static uint64_t received, corrupt, repeated, best = UINT64_MAX, worst, total;

/* The number, then bytes that depend on it. */
static void fill_payload(uint8_t *payload, uint64_t number)
{
	uint32_t ordered = net32((uint32_t)number);

	memset(payload, (int)(number * 7 + 1), size);
	memcpy(payload, &ordered, sizeof(ordered));
}

static void send_number(uint64_t number)
{
	static uint8_t payload[FRAME_MAX];

	fill_payload(payload, number);
	sent_at[number % WINDOW_MAX] = solo5_clock_monotonic();
	solo5_net_write(device, frame, make_udp(frame, &own, &peer, payload, size));
}

static void account(uint64_t number)
{
	solo5_time_t time = solo5_clock_monotonic() - sent_at[number % WINDOW_MAX];

	answered[number] = 1;
	received++;
	total += time;
	best = time < best ? time : best;
	worst = time > worst ? time : worst;
}

/* Looks at one frame; true if it answers a number that was not answered before. */
static bool take_answer(size_t length, uint64_t sent)
{
	static uint8_t expected[FRAME_MAX];
	const struct udp *udp = (const struct udp *)frame;
	uint32_t number;

	if (length < sizeof(*udp) || udp->ipv4.ethernet.type != net16(ETHERTYPE_IPV4) ||
	    udp->ipv4.protocol != PROTOCOL_UDP || udp->to_port != net16(own.port))
		return false;
	if (!ipv4_is_sound(&udp->ipv4, &length) || length != sizeof(*udp) + size) {
		corrupt++;
		return false;
	}
	memcpy(&number, udp + 1, sizeof(number));
	number = net32(number);
	fill_payload(expected, number);
	if (number >= sent || memcmp(udp + 1, expected, size)) {
		corrupt++;
		return false;
	}
	if (answered[number]) {
		repeated++;
		return false;
	}
	account(number);
	return true;
}

static bool read_frame(size_t *length)
{
	return solo5_net_read(device, frame, sizeof(frame), length) == SOLO5_R_OK;
}

/* Asks for the peer's MAC address until it answers, ten times a second. */
static bool find_peer(uint64_t attempts)
{
	const struct arp *arp = (const struct arp *)frame;
	size_t length;

	for (uint64_t i = 0; i < attempts; i++) {
		solo5_net_write(device, frame, make_arp_request(frame, &own, peer.ip));
		solo5_yield(solo5_clock_monotonic() + 100 * MILLISECOND, NULL);
		while (read_frame(&length)) {
			if (length < sizeof(*arp) || arp->ethernet.type != net16(ETHERTYPE_ARP) ||
			    arp->operation != net16(ARP_REPLY) ||
			    memcmp(arp->sender_ip, peer.ip, 4))
				continue;
			memcpy(peer.mac, arp->sender_mac, sizeof(peer.mac));
			return true;
		}
	}
	return false;
}

/* Keeps up to `window` messages under way; gives those up that get no answer in time. */
static uint64_t exchange(void)
{
	uint64_t sent = 0, under_way = 0, lost = 0;
	solo5_time_t deadline = 0;
	size_t length;

	while (sent < count || under_way) {
		for (; sent < count && under_way < window; sent++, under_way++) {
			send_number(sent);
			deadline = solo5_clock_monotonic() + timeout * MILLISECOND;
		}
		solo5_yield(deadline, NULL);
		while (read_frame(&length))
			under_way -= take_answer(length, sent) && under_way;
		if (under_way && solo5_clock_monotonic() >= deadline) {
			lost += under_way;
			under_way = 0;
		}
	}
	return lost;
}

static bool arguments_fit(void)
{
	if (!parse_ipv4(own_text[0], own.ip) || !parse_ipv4(peer_text[0], peer.ip))
		print("FAILURE: --ipv4 and --peer take IPv4 addresses\n");
	else if (!count || count > COUNT_MAX || !window || window > WINDOW_MAX)
		print("FAILURE: --count is 1 to %d, --window 1 to %d\n", COUNT_MAX, WINDOW_MAX);
	else if (size < 4 || size > net.mtu - 28)
		print("FAILURE: --size is 4 to %lu\n", net.mtu - 28);
	else
		return true;
	return false;
}

int solo5_app_main(const struct solo5_start_info *info)
{
	uint64_t attempts = 100, lost;
	const struct argument arguments[] = {
		{ .name = "--ipv4=", .texts = own_text, .what = "own address (10.0.0.3)" },
		{ .name = "--peer=", .texts = peer_text, .what = "the echo guest's (10.0.0.2)" },
		{ .name = "--count=", .number = &count, .what = "messages to send (100)" },
		{ .name = "--size=", .number = &size, .what = "bytes in each (64)" },
		{ .name = "--window=", .number = &window, .what = "how many under way (1)" },
		{ .name = "--timeout-ms=", .number = &timeout, .what = "of an answer (1000)" },
		{ .name = "--arp-attempts=", .number = &attempts, .what = "10 a second (100)" },
		{ .name = "--quit", .flag = &send_quit, .what = "end the peer afterwards" },
	};

	parse_arguments(info->cmdline, arguments, sizeof(arguments) / sizeof(arguments[0]));
	if (solo5_net_acquire("service", &device, &net) != SOLO5_R_OK) {
		print("FAILURE: cannot acquire 'service'\n");
		return SOLO5_EXIT_FAILURE;
	}
	if (!arguments_fit())
		return 2;
	memcpy(own.mac, net.mac_address, sizeof(own.mac));
	if (!find_peer(attempts)) {
		print("FAILURE: no answer to ARP from %s\n", peer_text[0]);
		return SOLO5_EXIT_FAILURE;
	}
	print("netclient: peer is ");
	print_addresses(peer.mac, peer.ip);
	print("\n");
	lost = exchange();
	if (send_quit)
		solo5_net_write(device, frame, make_udp(frame, &own, &peer, "quit", 4));
	print("netclient: sent=%lu received=%lu lost=%lu corrupt=%lu repeated=%lu\n", count,
	      received, lost, corrupt, repeated);
	if (received)
		print("netclient: round trip us: best=%lu mean=%lu worst=%lu\n", best / 1000,
		      total / received / 1000, worst / 1000);
	print(lost || corrupt ? "FAILURE\n" : "SUCCESS\n");
	return lost || corrupt ? SOLO5_EXIT_FAILURE : SOLO5_EXIT_SUCCESS;
}
