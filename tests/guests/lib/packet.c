#include "tests/guests/lib/packet.h"

#include "tests/guests/lib/guest.h"

uint16_t internet_checksum(const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)at[i] | (uint32_t)at[i + 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

bool parse_ipv4(const char *text, uint8_t address[4])
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned number = 0, digits = 0;

		for (; *text >= '0' && *text <= '9' && digits < 3; text++, digits++)
			number = number * 10 + (unsigned)(*text - '0');
		if (!digits || number > 255)
			return false;
		address[i] = (uint8_t)number;
		if (i < 3 && *text++ != '.')
			return false;
	}
	return *text == '\0' || *text == '/';
}

bool ipv4_is_sound(const struct ipv4 *packet, size_t *size)
{
	const size_t ethernet = sizeof(packet->ethernet);
	size_t length = net16(packet->length);

	if (*size < sizeof(*packet) || packet->version_and_size != 0x45 ||
	    length < sizeof(*packet) - ethernet || length > *size - ethernet ||
	    net16(packet->fragment) & 0x3fff ||
	    internet_checksum((const uint8_t *)packet + ethernet, sizeof(*packet) - ethernet))
		return false;
	*size = ethernet + length;
	return true;
}

static void make_ethernet(struct ethernet *header, const uint8_t from[6], const uint8_t to[6],
			  uint16_t type)
{
	memcpy(header->to, to, sizeof(header->to));
	memcpy(header->from, from, sizeof(header->from));
	header->type = net16(type);
}

size_t make_arp_request(uint8_t *frame, const struct endpoint *own, const uint8_t ip[4])
{
	static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 };
	struct arp *arp = (struct arp *)frame;

	memset(arp, 0, sizeof(*arp));
	make_ethernet(&arp->ethernet, own->mac, broadcast, ETHERTYPE_ARP);
	arp->hardware = net16(1);
	arp->protocol = net16(ETHERTYPE_IPV4);
	arp->hardware_size = sizeof(own->mac);
	arp->protocol_size = sizeof(own->ip);
	arp->operation = net16(ARP_REQUEST);
	memcpy(arp->sender_mac, own->mac, sizeof(arp->sender_mac));
	memcpy(arp->sender_ip, own->ip, sizeof(arp->sender_ip));
	memcpy(arp->target_ip, ip, sizeof(arp->target_ip));
	return sizeof(*arp);
}

size_t make_udp(uint8_t *frame, const struct endpoint *from, const struct endpoint *to,
		const void *payload, size_t length)
{
	const size_t ethernet = sizeof(struct ethernet);
	struct udp *udp = (struct udp *)frame;
	struct ipv4 *ipv4 = &udp->ipv4;

	memset(udp, 0, sizeof(*udp));
	make_ethernet(&ipv4->ethernet, from->mac, to->mac, ETHERTYPE_IPV4);
	ipv4->version_and_size = 0x45;
	ipv4->length = net16((uint16_t)(sizeof(*udp) - ethernet + length));
	ipv4->lifetime = 64;
	ipv4->protocol = PROTOCOL_UDP;
	memcpy(ipv4->from, from->ip, sizeof(ipv4->from));
	memcpy(ipv4->to, to->ip, sizeof(ipv4->to));
	ipv4->checksum = internet_checksum(frame + ethernet, sizeof(*ipv4) - ethernet);
	udp->from_port = net16(from->port);
	udp->to_port = net16(to->port);
	udp->length = net16((uint16_t)(sizeof(*udp) - sizeof(*ipv4) + length));
	memcpy(udp + 1, payload, length);
	return sizeof(*udp) + length;
}

void print_addresses(const uint8_t mac[6], const uint8_t ip[4])
{
	print("%02x:%02x:%02x:%02x:%02x:%02x %u.%u.%u.%u", mac[0], mac[1], mac[2], mac[3], mac[4],
	      mac[5], ip[0], ip[1], ip[2], ip[3]);
}
