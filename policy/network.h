/* How the unikernels' network devices are joined: to each other, or to Linux. Inside policy.
 *
 * A plan in plain data, which the built-in system and a template of the user's both carry out. */
#ifndef POLICY_NETWORK_H
#define POLICY_NETWORK_H

#include "policy/compose.h"

/* Where Muen's composer puts the channels of its Linux, and where the next thing lies. */
#define LINUX_CHANNELS 0xe03000000ull
#define LINUX_CHANNELS_END 0xfffd00000ull

/* A device and the physical channels that it reads (in) and writes (out). A channel is named
 * after the unikernel that writes it; what Linux writes, after the one that reads. */
struct joined_device {
	const struct unikernel_request *request;
	struct component_device device;
	const char *in, *out;
	const char *interface; /* its name in Linux; NULL: joined to another unikernel */
};

struct network {
	struct joined_device *devices; /* unikernel after unikernel, in the order they have them */
	size_t count;
	bool needs_linux;
	char **texts; /* what holds the names */
	size_t text_count;
};

/* Plans the network of the composition. Fails with ERR_USAGE for links whose ends do not exist,
 * are used twice, or have channels of different sizes. Release with network_free(), also
 * after a failure. */
int network_plan(const struct composition *composition, struct network *network,
		 struct findings *findings, struct error *err);
void network_free(struct network *network);

#define cleanup_network cleanup_with(network_free)

/* Linux' boot parameters with its interfaces added: owned by the caller; NULL and ERR_USAGE if they
 * get too long. */
char *network_linux_parameters(const struct network *network, const char *parameters,
			       struct error *err);

/* Whether Linux has room for channels up to that address. ERR_USAGE. */
int network_check_linux_room(uint64_t end, struct error *err);

#endif
