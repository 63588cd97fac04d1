/* The guest's memory as the tender may touch it.
 *
 * Guest addresses come from the guest and are never trusted: the accessors below are the only
 * places that turn one into a host pointer. A map is a sorted list of regions; an access must
 * lie in one region, or in adjacent regions whose host memory is adjacent as well, and every
 * byte of it must be permitted.
 */
#ifndef TENDER_GUEST_MEMORY_H
#define TENDER_GUEST_MEMORY_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_PAGE 0x1000ull
#define GUEST_LARGE_PAGE 0x200000ull

enum guest_access {
	GUEST_READ,  /* the tender reads what the guest gave it */
	GUEST_WRITE, /* the tender writes on behalf of the guest */
};

struct guest_region {
	uint64_t address; /* guest-physical */
	uint64_t size;	  /* bytes, > 0; address + size does not overflow */
	unsigned char *host;
	bool writable;	  /* for the tender on behalf of the guest */
	const char *name; /* for messages: "text", "RAM"; outlives the map */
};

/* Zero-initialise; release with guest_memory_free(), which leaves the host memory alone. */
struct guest_memory {
	struct guest_region *regions; /* ascending, without overlap */
	size_t count;
};

/* Adds a region behind all that are there. A region that overlaps, is empty or wraps is
 * ERR_INTERNAL. */
int guest_memory_add(struct guest_memory *memory, const struct guest_region *region,
		     struct error *err);
void guest_memory_free(struct guest_memory *memory);

/* The region that holds an address, or NULL. */
const struct guest_region *guest_memory_region(const struct guest_memory *memory, uint64_t address);

/* A pointer to `length` bytes at a guest address, or NULL if any of them is outside the map
 * or not permitted. With length 0 the address itself must be inside. */
void *guest_memory_at(const struct guest_memory *memory, uint64_t address, uint64_t length,
		      enum guest_access access);

/* Copies out of / into guest memory; -1 if the access is not permitted. */
int guest_memory_read(const struct guest_memory *memory, uint64_t address, void *to, size_t length);
int guest_memory_write(const struct guest_memory *memory, uint64_t address, const void *from,
		       size_t length);

/* Writes on behalf of a debugger: also where the guest itself may not, whose host mapping is
 * opened for the moment. -1 if not all of it is in the map. */
int guest_memory_patch(const struct guest_memory *memory, uint64_t address, const void *from,
		       size_t length);

/* ---- the memory itself --------------------------------------------------- */

/* A run of zeroed host memory, aligned to 2 MiB, with inaccessible pages on both sides. */
struct guest_ram {
	unsigned char *host;
	uint64_t size; /* bytes, a multiple of GUEST_PAGE */
	void *mapping; /* with the guards */
	size_t mapping_size;
};

/* Reserves the memory without touching it. Fails with ERR_MISSING. */
int guest_ram_new(struct guest_ram *ram, uint64_t size, struct error *err);
void guest_ram_free(struct guest_ram *ram);

#endif
