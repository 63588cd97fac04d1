/* The Solo5 manifest: the table of a guest's devices, a note (type "MFT1") in its ELF file.
 * Each guest has exactly one, made with SOLO5_MANIFEST(). */
#ifndef TESTS_GUESTS_LIB_MANIFEST_H
#define TESTS_GUESTS_LIB_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

enum manifest_type {
	MANIFEST_BLOCK_BASIC = 1,
	MANIFEST_NET_BASIC = 2,
	MANIFEST_RESERVED_FIRST = 0x40000000,
};

#define MANIFEST_VERSION 1
#define MANIFEST_ENTRIES_MAX 64

struct manifest_entry {
	char name[68]; /* NUL-terminated; [A-Za-z0-9]+ */
	uint32_t type;
	union {
		struct {
			uint64_t capacity;
			uint16_t block_size;
		} block;
		struct {
			uint8_t mac[6];
			uint16_t mtu;
		} net;
	} u;		 /* zero in the file; hvt's tender fills it in */
	uint64_t tender; /* the tender's own; zero in the file */
	bool attached;	 /* false in the file */
};

struct manifest {
	uint32_t version;
	uint32_t entries; /* with the reserved first one */
	struct manifest_entry entry[];
};

_Static_assert(sizeof(struct manifest_entry) == 104, "Solo5's manifest entry has 104 bytes");

#define NET_BASIC(device)                                                                          \
	{                                                                                          \
		.name = (device), .type = MANIFEST_NET_BASIC                                       \
	}
#define BLOCK_BASIC(device)                                                                        \
	{                                                                                          \
		.name = (device), .type = MANIFEST_BLOCK_BASIC                                     \
	}

#define MANIFEST_ENTRIES(...)                                                                      \
	(1 + sizeof((struct manifest_entry[]){ __VA_ARGS__ }) / sizeof(struct manifest_entry))

/* SOLO5_MANIFEST(NET_BASIC("service"), ...); without arguments, a guest without devices. */
#define SOLO5_MANIFEST(...)                                                                        \
	static const struct {                                                                      \
		uint32_t name_size;                                                                \
		uint32_t descriptor_size;                                                          \
		uint32_t type;                                                                     \
		char name[8];                                                                      \
		uint32_t padding;                                                                  \
		uint32_t version;                                                                  \
		uint32_t entries;                                                                  \
		struct manifest_entry entry[MANIFEST_ENTRIES(__VA_ARGS__)];                        \
	} __attribute__((packed)) manifest_note                                                    \
		__attribute__((used, aligned(4), section(".note.solo5.manifest"))) = {             \
			.name_size = sizeof("Solo5"),                                              \
			.descriptor_size = 12 + sizeof(manifest_note.entry),                       \
			.type = 0x3154464d, /* "MFT1" */                                           \
			.name = "Solo5",                                                           \
			.version = MANIFEST_VERSION,                                               \
			.entries = MANIFEST_ENTRIES(__VA_ARGS__),                                  \
			.entry = { { .type = MANIFEST_RESERVED_FIRST }, __VA_ARGS__ },             \
		}

#endif
