/* The interface between an hvt guest and its tender: Solo5's ABI 2. All numbers little-endian,
 * all structures naturally aligned. A hypercall is a 32-bit OUT of its structure's address to
 * port 0x500 + number. */
#ifndef TESTS_GUESTS_LIB_HVT_ABI_H
#define TESTS_GUESTS_LIB_HVT_ABI_H

#include <stdint.h>

#define HVT_PORT 0x500
#define HVT_KICK_PORT 0x600

enum hvt_hypercall {
	HVT_WALLTIME = 1,
	HVT_PUTS = 2,
	HVT_POLL = 3,
	HVT_BLOCK_WRITE = 4,
	HVT_BLOCK_READ = 5,
	HVT_NET_WRITE = 6,
	HVT_NET_READ = 7,
	HVT_HALT = 8,
};

#define HVT_FEATURE_RING 1u

struct hvt_boot_info {
	uint64_t memory_size;
	uint64_t kernel_end;
	uint64_t tsc_frequency; /* Hz */
	uint64_t cmdline;	/* address */
	uint64_t manifest;	/* address */
	/* since Solo5 0.11; guests of the flavour "noring" do not look at it */
	uint32_t host_features;
	uint32_t guest_features;
	uint64_t net_ring; /* address, or 0 */
};

/* Members marked out are written by the tender. Results are solo5_result_t. */

struct hvt_walltime {
	uint64_t nanoseconds; /* out */
};

struct hvt_puts {
	uint64_t data;
	uint64_t length;
};

struct hvt_poll {
	uint64_t timeout; /* nanoseconds from now */
	uint64_t ready;	  /* out: bit n = handle n */
	int32_t result;	  /* out: how many are ready */
};

struct hvt_block {
	uint64_t handle;
	uint64_t offset;
	uint64_t data;
	uint64_t length;
	int32_t result; /* out */
};

struct hvt_net {
	uint64_t handle;
	uint64_t data;
	uint64_t length; /* read: out, too */
	int32_t result;	 /* out */
};

struct hvt_halt {
	uint64_t cookie; /* address of a struct trap_frame, or 0 */
	int32_t status;
};

/* The network ring. All counters run freely; the slot is the counter modulo HVT_RING_SLOTS. */
#define HVT_RING_SLOTS 1024u
#define HVT_RING_WRITE_MAX 2048u /* bytes of a frame; longer ones take the hypercall */

enum hvt_ring_operation { HVT_RING_WRITE = 1, HVT_RING_READ = 2 };

struct hvt_ring_entry {
	uint32_t operation;
	uint32_t handle;
	uint64_t data;
	uint32_t length;
	uint32_t id;
	uint64_t reserved;
};

struct hvt_ring_commit {
	uint32_t id;
	int32_t result;
	uint32_t length;
	uint32_t reserved;
};

struct hvt_ring {
	/* written by the guest */
	uint32_t entry_tail;
	uint32_t commit_head;
	uint8_t padding1[56];
	/* written by the tender */
	uint32_t entry_head;
	uint32_t commit_tail;
	uint32_t needs_kick;
	uint8_t padding2[52];
	struct hvt_ring_entry entries[HVT_RING_SLOTS];	/* written by the guest */
	struct hvt_ring_commit commits[HVT_RING_SLOTS]; /* written by the tender */
};

_Static_assert(sizeof(struct hvt_ring) == 49280, "the ring's size in Solo5's ABI");

#endif
