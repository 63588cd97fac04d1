/* The notes that are the same in every guest of a target. GUEST_ABI_TARGET and GUEST_ABI_VERSION
 * come from guests.mk. */
#include <stdint.h>

struct abi_note {
	uint32_t name_size;
	uint32_t descriptor_size;
	uint32_t type;
	char name[8];
	uint32_t target;
	uint32_t version;
	uint32_t reserved[2];
};

static const struct abi_note abi_note
	__attribute__((used, section(".note.solo5.abi"), aligned(4))) = {
		.name_size = sizeof("Solo5"),
		.descriptor_size = 16,
		.type = 0x31494241, /* "ABI1" */
		.name = "Solo5",
		.target = GUEST_ABI_TARGET,
		.version = GUEST_ABI_VERSION,
	};

/* OpenBSD refuses unikernels that lack a note of its own in the first PT_NOTE. */
struct not_openbsd_note {
	uint32_t name_size;
	uint32_t descriptor_size;
	uint32_t type;
	char name[8];
	uint32_t descriptor;
};

static const struct not_openbsd_note not_openbsd_note
	__attribute__((used, section(".note.solo5.not_openbsd"), aligned(4))) = {
		.name_size = sizeof("OpenBSD"),
		.descriptor_size = 4,
		.type = 1,
		.name = "OpenBSD",
	};
