#include "tender/net/spec.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define PREFIX_MIN 8
#define PREFIX_MAX 29
#define DEFAULT_PREFIX 24

/* MirageOS gives a unikernel 10.0.0.2/24 with the gateway 10.0.0.1 if it is told nothing. */
#define DEFAULT_NETWORK 0x0a000000u

static int spec_fail(const struct net_spec *spec, const char *word, struct error *err,
		     const char *expected)
{
	char text[128];

	return err_fail(err, ERR_USAGE, "--net %s: '%s': %s", spec->name,
			text_printable(word, strlen(word), text, sizeof(text)), expected);
}

/* ---- addresses ---------------------------------------------------------------- */

struct in_addr net_user_address(const struct net_spec *spec, uint32_t host)
{
	return (struct in_addr){ .s_addr = htonl(ntohl(spec->network.s_addr) + host) };
}

static uint32_t netmask(unsigned prefix)
{
	return UINT32_MAX << (32 - prefix);
}

static int parse_network(struct net_spec *spec, const char *value, struct error *err)
{
	static const char expected[] = "a network was expected, e.g. net=10.0.0.0/24, with a "
				       "prefix of 8 to 29 bits";
	cleanup_free char *address = xstrdup(value);
	char *slash = strchr(address, '/');
	uint64_t prefix;

	if (!slash)
		return spec_fail(spec, value, err, expected);
	*slash = '\0';
	if (inet_pton(AF_INET, address, &spec->network) != 1 ||
	    text_to_number(slash + 1, &prefix) < 0 || prefix < PREFIX_MIN || prefix > PREFIX_MAX)
		return spec_fail(spec, value, err, expected);
	spec->prefix = (unsigned)prefix;
	spec->network.s_addr &= htonl(netmask(spec->prefix));
	return 0;
}

static int parse_port(const char *text, uint16_t *port)
{
	uint64_t number;

	if (text_to_number(text, &number) < 0 || number == 0 || number > UINT16_MAX)
		return -1;
	*port = (uint16_t)number;
	return 0;
}

/* Takes "[ADDRESS:]PORT" apart; without an address *address stays as it is. */
static int parse_endpoint(char *text, struct in_addr *address, uint16_t *port)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		return parse_port(text, port);
	*colon = '\0';
	if (*text && inet_pton(AF_INET, text, address) != 1)
		return -1;
	return parse_port(colon + 1, port);
}

static int parse_forward(struct net_spec *spec, const char *value, struct error *err)
{
	static const char expected[] =
		"a rule was expected: hostfwd=tcp:[ADDRESS:]PORT-[GUEST ADDRESS]:PORT (or udp), "
		"e.g. hostfwd=tcp:8080-:80";
	cleanup_free char *copy = xstrdup(value);
	struct net_forward forward = { .host_address = { htonl(INADDR_LOOPBACK) } };
	char *guest, *host = copy + 4;

	if (spec->forward_count == NET_FORWARDS_MAX)
		return spec_fail(spec, value, err, "at most 32 hostfwd rules");
	if (strncmp(value, "udp:", 4) == 0)
		forward.udp = true;
	else if (strncmp(value, "tcp:", 4) != 0)
		return spec_fail(spec, value, err, expected);
	guest = strchr(host, '-');
	if (!guest)
		return spec_fail(spec, value, err, expected);
	*guest++ = '\0';
	if (parse_endpoint(host, &forward.host_address, &forward.host_port) < 0 ||
	    parse_endpoint(guest, &forward.guest_address, &forward.guest_port) < 0)
		return spec_fail(spec, value, err, expected);
	spec->forwards[spec->forward_count++] = forward;
	return 0;
}

/* ---- options --------------------------------------------------------------------- */

int net_spec_mac(struct net_spec *spec, const char *value, struct error *err)
{
	static const uint8_t none[6];
	uint8_t mac[6];

	for (int i = 0; i < 6; i++) {
		int high = text_hex_digit(value[3 * i]);
		int low = high < 0 ? -1 : text_hex_digit(value[3 * i + 1]);

		if (low < 0 || value[3 * i + 2] != (i < 5 ? ':' : '\0'))
			return spec_fail(spec, value, err,
					 "a MAC address was expected: six bytes in hexadecimal, "
					 "e.g. 02:00:00:00:00:01");
		mac[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(spec->mac, mac, sizeof(mac));
	spec->has_mac = memcmp(mac, none, sizeof(mac)) != 0;
	return 0;
}

static int parse_interface(struct net_spec *spec, const char *value, char out[IFNAMSIZ],
			   struct error *err)
{
	if (!*value || strlen(value) >= IFNAMSIZ || strchr(value, '/'))
		return spec_fail(spec, value, err,
				 "the name of a network interface was expected: 1 to 15 "
				 "characters without '/'");
	memcpy(out, value, strlen(value) + 1);
	return 0;
}

static int parse_option(struct net_spec *spec, const char *word, struct error *err)
{
	if (strncmp(word, "mac=", 4) == 0)
		return net_spec_mac(spec, word + 4, err);
	if (strncmp(word, "pcap=", 5) == 0 && word[5]) {
		free(spec->pcap);
		spec->pcap = xstrdup(word + 5);
		return 0;
	}
	if (spec->kind == NET_USER && strncmp(word, "net=", 4) == 0)
		return parse_network(spec, word + 4, err);
	if (spec->kind == NET_USER && strncmp(word, "hostfwd=", 8) == 0)
		return parse_forward(spec, word + 8, err);
	if (spec->kind == NET_NEW_TAP && strncmp(word, "bridge=", 7) == 0)
		return parse_interface(spec, word + 7, spec->bridge, err);
	if (spec->kind == NET_NEW_TAP && strncmp(word, "ifname=", 7) == 0)
		return parse_interface(spec, word + 7, spec->interface, err);
	return spec_fail(spec, word, err,
			 spec->kind == NET_USER
				 ? "the options of a user network are net=, hostfwd=, mac=, pcap="
			 : spec->kind == NET_NEW_TAP
				 ? "the options of a new tap are bridge=, ifname=, mac=, pcap="
				 : "the options of an interface are mac= and pcap=");
}

static int parse_kind(struct net_spec *spec, const char *word, struct error *err)
{
	uint64_t number;

	if (strcmp(word, "user") == 0) {
		spec->kind = NET_USER;
		spec->network.s_addr = htonl(DEFAULT_NETWORK);
		spec->prefix = DEFAULT_PREFIX;
		return 0;
	}
	if (strcmp(word, "tap") == 0) {
		spec->kind = NET_NEW_TAP;
		return 0;
	}
	if (word[0] == '@') {
		if (text_to_number(word + 1, &number) < 0 || number > INT_MAX)
			return spec_fail(spec, word, err,
					 "the number of an open descriptor was expected, e.g. @3");
		spec->kind = NET_FD;
		spec->fd = (int)number;
		return 0;
	}
	spec->kind = NET_TAP;
	return parse_interface(spec, word, spec->interface, err);
}

static int finish_user(struct net_spec *spec, struct error *err)
{
	uint32_t network = ntohl(spec->network.s_addr), mask;

	if (spec->kind != NET_USER)
		return 0;
	mask = netmask(spec->prefix);
	for (size_t i = 0; i < spec->forward_count; i++) {
		struct in_addr *guest = &spec->forwards[i].guest_address;
		char text[INET_ADDRSTRLEN];

		if (!guest->s_addr)
			*guest = net_user_address(spec, NET_USER_GUEST);
		if ((ntohl(guest->s_addr) & mask) == network)
			continue;
		return spec_fail(spec, inet_ntop(AF_INET, guest, text, sizeof(text)), err,
				 "the guest address of a hostfwd rule must lie in the user "
				 "network (net=)");
	}
	return 0;
}

int net_spec_parse(struct net_spec *spec, const char *name, const char *value, struct error *err)
{
	cleanup_free char *copy = xstrdup(value);
	char *rest = copy, *word = strsep(&rest, ",");

	*spec = (struct net_spec){ .name = name, .fd = -1 };
	if (parse_kind(spec, word, err) < 0)
		return -1;
	while ((word = strsep(&rest, ",")))
		if (parse_option(spec, word, err) < 0)
			return -1;
	return finish_user(spec, err);
}

void net_spec_free(struct net_spec *spec)
{
	free(spec->pcap);
	spec->pcap = NULL;
}
