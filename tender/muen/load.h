/* From a subject's world to memory that is ready to run: the regions' contents and rights, page
 * tables, the CPU's state at entry, as Muen's native profile has it. */
#ifndef TENDER_MUEN_LOAD_H
#define TENDER_MUEN_LOAD_H

#include "base/file.h"
#include "subject/world.h"
#include "tender/guest_memory.h"
#include "tender/vm/vm.h"

struct muen_image {
	struct guest_ram ram;	    /* all regions, then the page tables: by physical address */
	struct guest_memory memory; /* the regions, by virtual address */
	uint64_t *physical;	    /* of the world's regions, by index */
	uint64_t tables;	    /* physical address of the page tables: CR3 */
};

/* The physical address of the scheduling info. There is no memory there, so that every read of it
 * comes to the tender; image->ram has a page for what the guest was told last. */
#define MUEN_SCHEDULE_PHYSICAL 0ull

/* Lays the world out, from files and from `binary`, the bytes that regions without a path refer to.
 * `tsc_hz` is told to the guest. Fails with ERR_INPUT (a file is too short, shared memory has
 * another size), ERR_NO_INPUT or ERR_MISSING (no memory). Release with muen_image_free(). */
int muen_load(struct muen_image *image, const struct subject_world *world,
	      const struct bytes *binary, uint64_t tsc_hz, struct error *err);
void muen_image_free(struct muen_image *image);

/* Makes the guest's memory visible in the machine. */
int muen_map(const struct muen_image *image, struct vm *vm, struct error *err);

/* The state in which the subject's CPU starts. */
void muen_entry_state(const struct subject_world *world, const struct muen_image *image,
		      struct vm_registers *registers);

/* Where a region's bytes are, `region` being one of world->regions. */
unsigned char *muen_host(const struct muen_image *image, const struct subject_world *world,
			 const struct world_region *region);

#endif
