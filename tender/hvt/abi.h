/* Solo5's hvt ABI, version 2: what a unikernel and its tender have agreed on.
 *
 * Source: Solo5 0.8.0 to 0.12.1, the hvt bindings and their public headers. Within these
 * releases only boot info grew, by three fields at its end. All numbers are little-endian.
 */
#ifndef TENDER_HVT_ABI_H
#define TENDER_HVT_ABI_H

#include <stdint.h>

#define HVT_ABI_VERSION 2

/* ---- memory map, guest-physical = guest-virtual ----------------------------- */

#define HVT_GDT 0x1000ull
#define HVT_PML4 0x2000ull
#define HVT_PDPT 0x3000ull
#define HVT_DIRECTORIES 0x4000ull /* four page directories: 4 GiB */
#define HVT_TABLES 0x8000ull	  /* page tables, up to the boot info */
#define HVT_BOOT_INFO 0x10000ull
#define HVT_IMAGE 0x100000ull /* lowest address of a segment and of the entry point */
#define HVT_MEMORY_MAX (4ull << 30)
#define HVT_RING_AREA 0x200000ull /* what the ring takes above the memory */

#define HVT_COMMAND_LINE_MAX 8191 /* characters without the NUL */
#define HVT_COOKIE_SIZE 512	  /* bytes of guest memory that HALT may hand over */

/* ---- boot info ---------------------------------------------------------------- */

struct hvt_boot_info {
	uint64_t memory_size; /* bytes, without the ring */
	uint64_t kernel_end;
	uint64_t tsc_hz;
	uint64_t command_line; /* addresses */
	uint64_t manifest;
	uint32_t host_features; /* from here on: since 0.11.0; older guests do not look */
	uint32_t guest_features;
	uint64_t net_ring; /* address, 0: none */
};

#define HVT_FEATURE_RING 1u

/* ---- manifest ------------------------------------------------------------------- */

#define HVT_MANIFEST_VERSION 1
#define HVT_RESERVED_FIRST 0x40000000u /* type of entry 0; greater types need no device */
#define HVT_HANDLES_MAX 64	       /* entries with the reserved first one */

struct hvt_manifest_entry {
	char name[68];
	uint32_t type;
	union {
		struct {
			uint64_t capacity; /* bytes */
			uint16_t block_size;
		} block;
		struct {
			uint8_t mac[6];
			uint16_t mtu;
		} net;
	};
	uint64_t host; /* the tender's own; never filled in */
	uint8_t attached;
	uint8_t padding[7];
};

struct hvt_manifest {
	uint32_t version;
	uint32_t entries;
	struct hvt_manifest_entry entry[HVT_HANDLES_MAX];
};

_Static_assert(sizeof(struct hvt_boot_info) == 56, "boot info");
_Static_assert(sizeof(struct hvt_manifest_entry) == 104, "manifest entry");
_Static_assert(sizeof(struct hvt_manifest) == 8 + 104 * HVT_HANDLES_MAX, "manifest");

/* ---- hypercalls: a 32-bit OUT to HVT_PORT + number, EAX = address of the struct ------ */

#define HVT_PORT 0x500
#define HVT_KICK_PORT 0x600 /* the ring's doorbell */

enum hvt_hypercall {
	HVT_WALLTIME = 1,
	HVT_PUTS,
	HVT_POLL,
	HVT_BLOCK_WRITE,
	HVT_BLOCK_READ,
	HVT_NET_WRITE,
	HVT_NET_READ,
	HVT_HALT,
	HVT_HYPERCALLS,
};

enum hvt_result {
	HVT_OK,
	HVT_AGAIN,
	HVT_EINVAL,
	HVT_EUNSPEC,
};

struct hvt_walltime {
	uint64_t nsecs; /* out */
};

struct hvt_puts {
	uint64_t data, length;
};

struct hvt_poll {
	uint64_t timeout_nsecs;
	uint64_t ready_set; /* out */
	int32_t result;	    /* out */
	uint32_t padding;
};

struct hvt_block_io {
	uint64_t handle, offset, data, length;
	int32_t result; /* out */
	uint32_t padding;
};

struct hvt_net_io {
	uint64_t handle, data;
	uint64_t length; /* in, out for reads */
	int32_t result;	 /* out */
	uint32_t padding;
};

struct hvt_halt {
	uint64_t cookie; /* address, 0: none */
	int32_t exit_status;
	uint32_t padding;
};

/* What the cookie points to when a CPU trap ended the guest. */
struct hvt_trap_frame {
	uint64_t cr2, error_code, rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct hvt_poll) == 24, "poll");
_Static_assert(sizeof(struct hvt_block_io) == 40, "block");
_Static_assert(sizeof(struct hvt_net_io) == 32, "net");
_Static_assert(sizeof(struct hvt_halt) == 16, "halt");

/* ---- the net ring ------------------------------------------------------------------ */

#define HVT_RING_ENTRIES 1024u
#define HVT_RING_NET_WRITE 1
#define HVT_RING_NET_READ 2

struct hvt_ring_entry {
	uint32_t operation, handle;
	uint64_t data;
	uint32_t length, id;
	uint64_t reserved;
};

struct hvt_ring_commit {
	uint32_t id;
	int32_t result;
	uint32_t length, reserved;
};

/* Free-running indices; slot = index % HVT_RING_ENTRIES. */
struct hvt_ring {
	uint32_t entry_tail, commit_head; /* written by the guest */
	uint8_t padding1[56];
	uint32_t entry_head, commit_tail, needs_kick; /* written by the tender */
	uint8_t padding2[52];
	struct hvt_ring_entry entries[HVT_RING_ENTRIES];  /* guest */
	struct hvt_ring_commit commits[HVT_RING_ENTRIES]; /* tender */
};

_Static_assert(sizeof(struct hvt_ring) == 49280, "ring");

#endif
