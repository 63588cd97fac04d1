#include "policy/memory_fit.h"

#include "base/alloc.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGES(count) ((count)*MUEN_PAGE)

/* Muen's kernel, linked at a fixed physical address. */
#define KERNEL_START 0x100000ull
#define KERNEL_END 0x3ef000ull
#define KERNEL_PAGES_PER_CPU 24 /* data, bss, stacks, page tables */

/* Muen's allocator goes through the kinds in this order. */
enum piece_kind {
	PIECE_FILE,	   /* regions with file content */
	PIECE_SYSTEM_FILL, /* page tables, bitmaps */
	PIECE_FILL,	   /* channels, zeroed regions */
	PIECE_EMPTY,	   /* RAM and what the kernel keeps of a subject */
};

struct piece {
	const char *subject, *logical; /* logical may be NULL */
	enum piece_kind kind;
	uint64_t size;
};

/* What the components of Muen's own measure, in pages, in its demo systems. */
static const struct footprint {
	const char *component;
	unsigned file, fill, empty, tables;
} footprints[] = {
	{ "sm", 18, 6, 1, 13 },	      { "dbgserver", 13, 16, 0, 16 }, { "time", 4, 3, 0, 10 },
	{ "linux", 2041, 0, 0, 170 }, { "sl", 5, 2, 1, 170 },
};

struct pieces {
	struct piece *list;
	size_t count;
};

static void add(struct pieces *pieces, const char *subject, const char *logical,
		enum piece_kind kind, uint64_t size)
{
	if (!size)
		return;
	array_grow(pieces->list, pieces->count);
	pieces->list[pieces->count++] = (struct piece){ subject, logical, kind, size };
}

/* ---- what must be placed ------------------------------------------------- */

static uint64_t tables_for(uint64_t address, uint64_t size)
{
	uint64_t last = address + size - 1;

	return (last >> 21) - (address >> 21) + 1;
}

/* The size of a unikernel's page tables: 4 KiB pages, so one table per 2 MiB, and some ten for
 * the upper levels and the pages that Muen adds. */
static uint64_t page_table_size(const struct component *component)
{
	uint64_t tables = 10;

	for (size_t i = 0; i < component->region_count; i++)
		tables += tables_for(component->regions[i].address, component->regions[i].size);
	for (size_t i = 0; i < component->channel_count; i++)
		tables += tables_for(component->channels[i].address, component->channels[i].size);
	return PAGES(tables);
}

static void add_component(struct pieces *pieces, const struct component *component)
{
	static const enum piece_kind kinds[] = {
		[REGION_FILE] = PIECE_FILE, [REGION_FILL] = PIECE_FILL, [REGION_EMPTY] = PIECE_EMPTY
	};

	for (size_t i = 0; i < component->region_count; i++) {
		const struct component_region *region = &component->regions[i];

		add(pieces, component->name, region->logical, kinds[region->content], region->size);
		/* What a restart restores is there twice. */
		if (component->resettable && region->writable && region->content == REGION_FILE)
			add(pieces, component->name, region->logical, PIECE_EMPTY, region->size);
	}
	add(pieces, component->name, "pt", PIECE_SYSTEM_FILL, page_table_size(component));
	if (component->resettable)
		add(pieces, component->name, "muinit", PIECE_FILE, PAGES(9));
}

static void add_footprint(struct pieces *pieces, const struct subject *subject)
{
	for (size_t i = 0; i < sizeof(footprints) / sizeof(footprints[0]); i++) {
		const struct footprint *footprint = &footprints[i];

		if (strcmp(footprint->component, subject->component))
			continue;
		add(pieces, subject->name, NULL, PIECE_FILE, PAGES(footprint->file));
		add(pieces, subject->name, NULL, PIECE_FILL, PAGES(footprint->fill));
		add(pieces, subject->name, NULL, PIECE_EMPTY, PAGES(footprint->empty));
		add(pieces, subject->name, "pt", PIECE_SYSTEM_FILL, PAGES(footprint->tables));
	}
}

static void add_memory(struct pieces *pieces, const struct system *system)
{
	for (size_t i = 0; i < system->memory_count; i++) {
		const struct memory *memory = &system->memory[i];

		if (!memory->address)
			add(pieces, memory->name, NULL,
			    memory->content == REGION_FILE   ? PIECE_FILE
			    : memory->content == REGION_FILL ? PIECE_FILL
							     : PIECE_EMPTY,
			    memory->size);
	}
	for (size_t i = 0; i < system->channel_count; i++)
		add(pieces, system->channels[i].name, NULL, PIECE_FILL, system->channels[i].size);
}

static void collect(struct pieces *pieces, const struct system *system)
{
	for (size_t i = 0; i < system->component_count; i++)
		add_component(pieces, system->components[i]);
	for (size_t i = 0; i < system->subject_count; i++) {
		const struct subject *subject = &system->subjects[i];

		add_footprint(pieces, subject);
		add(pieces, subject->name, "sinfo", PIECE_FILE, PAGES(8));
		add(pieces, subject->name, "iobm", PIECE_SYSTEM_FILL, PAGES(3));
		/* fpu, interrupts, state, timed_event, vmcs */
		for (int k = 0; k < 5; k++)
			add(pieces, subject->name, "state", PIECE_EMPTY, MUEN_PAGE);
	}
	add(pieces, "kernel", NULL, PIECE_SYSTEM_FILL,
	    PAGES((uint64_t)KERNEL_PAGES_PER_CPU * system->cpu_count));
	add_memory(pieces, system);
}

static int compare_pieces(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return strcmp(a->subject, b->subject);
}

/* ---- where there is room ------------------------------------------------- */

struct space {
	struct memory_block *list; /* free, by ascending address */
	size_t count;
};

/* Takes [start, end) out of the free space; what is not free is ignored. */
static void reserve(struct space *space, uint64_t start, uint64_t end)
{
	struct memory_block *kept = NULL;
	size_t count = 0;

	for (size_t i = 0; i < space->count; i++) {
		struct memory_block block = space->list[i];
		uint64_t block_end = block.address + block.size;
		uint64_t cut = start > block.address ? start : block.address;
		uint64_t resume = end < block_end ? end : block_end;

		if (cut >= resume) { /* they do not meet */
			array_grow(kept, count);
			kept[count++] = block;
			continue;
		}
		if (cut > block.address) {
			array_grow(kept, count);
			kept[count++] = (struct memory_block){ block.address, cut - block.address };
		}
		if (resume < block_end) {
			array_grow(kept, count);
			kept[count++] = (struct memory_block){ resume, block_end - resume };
		}
	}
	free(space->list);
	space->list = kept;
	space->count = count;
}

static bool place(struct space *space, uint64_t size)
{
	for (size_t i = 0; i < space->count; i++) {
		if (space->list[i].size < size)
			continue;
		space->list[i].address += size;
		space->list[i].size -= size;
		return true;
	}
	return false;
}

static struct space free_space(const struct hardware *hardware)
{
	struct space space = { .count = hardware->block_count };

	space.list = xcalloc(space.count, sizeof(*space.list));
	memcpy(space.list, hardware->blocks, space.count * sizeof(*space.list));
	return space;
}

static int fail_no_room(const struct pieces *pieces, const struct piece *piece,
			const struct hardware *hardware, struct error *err)
{
	char size[32], all[32], there[32];
	uint64_t needed = 0, present = 0;

	for (size_t i = 0; i < pieces->count; i++)
		needed += pieces->list[i].size;
	for (size_t i = 0; i < hardware->block_count; i++)
		present += hardware->blocks[i].size;
	err_fail(err, ERR_INPUT,
		 "%s%s%s (%s) does not fit: the system needs %s of memory, %s has %s, in %zu "
		 "block%s",
		 piece->logical && !strcmp(piece->logical, "ram") ? "the RAM of " : "",
		 piece->subject, piece->logical && strcmp(piece->logical, "ram") ? "'s memory" : "",
		 size_to_text(piece->size, size), size_to_text(needed, all), hardware->description,
		 size_to_text(present, there), hardware->block_count,
		 hardware->block_count == 1 ? "" : "s");
	return err_mend(err, "give the unikernels less RAM (--ram, or ram= for one), use smaller "
			     "channels (--channel-size), or run fewer of them");
}

static void check_crash_audit(const struct memory *memory, const struct hardware *hardware,
			      struct findings *findings)
{
	for (size_t i = 0; i < hardware->block_count; i++) {
		const struct memory_block *block = &hardware->blocks[i];

		if (memory->address >= block->address && memory->size <= block->size &&
		    memory->address - block->address <= block->size - memory->size)
			return;
	}
	findings_add(findings, FINDING_WARNING,
		     "set debug: crash-audit-address: in the recipe to a page of RAM",
		     "%s has no RAM at 0x%" PRIx64 ", where the region '%s' shall be",
		     hardware->description, memory->address, memory->name);
}

int check_memory_fits(const struct system *system, const struct hardware *hardware,
		      struct findings *findings, struct error *err)
{
	struct pieces pieces = { 0 };
	struct space space = free_space(hardware);
	int result = 0;

	reserve(&space, KERNEL_START, KERNEL_END);
	for (size_t i = 0; i < system->memory_count; i++) {
		const struct memory *memory = &system->memory[i];

		if (!memory->address)
			continue;
		reserve(&space, memory->address, memory->address + memory->size);
		check_crash_audit(memory, hardware, findings);
	}
	collect(&pieces, system);
	qsort(pieces.list, pieces.count, sizeof(*pieces.list), compare_pieces);
	for (size_t i = 0; i < pieces.count && result == 0; i++)
		if (!place(&space, pieces.list[i].size))
			result = fail_no_room(&pieces, &pieces.list[i], hardware, err);
	free(pieces.list);
	free(space.list);
	return result;
}
