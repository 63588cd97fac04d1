/* The user network: a helper process that answers ARP and DHCP and ends with its tender. */
#include "tender/net/net.h"
#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 5000 /* ms */

static struct net_spec spec;
static const struct identity identity; /* stay who we are */
static struct net net;
static struct error err;

static bool begin(const char *value)
{
	ck_assert_int_eq(net_spec_parse(&spec, "service", value, &err), 0);
	err = (struct error){ 0 };
	if (net_open(&net, &spec, &identity, &err) == 0)
		return true;
	if (strstr(err.message, "cannot load"))
		printf("# SKIP %s\n", err.message);
	return false;
}

static void end(void)
{
	int status;

	net_close(&net);
	net_spec_free(&spec);
	/* Without its tender the helper has no reason to be. */
	ck_assert_int_eq(waitpid(net.helper, &status, 0), net.helper);
}

/* Waits for a frame that `wanted` likes. */
static size_t await(unsigned char *frame, size_t size,
		    bool (*wanted)(const unsigned char *frame, size_t length))
{
	struct pollfd poll_fd = { .fd = net.fd, .events = POLLIN };
	size_t length;

	while (poll(&poll_fd, 1, PATIENCE) > 0)
		while (net_read(&net, frame, size, &length))
			if (wanted(frame, length))
				return length;
	return 0;
}

static bool is_arp_reply(const unsigned char *frame, size_t length)
{
	return length >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2;
}

static bool is_arp_request(const unsigned char *frame, size_t length)
{
	return length >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 1;
}

/* Who has 10.0.0.1? Tell 10.0.0.2 (RFC 826). */
static size_t arp_request(unsigned char *frame)
{
	memset(frame, 0, 60);
	memset(frame, 255, 6);
	memcpy(frame + 6, "\2\0\0\0\0\1\10\6\0\1\10\0\6\4\0\1", 16);
	memcpy(frame + 22, "\2\0\0\0\0\1\12\0\0\2\0\0\0\0\0\0\12\0\0\1", 20);
	return 60;
}

/* 10.0.0.2 is 02:00:00:00:00:01. */
static size_t arp_reply(unsigned char *frame)
{
	memset(frame, 0, 60);
	memcpy(frame, "\x52\x55\12\0\0\1\2\0\0\0\0\1\10\6\0\1\10\0\6\4\0\2", 22);
	memcpy(frame + 22, "\2\0\0\0\0\1\12\0\0\2\x52\x55\12\0\0\1\12\0\0\1", 20);
	return 60;
}

START_TEST(answers_arp)
{
	unsigned char frame[1600];

	if (!begin("user"))
		return;
	ck_assert_uint_eq(net.mtu, 1500);
	net_write(&net, frame, arp_request(frame));
	ck_assert_uint_ge(await(frame, sizeof(frame), is_arp_reply), 42);
	ck_assert_mem_eq(frame + 28, "\12\0\0\1", 4);
	ck_assert_mem_eq(frame, "\2\0\0\0\0\1", 6);
	end();
}
END_TEST

static bool is_dhcp_reply(const unsigned char *frame, size_t length)
{
	return length >= 282 && frame[12] == 8 && frame[13] == 0 && frame[23] == 17 &&
	       frame[35] == 67 && frame[42] == 2;
}

static uint16_t checksum(const unsigned char *data, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* A DHCPDISCOVER of the station 02:00:00:00:00:01 (RFC 2131). */
static size_t discover(unsigned char *frame)
{
	static const unsigned char options[] = { 99, 130, 83, 99, 53, 1, 1, 255 };
	const size_t length = 14 + 20 + 8 + 300;
	uint16_t sum;

	memset(frame, 0, length);
	memset(frame, 255, 6);
	memcpy(frame + 6, "\2\0\0\0\0\1\10\0", 8);
	memcpy(frame + 14, "\x45\0\0\0\0\0\0\0\x40\x11", 10);
	frame[16] = (length - 14) >> 8;
	frame[17] = (length - 14) & 255;
	memset(frame + 30, 255, 4);
	sum = checksum(frame + 14, 20);
	frame[24] = sum >> 8;
	frame[25] = sum & 255;
	frame[35] = 68;
	frame[37] = 67;
	frame[38] = (length - 34) >> 8;
	frame[39] = (length - 34) & 255;
	memcpy(frame + 42, "\1\1\6\0\1\2\3\4", 8);
	memcpy(frame + 42 + 28, "\2\0\0\0\0\1", 6);
	memcpy(frame + 42 + 236, options, sizeof(options));
	return length;
}

START_TEST(gives_the_address_that_mirage_expects)
{
	unsigned char frame[1600];

	if (!begin("user,net=10.9.0.0/16"))
		return;
	net_write(&net, frame, discover(frame));
	ck_assert_uint_gt(await(frame, sizeof(frame), is_dhcp_reply), 0);
	ck_assert_mem_eq(frame + 42 + 16, "\12\11\0\2", 4);
	end();
}
END_TEST

/* An IPv4 packet (RFC 791) of the guest 10.0.0.2 to 10.0.0.HOST, with `length` bytes of payload;
 * the transport's checksum at `checksum_at` of the payload is filled in. */
static size_t packet(unsigned char *frame, int protocol, int host, size_t length,
		     size_t checksum_at)
{
	unsigned char *ip = frame + 14, *payload = ip + 20, pseudo[12 + 64] = { 0 };
	uint16_t sum;

	memcpy(frame, "\x52\x55\12\0\0\1\2\0\0\0\0\1\10\0", 14);
	memcpy(ip, "\x45\0\0\0\0\0\0\0\x40\0\0\0\12\0\0\2\12\0\0\0", 20);
	ip[3] = (unsigned char)(20 + length);
	ip[9] = (unsigned char)protocol;
	ip[19] = (unsigned char)host;
	sum = checksum(ip, 20);
	ip[10] = sum >> 8;
	ip[11] = sum & 255;
	memcpy(pseudo, ip + 12, 8);
	pseudo[9] = ip[9];
	pseudo[11] = (unsigned char)length;
	memcpy(pseudo + 12, payload, length);
	sum = checksum(pseudo, 12 + length + length % 2);
	payload[checksum_at] = sum >> 8;
	payload[checksum_at + 1] = sum & 255;
	return 14 + 20 + length;
}

static bool is_syn_ack(const unsigned char *frame, size_t length)
{
	return length >= 54 && frame[12] == 8 && frame[13] == 0 && frame[23] == 6 &&
	       frame[47] == 0x12;
}

START_TEST(connects_to_the_host)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), accepted;
	unsigned char frame[1600] = { 0 };

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	if (!begin("user"))
		return;
	/* A SYN (RFC 9293) from port 1024 to the listener, by way of the gateway. */
	memcpy(frame + 34, "\4\0\0\0\0\0\0\1\0\0\0\0\x50\2\x20\0\0\0\0\0", 20);
	memcpy(frame + 36, &address.sin_port, 2);
	net_write(&net, frame, packet(frame, 6, 1, 20, 16));
	accepted = accept(listener, NULL, NULL);
	ck_assert_int_ge(accepted, 0);
	/* The answer waits until the guest's station is known. */
	ck_assert_uint_gt(await(frame, sizeof(frame), is_arp_request), 0);
	net_write(&net, frame, arp_reply(frame));
	ck_assert_uint_gt(await(frame, sizeof(frame), is_syn_ack), 0);
	close(accepted);
	close(listener);
	end();
}
END_TEST

static bool is_syn_to_port_80(const unsigned char *frame, size_t length)
{
	return length >= 54 && frame[12] == 8 && frame[13] == 0 && frame[23] == 6 &&
	       frame[47] == 2 && frame[36] == 0 && frame[37] == 80;
}

START_TEST(leads_the_host_to_the_guest)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int client = socket(AF_INET, SOCK_STREAM, 0), probe = socket(AF_INET, SOCK_STREAM, 0);
	unsigned char frame[1600];
	char value[64];

	/* A port that is free now. */
	ck_assert_int_eq(bind(probe, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(probe, (struct sockaddr *)&address, &length), 0);
	close(probe);
	snprintf(value, sizeof(value), "user,hostfwd=tcp:%u-:80", ntohs(address.sin_port));
	if (!begin(value))
		return;
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_uint_gt(await(frame, sizeof(frame), is_arp_request), 0);
	net_write(&net, frame, arp_reply(frame));
	ck_assert_uint_gt(await(frame, sizeof(frame), is_syn_to_port_80), 0);
	close(client);
	end();
}
END_TEST

START_TEST(survives_a_question_to_its_name_server)
{
	unsigned char frame[1600] = { 0 };

	if (!begin("user"))
		return;
	/* To port 53 of 10.0.0.3: the helper looks up the host's name server in its sandbox. */
	memcpy(frame + 34, "\4\0\0\x35\0\x14\0\0question", 16);
	net_write(&net, frame, packet(frame, 17, 3, 20, 6));
	net_write(&net, frame, arp_request(frame));
	ck_assert_uint_gt(await(frame, sizeof(frame), is_arp_reply), 0);
	ck_assert(!net.closed);
	end();
}
END_TEST

START_TEST(delivers_the_last_frames)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_DGRAM, 0), received = 0;
	unsigned char frame[1600] = { 0 };
	char text[8];

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	if (!begin("user"))
		return;
	for (int i = 0; i < 100; i++) {
		memcpy(frame + 34, "\4\0\0\0\0\x0c\0\0last", 12);
		memcpy(frame + 36, &address.sin_port, 2);
		net_write(&net, frame, packet(frame, 17, 1, 12, 6));
	}
	ck_assert_uint_eq(net.counters.send_drops, 0);
	net_finish(&net);
	while (recv(listener, text, sizeof(text), MSG_DONTWAIT) == 4)
		received++;
	ck_assert_int_eq(received, 100);
	close(listener);
	end();
}
END_TEST

START_TEST(says_when_a_port_is_taken)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char value[64];

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	snprintf(value, sizeof(value), "user,hostfwd=tcp:%u-:80", ntohs(address.sin_port));
	ck_assert(!begin(value));
	if (!strstr(err.message, "cannot load")) {
		ck_assert_ptr_nonnull(strstr(err.message, "hostfwd: cannot listen on TCP port"));
		ck_assert_ptr_nonnull(strstr(err.message, "--net service"));
	}
	net_spec_free(&spec);
	close(listener);
}
END_TEST

START_TEST(notices_that_the_helper_died)
{
	unsigned char frame[100];
	size_t length;
	int status;

	if (!begin("user"))
		return;
	kill(net.helper, SIGKILL);
	ck_assert_int_eq(waitpid(net.helper, &status, 0), net.helper);
	ck_assert(!net_read(&net, frame, sizeof(frame), &length));
	ck_assert(net.closed);
	net_write(&net, frame, sizeof(frame));
	ck_assert_uint_eq(net.counters.send_drops, 1);
	net_close(&net);
	net_spec_free(&spec);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tender_user_net");
	TCase *tests = tcase_create("user network");

	signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(tests, 20);
	tcase_add_test(tests, answers_arp);
	tcase_add_test(tests, gives_the_address_that_mirage_expects);
	tcase_add_test(tests, connects_to_the_host);
	tcase_add_test(tests, leads_the_host_to_the_guest);
	tcase_add_test(tests, survives_a_question_to_its_name_server);
	tcase_add_test(tests, delivers_the_last_frames);
	tcase_add_test(tests, says_when_a_port_is_taken);
	tcase_add_test(tests, notices_that_the_helper_died);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
