#include "image/loader/ram.h"

#include "base/endian.h"

enum {
	AVAILABLE = 1, /* the type of RAM that is nobody's */
	ENTRY_SIZE = 20,
};

static bool fail(struct line *why, const char *what)
{
	line_text(why, what);
	return false;
}

static bool insert(struct ram_map *map, uint32_t at, struct ram_range range, struct line *why)
{
	if (map->count == RAM_RANGES_MAX)
		return fail(why, "the memory map has more ranges than there is room for");
	for (uint32_t i = map->count++; i > at; i--)
		map->ranges[i] = map->ranges[i - 1];
	map->ranges[at] = range;
	return true;
}

/* Removes `count` of them. */
static void drop(struct ram_map *map, uint32_t at, uint32_t count)
{
	map->count -= count;
	for (uint32_t i = at; i < map->count; i++)
		map->ranges[i] = map->ranges[i + count];
}

/* Joins it with those that it overlaps or touches. */
static bool add(struct ram_map *map, struct ram_range range, struct line *why)
{
	uint32_t first = 0, behind;

	while (first < map->count && map->ranges[first].end < range.start)
		first++;
	for (behind = first; behind < map->count && map->ranges[behind].start <= range.end;
	     behind++) {
		if (map->ranges[behind].start < range.start)
			range.start = map->ranges[behind].start;
		if (map->ranges[behind].end > range.end)
			range.end = map->ranges[behind].end;
	}
	drop(map, first, behind - first);
	return insert(map, first, range, why);
}

static bool subtract(struct ram_map *map, struct ram_range taken, struct line *why)
{
	for (uint32_t i = 0; i < map->count; i++) {
		struct ram_range *range = &map->ranges[i];
		struct ram_range above = { taken.end, range->end };

		if (range->end <= taken.start || range->start >= taken.end)
			continue;
		if (range->start < taken.start) {
			range->end = taken.start;
			if (above.start < above.end)
				return insert(map, i + 1, above, why);
		} else if (above.start < above.end) {
			range->start = above.start;
		} else {
			drop(map, i--, 1);
		}
	}
	return true;
}

/* One entry after the other: those of RAM are added, or all others taken away. */
static bool walk(struct ram_map *map, const unsigned char *entries, uint32_t size,
		 struct ram_layout layout, bool available, struct line *why)
{
	while (size) {
		uint32_t front = layout.stride ? 0 : 4, length = layout.stride;
		struct ram_range range;

		if (size < ENTRY_SIZE + front)
			return fail(why, "the memory map ends within an entry");
		if (!layout.stride)
			length = get_le32(entries);
		if (length < ENTRY_SIZE || length > size - front)
			return fail(why, "the memory map has an entry of a wrong size");
		entries += front;
		range.start = get_le64(entries);
		if (__builtin_add_overflow(range.start, get_le64(entries + 8), &range.end))
			range.end = UINT64_MAX;
		if (range.start < range.end && (get_le32(entries + 16) == AVAILABLE) == available &&
		    !(available ? add : subtract)(map, range, why))
			return false;
		entries += length;
		size -= length + front;
	}
	return true;
}

bool ram_map_read(struct ram_map *map, const unsigned char *entries, uint32_t size,
		  struct ram_layout layout, struct line *why)
{
	return walk(map, entries, size, layout, true, why) &&
	       walk(map, entries, size, layout, false, why);
}

const struct ram_range *ram_map_find(const struct ram_map *map, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < map->count; i++)
		if (map->ranges[i].start <= start && map->ranges[i].end >= end)
			return &map->ranges[i];
	return NULL;
}
