/* The memory that a loader may use and write to, by the boot loader's memory map. Freestanding.
 */
#ifndef IMAGE_LOADER_RAM_H
#define IMAGE_LOADER_RAM_H

#include "image/line.h"

#include <stdbool.h>
#include <stdint.h>

#define RAM_RANGES_MAX 512u

struct ram_range {
	uint64_t start, end; /* physical; `end` is behind it */
};

/* Available RAM: sorted, neither overlapping nor touching. Zero-initialise. */
struct ram_map {
	struct ram_range ranges[RAM_RANGES_MAX];
	uint32_t count;
};

/* How the entries of a memory map lie: each has base (u64), length (u64) and type (u32). */
struct ram_layout {
	uint32_t stride; /* bytes from one entry to the next; 0: each has its size in front */
};

/* Reads `size` bytes of memory map. What it says twice and differently counts as not available,
 * also if only a part of it does. False if it is no memory map or has too many ranges: `why` says
 * so. */
bool ram_map_read(struct ram_map *map, const unsigned char *entries, uint32_t size,
		  struct ram_layout layout, struct line *why);

/* The range that holds all of it, or NULL. start <= end. */
const struct ram_range *ram_map_find(const struct ram_map *map, uint64_t start, uint64_t end);

#endif
