#include "subject/paging.h"

#include "base/endian.h"

#include <string.h>

#define ENTRY_SIZE 8u /* bytes; a table has 512 */
#define LEVELS 4

enum entry_flag {
	ENTRY_PRESENT = 1 << 0,
	ENTRY_WRITABLE = 1 << 1,
	ENTRY_USER = 1 << 2,
	ENTRY_WRITE_THROUGH = 1 << 3,
	ENTRY_CACHE_DISABLE = 1 << 4,
	ENTRY_ACCESSED = 1 << 5,
	ENTRY_DIRTY = 1 << 6,
	ENTRY_LARGE = 1 << 7, /* in a page directory */
};
#define ENTRY_NO_EXECUTE (1ull << 63)

/* Rights are the last level's affair: the ones above allow everything. */
#define TO_TABLE (ENTRY_PRESENT | ENTRY_WRITABLE | ENTRY_USER | ENTRY_ACCESSED)

/* Tables on their way. Addresses ascend, so that one table per level is open at a time. The root is
 * level 3. */
struct paging {
	unsigned char *tables; /* NULL: only count */
	uint64_t physical;
	uint64_t used;		 /* tables */
	uint64_t table[LEVELS];	 /* number of the open one */
	uint64_t covers[LEVELS]; /* what it maps: the address, shifted; no table yet: ~0 */
};

static unsigned shift_of(unsigned level)
{
	return 12 + 9 * level;
}

static void set_entry(const struct paging *paging, unsigned level, uint64_t address, uint64_t entry)
{
	unsigned index = address >> shift_of(level) & 511;

	if (paging->tables)
		put_le64(paging->tables + paging->table[level] * MUEN_PAGE + index * ENTRY_SIZE,
			 entry);
}

/* Opens the tables from the root down to `level` for the address. */
static void open_tables(struct paging *paging, unsigned level, uint64_t address)
{
	for (unsigned i = LEVELS - 1; i-- > level;) {
		uint64_t covered = address >> shift_of(i + 1);

		if (paging->covers[i] == covered)
			continue;
		paging->covers[i] = covered;
		paging->table[i] = paging->used++;
		set_entry(paging, i + 1, address,
			  (paging->physical + paging->table[i] * MUEN_PAGE) | TO_TABLE);
	}
}

static uint64_t rights_of(const struct paging_mapping *mapping)
{
	return ENTRY_PRESENT | ENTRY_ACCESSED | (mapping->writable ? ENTRY_WRITABLE : 0) |
	       ENTRY_DIRTY | (mapping->user ? ENTRY_USER : 0) |
	       (mapping->uncached ? ENTRY_WRITE_THROUGH | ENTRY_CACHE_DISABLE : 0) |
	       (mapping->executable ? 0 : ENTRY_NO_EXECUTE);
}

/* The small pages of [offset, end) of the mapping, all in one table. */
static void map_small(struct paging *paging, const struct paging_mapping *mapping, uint64_t offset,
		      uint64_t end)
{
	open_tables(paging, 0, mapping->address + offset);
	for (; offset < end && paging->tables; offset += MUEN_PAGE)
		set_entry(paging, 0, mapping->address + offset,
			  (mapping->physical + offset) | rights_of(mapping));
}

static void map(struct paging *paging, const struct paging_mapping *mapping)
{
	bool congruent = (mapping->address - mapping->physical) % PAGING_LARGE == 0;

	for (uint64_t offset = 0, next; offset < mapping->size; offset = next) {
		uint64_t address = mapping->address + offset;

		next = offset + PAGING_LARGE - address % PAGING_LARGE;
		if (next > mapping->size)
			next = mapping->size;
		if (!congruent || next - offset != PAGING_LARGE) {
			map_small(paging, mapping, offset, next);
			continue;
		}
		open_tables(paging, 1, address);
		set_entry(paging, 1, address,
			  (mapping->physical + offset) | rights_of(mapping) | ENTRY_LARGE);
	}
}

static uint64_t build(const struct paging_mapping *mappings, size_t count, uint64_t physical,
		      unsigned char *tables)
{
	struct paging paging = { .tables = tables, .physical = physical, .used = 1 };

	memset(paging.covers, 0xff, sizeof(paging.covers));
	for (size_t i = 0; i < count; i++)
		map(&paging, &mappings[i]);
	return paging.used * MUEN_PAGE;
}

uint64_t paging_size(const struct paging_mapping *mappings, size_t count)
{
	return build(mappings, count, 0, NULL);
}

void paging_write(const struct paging_mapping *mappings, size_t count, uint64_t physical,
		  unsigned char *tables)
{
	build(mappings, count, physical, tables);
}
