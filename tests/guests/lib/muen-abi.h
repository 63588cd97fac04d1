/* What a Muen subject finds in its address space: subject info (sinfo), scheduling info, time
 * info and channels. Packed, little-endian; SINFO_REVISION (2..5) is chosen by guests.mk. */
#ifndef TESTS_GUESTS_LIB_MUEN_ABI_H
#define TESTS_GUESTS_LIB_MUEN_ABI_H

#include <stdint.h>

#define MUEN_SINFO_ADDRESS 0xe00000000ull
#define MUEN_SCHEDULE_ADDRESS 0xe00008000ull

/* "muinfo", NUL, the revision. The environment finds the revision a binary wants by looking for
 * this number in its text: it has to be an immediate operand. */
#define SINFO_MAGIC (0x00006f666e69756dull | (uint64_t)SINFO_REVISION << 56)

#define SINFO_RESOURCES 255

enum sinfo_kind {
	SINFO_NONE = 0,
	SINFO_MEMORY = 1,
	SINFO_EVENT = 2,
};

#define SINFO_MEMORY_CHANNEL 5 /* memory kind */
#define SINFO_WRITABLE 1u      /* memory flag */

struct sinfo_name {
	uint8_t length; /* up to 63 */
	char text[63];
	uint8_t null;
} __attribute__((packed));

struct sinfo_resource {
	uint32_t kind; /* enum sinfo_kind */
	struct sinfo_name name;
	uint8_t padding[3];
	union {
		struct {
			uint8_t kind;
			uint8_t content;
			uint8_t flags;
			uint16_t pattern;
			uint8_t padding[3];
			uint64_t address;
			uint64_t size;
			uint8_t hash[32];
		} __attribute__((packed)) memory;
		uint8_t event;
		uint8_t bytes[56];
	} data;
} __attribute__((packed));

struct sinfo {
	uint64_t magic;
	uint32_t tsc_khz;
	struct sinfo_name name; /* the subject's */
#if SINFO_REVISION >= 5
	uint8_t padding;
	uint16_t resource_count;
#else
	uint16_t resource_count;
	uint8_t padding;
#endif
	struct sinfo_resource resources[SINFO_RESOURCES];
} __attribute__((packed));

_Static_assert(sizeof(struct sinfo_resource) == 128, "a resource has 128 bytes");
_Static_assert(sizeof(struct sinfo) == 32720, "the subject info has 32720 bytes");

/* TSC ticks of the current minor frame; rewritten at each change of frame. */
struct muen_schedule {
	uint64_t start;
	uint64_t end;
};

struct muen_time_info {
	uint64_t time_base; /* microseconds since 1970-01-01 UTC at TSC 0; 0 = not yet known */
	uint64_t frequency; /* Hz */
	int64_t timezone;   /* microseconds */
};

/* A channel: SHMStream, version 2. `elements` packets of `size` bytes follow the header. */
#define CHANNEL_TRANSPORT 0x487312b6b79a9b6dull

struct channel_header {
	uint64_t transport;
	uint64_t epoch; /* 0 = inactive */
	uint64_t protocol;
	uint64_t size;
	uint64_t elements;
	uint64_t reserved;
	uint64_t write_start; /* "wsc" */
	uint64_t written;     /* "wc" */
};

_Static_assert(sizeof(struct channel_header) == 64, "a channel's header has 64 bytes");

#define CONSOLE_PROTOCOL 0xf00789094b6f70cfull
#define NET_PROTOCOL 0x7ade5c549b08e814ull
#define NET_FRAME_MAX 1514

struct console_record {
	uint64_t time;
	char text[56]; /* padded with NUL */
};

struct net_packet {
	uint8_t data[NET_FRAME_MAX];
	uint16_t length;
} __attribute__((packed));

_Static_assert(sizeof(struct console_record) == 64, "a console record has 64 bytes");
_Static_assert(sizeof(struct net_packet) == 1516, "a network packet has 1516 bytes");

#endif
