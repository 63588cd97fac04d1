/* What --net says about one device, as text and taken apart.
 *
 *	tap0					an interface that is there
 *	@3					an open descriptor
 *	tap[,bridge=BRIDGE]			an interface that is made now
 *	user[,net=CIDR][,hostfwd=RULE]...	a network of its own, without root
 *
 * and for each of them mac=XX:XX:XX:XX:XX:XX and pcap=FILE.
 */
#ifndef TENDER_NET_SPEC_H
#define TENDER_NET_SPEC_H

#include "base/error.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_FORWARDS_MAX 32

enum net_kind {
	NET_NONE, /* not attached */
	NET_TAP,
	NET_FD,
	NET_NEW_TAP,
	NET_USER,
};

/* A port of the host that leads to the guest. Addresses in network, ports in host order. */
struct net_forward {
	bool udp;
	struct in_addr host_address;  /* default: 127.0.0.1 */
	uint16_t host_port;	      /* 0: none */
	struct in_addr guest_address; /* 0: the guest's address by default */
	uint16_t guest_port;
};

struct net_spec {
	const char *name; /* of the device; borrowed */
	enum net_kind kind;
	char interface[IFNAMSIZ]; /* TAP; NEW_TAP: "" lets the kernel choose */
	int fd;			  /* FD */
	char bridge[IFNAMSIZ];	  /* NEW_TAP: "" for none */
	struct in_addr network;	  /* USER */
	unsigned prefix;	  /* USER: 8..29 */
	struct net_forward forwards[NET_FORWARDS_MAX];
	size_t forward_count;
	bool has_mac;
	uint8_t mac[6];
	char *pcap; /* path, or NULL; owned */
};

/* Parses what stands behind "NAME=". Fails with ERR_USAGE. Release with net_spec_free(), after a
 * failure too. */
int net_spec_parse(struct net_spec *spec, const char *name, const char *value, struct error *err);
void net_spec_free(struct net_spec *spec);

/* Parses a MAC address; fails with ERR_USAGE. All zero counts as not given. */
int net_spec_mac(struct net_spec *spec, const char *value, struct error *err);

/* The addresses of a user network: first host the gateway, second the guest, third DNS. */
struct in_addr net_user_address(const struct net_spec *spec, uint32_t host);

enum {
	NET_USER_GATEWAY = 1,
	NET_USER_GUEST = 2,
	NET_USER_DNS = 3,
};

#endif
