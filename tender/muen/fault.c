#include "tender/muen/fault.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Error code of a page fault (Intel SDM vol. 3, 4.7). */
#define FAULT_WRITE 2u
#define FAULT_EXECUTE 16u

/* Farther away than that, a region says nothing about a stray address. */
#define NEAR (1ull << 30)

/* "'ram' (component_web.xml:61)" */
static const char *describe(const struct world_region *region, char *text, size_t size)
{
	char name[128], origin[256];

	snprintf(text, size, "'%s' (%s)",
		 text_printable(region->name, strlen(region->name), name, sizeof(name)),
		 text_printable(region->origin, strlen(region->origin), origin, sizeof(origin)));
	return text;
}

/* How the address lies to the regions beside it; "" if they are far away. */
static void place(const struct subject_world *world, uint64_t address, char *text, size_t size)
{
	const struct world_region *below = NULL, *above = NULL;
	uint64_t behind, before;
	char name[512];

	for (size_t i = 0; i < world->count && !above; i++)
		if (world->regions[i].address > address)
			above = &world->regions[i];
		else
			below = &world->regions[i];
	behind = below ? address - (below->address + below->size) : NEAR;
	before = above ? above->address - address : NEAR;
	text[0] = '\0';
	if (behind == 0)
		snprintf(text, size, ", directly behind the end of %s",
			 describe(below, name, sizeof(name)));
	else if (behind < NEAR && behind <= before)
		snprintf(text, size, ", 0x%" PRIx64 " bytes behind the end of %s", behind,
			 describe(below, name, sizeof(name)));
	else if (before < NEAR)
		snprintf(text, size, ", 0x%" PRIx64 " bytes below %s", before,
			 describe(above, name, sizeof(name)));
}

/* `what` happened at the address, and what of the region is to be said. */
static void explain(const struct subject_world *world, const char *what, uint64_t address,
		    bool writes, bool executes, char *text, size_t size)
{
	const struct world_region *region = world_region_at(world, address);
	char name[640];

	if (!region) {
		place(world, address, name, sizeof(name));
		snprintf(text, size, "%s 0x%" PRIx64 ", outside of all its regions%s", what,
			 address, name);
		return;
	}
	snprintf(text, size, "%s 0x%" PRIx64 ", in its region %s%s", what, address,
		 describe(region, name, sizeof(name)),
		 executes && !region->executable ? ", which is not executable"
		 : writes && !region->writable	 ? ", which is read-only"
						 : "");
}

void muen_explain_fault(const struct subject_world *world, const struct guest_trap *trap,
			char *text, size_t size)
{
	const bool writes = trap->error_code & FAULT_WRITE;
	const bool executes = trap->error_code & FAULT_EXECUTE;

	explain(world,
		executes ? "the guest jumped to"
		: writes ? "the guest wrote to"
			 : "the guest read at",
		trap->cr2, writes, executes, text, size);
}

void muen_explain_address(const struct subject_world *world, uint64_t address, char *text,
			  size_t size)
{
	explain(world, "the guest's last page fault was at", address, true, false, text, size);
}
