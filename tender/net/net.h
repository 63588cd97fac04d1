/* A network device of the guest: Ethernet frames, one per read and write of a descriptor.
 *
 * Every kind of network gives such a descriptor: a tap, or one end of a socket pair whose other
 * end a helper process serves. So after it is opened there is one interface. Reading and
 * writing are safe from two threads at once; no error of the network is fatal: a frame that
 * cannot be sent is dropped and counted.
 */
#ifndef TENDER_NET_NET_H
#define TENDER_NET_NET_H

#include "base/error.h"
#include "tender/isolate.h"
#include "tender/net/spec.h"
#include "tender/net/pcap.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NET_MTU_DEFAULT 1500

struct net_counters {
	uint64_t received, received_bytes; /* by the guest */
	uint64_t sent, sent_bytes;	   /* by the guest */
	uint64_t send_drops;		   /* could not be sent */
	uint64_t receive_drops;		   /* larger than the guest's buffer */
};

struct net {
	const char *name; /* in the manifest; borrowed */
	int fd;		  /* non-blocking */
	uint8_t mac[6];
	uint16_t mtu;
	char what[64];		  /* for people: "tap0", "user network 10.0.0.0/24" */
	pid_t helper;		  /* process that serves the other end, 0: none */
	struct identity identity; /* of the helper */
	bool closed;		  /* the other end is gone; nothing will come any more */
	struct pcap pcap;	  /* fd -1: none */
	struct net_counters counters;
	pthread_mutex_t lock;
};

/* Opens the device that `spec` describes, and the capture; a helper process runs as `identity`.
 * Fails with ERR_MISSING, ERR_REFUSED or ERR_USAGE and says what to do, with the exact commands.
 * Must be called before the process starts threads or allocates guest memory: it may fork. */
int net_open(struct net *net, const struct net_spec *spec, const struct identity *identity,
	     struct error *err);
void net_close(struct net *net);

/* Takes a frame to the network, or drops it. */
void net_write(struct net *net, const void *frame, size_t length);

/* Fetches a frame: true and its length, or false if there is none. A frame that does not fit
 * is dropped whole. */
bool net_read(struct net *net, void *buffer, size_t size, size_t *length);

/* Lets a helper take the last frames that the guest sent, and end; at most for a second. */
void net_finish(struct net *net);

/* Marks the device as gone, and says so once. */
void net_lost(struct net *net);

/* ---- kinds of networks: each fills in fd, mtu and what ------------------------- */

int net_open_tap(struct net *net, const struct net_spec *spec, struct error *err);
int net_open_new_tap(struct net *net, const struct net_spec *spec, struct error *err);
int net_open_fd(struct net *net, const struct net_spec *spec, struct error *err);
int net_open_user(struct net *net, const struct net_spec *spec, struct error *err);

#endif
