/* The network devices of a Muen subject: pairs of channels, between which and the host's networks
 * the tender carries frames.
 *
 * NAME|in is written with care: its reader, which nobody sees, must never be overtaken by more than
 * the channel holds, for Solo5's never recovers from that. Half of it is filled at most between
 * two moments at which everything was read for certain; what does not fit waits in the host's
 * queue. Should that last for a second although the guest looks at its clock, a new epoch begins:
 * what it had not read is lost, but the device works again.
 *
 * Channels in memory that is shared with another process are left to the two guests. The tenders
 * look how far they are written: a guest that is sent something does not wait, and a guest that has
 * sent something wakes the other one's tender, by a futex on the channel's counter.
 */
#ifndef TENDER_MUEN_NET_H
#define TENDER_MUEN_NET_H

#include "subject/channel.h"
#include "tender/devices.h"
#include "tender/filter.h"
#include "tender/muen/load.h"
#include "tender/muen/mac.h"

struct muen_device {
	const char *name; /* in the manifest; borrowed */
	unsigned handle;
	bool shared; /* its channels are left alone, but for a look: */
	const struct channel_header *shared_in, *shared_out;
	uint64_t seen_in, seen_out; /* elements written there, at the last look */
	bool complete;		    /* the world has both channels */
	struct net *net;	    /* NULL: none is attached */
	struct channel_reader out;
	struct channel_writer in;
	uint64_t ahead;	     /* elements written since everything was read for certain */
	uint64_t in_wait;    /* ... since the guest began to wait */
	uint64_t held_since; /* clock_monotonic(); 0: there is room */
	uint64_t malformed;  /* elements of the guest with an impossible length */
	uint64_t restarts;   /* new epochs of `in` */
	uint8_t mac[MUEN_MAC_LENGTH];
	bool acquired; /* the guest has made its MAC address */
};

struct muen_net {
	struct muen_device devices[DEVICES_HANDLES];
	size_t count;
	unsigned acquired;
};

/* The network devices of the manifest, without networks. */
void muen_net_new(struct muen_net *net, const struct unikernel *unikernel,
		  const struct subject_world *world);

/* The device of that name, or NULL. */
const struct muen_device *muen_net_device(const struct muen_net *net, const char *name);

/* Gives a device its network and the MAC address that goes with it. */
void muen_net_attach(struct muen_net *muen, struct net *net);

/* Opens the channels in the guest's memory. Fails with ERR_USAGE if a network is attached to a
 * device for which the world has no channels. */
int muen_net_open(struct muen_net *net, const struct subject_world *world,
		  const struct muen_image *image, struct error *err);

/* From the guest to the network; whether there was anything, in shared channels too. */
bool muen_net_drain(struct muen_net *net);

/* The guest has read everything that was sent before: for certain, or as far as its waiting tells,
 * of which `begins` says that it has just begun. */
void muen_net_all_read(struct muen_net *net, bool certain, bool begins);

/* From the network to the guest; whether there was anything. Devices that have no room are left
 * out of `devices`' next wait. `now` is clock_monotonic(); `stuck`: the guest does nothing but look
 * at its clock. */
bool muen_net_feed(struct muen_net *net, struct devices *devices, uint64_t now, bool stuck);

/* Waits until a network, or another guest, has something for this one; at most as long as
 * `timeout` says. */
void muen_net_wait(const struct muen_net *net, struct devices *devices,
		   const struct timespec *timeout);

/* Permits the system calls that this takes. */
void muen_net_allow(const struct muen_net *net, struct filter *filter);

/* The guest makes the MAC address of a device: what `clock` must say for that. Its start and base
 * are filled in. */
void muen_net_acquire(struct muen_net *net, const char *subject, struct muen_mac_clock *clock);

#endif
