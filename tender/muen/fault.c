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

void muen_explain_fault(const struct subject_world *world, const struct guest_trap *trap,
			char *text, size_t size)
{
	const struct world_region *region = world_region_at(world, trap->cr2);
	const bool writes = trap->error_code & FAULT_WRITE;
	const bool executes = trap->error_code & FAULT_EXECUTE;
	const char *did = executes ? "jumped" : writes ? "wrote" : "read";
	char name[640];

	if (!region) {
		place(world, trap->cr2, name, sizeof(name));
		snprintf(text, size, "the guest %s %s 0x%" PRIx64 ", outside of all its regions%s",
			 did, executes || writes ? "to" : "at", trap->cr2, name);
		return;
	}
	snprintf(text, size, "the guest %s %s 0x%" PRIx64 ", in its region %s%s", did,
		 executes || writes ? "to" : "at", trap->cr2, describe(region, name, sizeof(name)),
		 executes && !region->executable ? ", which is not executable"
		 : writes && !region->writable	 ? ", which is read-only"
						 : "");
}
