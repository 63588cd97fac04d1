/* Page tables (4 levels, x86-64) and the place of a world's regions in physical memory. */
#ifndef SUBJECT_PAGING_H
#define SUBJECT_PAGING_H

#include "subject/world.h"

#define PAGING_LARGE 0x200000ull /* bytes of a large page */

struct paging_mapping {
	uint64_t address;  /* virtual, multiple of MUEN_PAGE */
	uint64_t physical; /* the same */
	uint64_t size;	   /* bytes, the same */
	bool writable, executable;
	bool user; /* accessible at CPL 3 */
	bool uncached;
};

/* Bytes that the tables take: a multiple of MUEN_PAGE. The mappings ascend by address and do not
 * overlap. Large pages are used where address and physical address allow it. */
uint64_t paging_size(const struct paging_mapping *mappings, size_t count);

/* Writes the tables to `tables` (zeroed, paging_size() bytes), which will lie at `physical`; that
 * is also CR3. Accessed and dirty bits are set, so that the processor need not write them. */
void paging_write(const struct paging_mapping *mappings, size_t count, uint64_t physical,
		  unsigned char *tables);

/* Where a world's regions go: physical[i] for regions[i], from `start` (a multiple of MUEN_PAGE) on
 * without overlap (also with what is left), congruent to the virtual address modulo PAGING_LARGE
 * where that makes large pages possible. Regions with leave[i] keep physical[i] as it is; `leave`
 * may be NULL. Returns the end of what was placed. */
uint64_t world_place(const struct subject_world *world, uint64_t start, const bool *leave,
		     uint64_t *physical);

#endif
