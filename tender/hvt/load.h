/* From an hvt unikernel to a memory image that is ready to run: segments, page tables, GDT,
 * boot info and manifest, as Solo5's hvt ABI wants them, with execution and writing separated
 * in the guest's page tables and in the host mapping.
 */
#ifndef TENDER_HVT_LOAD_H
#define TENDER_HVT_LOAD_H

#include "solo5/unikernel.h"
#include "tender/guest_memory.h"
#include "tender/hvt/abi.h"
#include "tender/vm/vm.h"

/* What the guest is told, beside what its own file says. */
struct hvt_setup {
	uint64_t memory_size; /* bytes the guest sees: a multiple of 2 MiB, at most 4 GiB (2 MiB
			       * less with a ring) */
	bool ring;	      /* put a net ring above the memory and announce it */
	uint64_t tsc_hz;
	const char *command_line;	     /* at most HVT_COMMAND_LINE_MAX characters */
	const struct hvt_manifest *manifest; /* with the devices filled in */
};

struct hvt_image {
	struct guest_ram ram;	    /* with the ring's area, if there is one */
	struct guest_memory memory; /* the map, without the ring */
	uint64_t memory_size;
	uint64_t entry;
	uint64_t kernel_end;   /* end of the last segment that has bytes in the file */
	struct hvt_ring *ring; /* inside `ram`, or NULL */
};

/* The number of bytes of memory that an amount asked for comes to: rounded down to 2 MiB, at
 * least that, less the ring at the upper end of 4 GiB. Fails with ERR_USAGE above 4 GiB. */
int hvt_memory_size(uint64_t wanted, bool ring, uint64_t *size, struct error *err);

/* Refuses, with ERR_INPUT, an hvt unikernel that this tender cannot run: another ABI version, not
 * an executable for this CPU. */
int hvt_check(const struct unikernel *unikernel, struct error *err);

/* The manifest of a unikernel, without devices; attach them before hvt_load(). */
void hvt_manifest_from(const struct unikernel *unikernel, struct hvt_manifest *manifest);

/* Loads the unikernel into fresh memory. Fails with ERR_INPUT (a segment that breaks a rule,
 * named with its number) or ERR_MISSING (no memory). Release with hvt_image_free(). */
int hvt_load(struct hvt_image *image, const struct unikernel *unikernel,
	     const struct hvt_setup *setup, struct error *err);
void hvt_image_free(struct hvt_image *image);

/* The state in which the guest's CPU starts. */
void hvt_entry_state(const struct hvt_image *image, struct vm_registers *registers);

#endif
