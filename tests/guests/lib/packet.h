/* The network protocols that the guests speak: Ethernet, ARP, IPv4, ICMP echo, UDP. Numbers of
 * more than a byte are big-endian in memory: see net16() and net32(). */
#ifndef TESTS_GUESTS_LIB_PACKET_H
#define TESTS_GUESTS_LIB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806 };
enum { ARP_REQUEST = 1, ARP_REPLY = 2 };
enum { PROTOCOL_ICMP = 1, PROTOCOL_UDP = 17 };
enum { ICMP_ECHO_REPLY = 0, ICMP_ECHO_REQUEST = 8 };

struct ethernet {
	uint8_t to[6];
	uint8_t from[6];
	uint16_t type;
} __attribute__((packed));

struct arp {
	struct ethernet ethernet;
	uint16_t hardware, protocol;
	uint8_t hardware_size, protocol_size;
	uint16_t operation;
	uint8_t sender_mac[6], sender_ip[4];
	uint8_t target_mac[6], target_ip[4];
} __attribute__((packed));

struct ipv4 {
	struct ethernet ethernet;
	uint8_t version_and_size; /* 0x45: version 4, a header of 20 bytes */
	uint8_t service;
	uint16_t length; /* from here on, without Ethernet */
	uint16_t id, fragment;
	uint8_t lifetime, protocol;
	uint16_t checksum;
	uint8_t from[4], to[4];
} __attribute__((packed));

struct icmp {
	struct ipv4 ipv4;
	uint8_t type, code;
	uint16_t checksum;
} __attribute__((packed));

struct udp {
	struct ipv4 ipv4;
	uint16_t from_port, to_port;
	uint16_t length; /* with this header of 8 bytes */
	uint16_t checksum;
} __attribute__((packed));

static inline uint16_t net16(uint16_t number)
{
	return __builtin_bswap16(number);
}

static inline uint32_t net32(uint32_t number)
{
	return __builtin_bswap32(number);
}

/* Adds a checksum's parts in ones' complement. */
static inline uint16_t checksum_add(uint16_t a, uint16_t b)
{
	uint32_t sum = (uint32_t)a + b;

	return (uint16_t)(sum + (sum >> 16));
}

/* The checksum field that makes `length` (even) bytes right; 0 if they are right already. */
uint16_t internet_checksum(const void *bytes, size_t length);

/* "10.0.0.2/24" or "10.0.0.2": the address. False if it is none. */
bool parse_ipv4(const char *text, uint8_t address[4]);

/* True if the frame is an IPv4 packet that we accept: no options, not a fragment, lengths that
 * fit, a right checksum of the header. Cuts *size to what the packet says. */
bool ipv4_is_sound(const struct ipv4 *packet, size_t *size);

struct endpoint {
	uint8_t mac[6];
	uint8_t ip[4];
	uint16_t port; /* not swapped */
};

/* Both make a whole frame and return its size; `frame` must have room for it. The UDP message has
 * no checksum of its own. */
size_t make_arp_request(uint8_t *frame, const struct endpoint *own, const uint8_t ip[4]);
size_t make_udp(uint8_t *frame, const struct endpoint *from, const struct endpoint *to,
		const void *payload, size_t length);

/* Prints "02:00:00:00:00:01 10.0.0.2". */
void print_addresses(const uint8_t mac[6], const uint8_t ip[4]);

#endif
