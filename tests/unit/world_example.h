/* A small world for the tests of subject/: a unikernel "web" with one network device.
 *
 *	0x1000		boot_info
 *	0x200000	text	3 pages r-x	its image from 0x1000
 *	0x203000	.data	1 page rw-	its image from 0x4000
 *	0x204000	.bss	2 pages rw-	filled with 0
 *	0x206000	ram	1 MiB
 *	0x306000	net|in, 0x316000 net|out, 64 KiB each
 *
 * and what Muen adds.
 */
#ifndef TESTS_UNIT_WORLD_EXAMPLE_H
#define TESTS_UNIT_WORLD_EXAMPLE_H

#include "subject/world.h"

#define EXAMPLE_RAM 0x206000ull
#define EXAMPLE_RAM_END 0x306000ull

/* Not settled yet. Release it with world_free(). */
struct subject_world *world_example(void);

/* Its region of that name. */
struct world_region *example_region(struct subject_world *world, const char *name);

#endif
