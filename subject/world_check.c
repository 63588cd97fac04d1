/* What whoever runs a subject relies on: world_settle(). */
#include "subject/world.h"

#include "base/alloc.h"
#include "base/text.h"
#include "solo5/unikernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MEND_POLICY "correct the policy or the specification that the subject comes from"

/* Of a region, with where it comes from: "region 'ram' [0x1000, 0x2000) (component_web.xml:61)". */
static const char *describe(const struct world_region *region, char *text, size_t size)
{
	char name[128], origin[256];

	snprintf(text, size, "region '%s' [0x%" PRIx64 ", 0x%" PRIx64 ") (%s)",
		 text_printable(region->name, strlen(region->name), name, sizeof(name)),
		 region->address, region->address + region->size,
		 text_printable(region->origin, strlen(region->origin), origin, sizeof(origin)));
	return text;
}

/* ---- regions by themselves ----------------------------------------------- */

static int check_name(const char *what, const char *name, struct error *err)
{
	size_t length = strlen(name);
	char shown[128];

	if (length >= 1 && length <= MUEN_NAME_MAX)
		return 0;
	err_fail(err, ERR_INPUT, "the name '%s' of %s has %zu bytes, 1 to %d were expected",
		 text_printable(name, length, shown, sizeof(shown)), what, length, MUEN_NAME_MAX);
	return err_mend(err, "choose another name");
}

/* The bounds keep every sum of addresses and sizes far from overflow. */
static int check_place(const struct world_region *region, struct error *err)
{
	char text[512];

	if (check_name("a region", region->name, err) < 0)
		return -1;
	if (region->size && region->size % MUEN_PAGE == 0 && region->address % MUEN_PAGE == 0 &&
	    region->size <= MUEN_ADDRESS_END && region->address <= MUEN_ADDRESS_END - region->size)
		return 0;
	err_fail(err, ERR_INPUT,
		 "%s: whole pages of 4 KiB, at least one, below 0x%llx were expected",
		 describe(region, text, sizeof(text)), MUEN_ADDRESS_END);
	return err_mend(err, MEND_POLICY);
}

static int check_regions(const struct subject_world *world, struct error *err)
{
	uint64_t total = 0;
	size_t resources = world->count + (world->exit_event >= 0);

	if (resources > WORLD_REGIONS_MAX) {
		err_fail(err, ERR_INPUT, "it has %zu resources, the subject info has room for %d",
			 resources, WORLD_REGIONS_MAX);
		return err_mend(err, "map fewer regions and channels");
	}
	for (size_t i = 0; i < world->count; i++) {
		if (check_place(&world->regions[i], err) < 0)
			return -1;
		total += world->regions[i].size;
	}
	if (total <= WORLD_MEMORY_MAX)
		return 0;
	err_fail(err, ERR_INPUT, "its regions have %s, at most 1 TiB is possible",
		 size_to_text(total, (char[32]){ 0 }));
	return err_mend(err, "give it less RAM or smaller channels");
}

/* ---- regions together ---------------------------------------------------- */

static int by_address(const void *left, const void *right)
{
	const struct world_region *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static int check_overlaps(const struct subject_world *world, struct error *err)
{
	for (size_t i = 1; i < world->count; i++) {
		const struct world_region *left = &world->regions[i - 1], *right = left + 1;
		char left_text[512], right_text[512];

		if (left->address + left->size <= right->address)
			continue;
		err_fail(err, ERR_INPUT, "%s and %s overlap",
			 describe(left, left_text, sizeof(left_text)),
			 describe(right, right_text, sizeof(right_text)));
		return err_mend(err, "give one of them another place, or less RAM (--ram) or "
				     "smaller channels (--channel-size) to the subject");
	}
	return 0;
}

/* The subject info is a list of names: the second of two that are alike would not be found. */
static int check_names(const struct subject_world *world, struct error *err)
{
	for (size_t i = 0; i < world->count; i++)
		for (size_t k = i + 1; k < world->count; k++) {
			const struct world_region *left = &world->regions[i];
			const struct world_region *right = &world->regions[k];
			char left_text[512], right_text[512];

			if (strcmp(left->name, right->name) != 0)
				continue;
			err_fail(err, ERR_INPUT, "%s and %s have the same name",
				 describe(left, left_text, sizeof(left_text)),
				 describe(right, right_text, sizeof(right_text)));
			return err_mend(err, "give each region a name of its own");
		}
	return 0;
}

/* ---- what the bindings look for ------------------------------------------ */

static const struct {
	enum world_role role;
	const char *what;
	const char *name; /* that Solo5's bindings look up; NULL: any */
	uint64_t address; /* where they look; 0: anywhere */
	uint64_t size;	  /* bytes, at least */
	bool writable;
} demands[] = {
	{ WORLD_BOOT_INFO, "boot info page", NULL, 0, MUEN_PAGE, false },
	{ WORLD_SINFO, "subject info", NULL, MUEN_SINFO, MUEN_SINFO_SIZE, false },
	{ WORLD_SCHEDULE, "scheduling info", NULL, MUEN_SCHEDULE_INFO, MUEN_PAGE, false },
	{ WORLD_TIME_INFO, "time info", "time_info", 0, MUEN_PAGE, false },
	{ WORLD_DEBUG_LOG, "debug log channel", "debuglog", 0, MUEN_PAGE, true },
};

static int check_one_of(const struct subject_world *world, enum world_role role, const char *what,
			struct error *err)
{
	const struct world_region *first = world_region_of(world, role), *second = NULL;
	char first_text[512], second_text[512];

	for (size_t i = 0; i < world->count; i++)
		if (world->regions[i].role == role && &world->regions[i] != first)
			second = &world->regions[i];
	if (first && !second)
		return 0;
	if (first)
		err_fail(err, ERR_INPUT, "it has two regions for its %s: %s and %s", what,
			 describe(first, first_text, sizeof(first_text)),
			 describe(second, second_text, sizeof(second_text)));
	else
		err_fail(err, ERR_INPUT, "it has no region for its %s", what);
	return err_mend(err, "map exactly one, as every Solo5 unikernel on Muen needs it");
}

static int check_demands(const struct subject_world *world, struct error *err)
{
	for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++) {
		const struct world_region *region = world_region_of(world, demands[i].role);
		char text[512];

		if (check_one_of(world, demands[i].role, demands[i].what, err) < 0)
			return -1;
		describe(region, text, sizeof(text));
		if (demands[i].address && region->address != demands[i].address)
			err_fail(err, ERR_INPUT,
				 "%s: Solo5's bindings look for the %s at 0x%" PRIx64, text,
				 demands[i].what, demands[i].address);
		else if (demands[i].name && strcmp(region->name, demands[i].name) != 0)
			err_fail(err, ERR_INPUT, "%s: Solo5's bindings look for the %s as '%s'",
				 text, demands[i].what, demands[i].name);
		else if (region->size < demands[i].size)
			err_fail(err, ERR_INPUT, "%s: at least 0x%" PRIx64 " bytes were expected",
				 text, demands[i].size);
		else if (region->writable != demands[i].writable)
			err_fail(err, ERR_INPUT, "%s: it is %s, the opposite was expected", text,
				 region->writable ? "writable" : "not writable");
		else
			continue;
		return err_mend(err, MEND_POLICY);
	}
	return 0;
}

static int check_registers(const struct subject_world *world, struct error *err)
{
	const struct world_region *entry = world_region_at(world, world->entry);
	const struct world_region *stack = world_region_at(world, world->stack);
	const struct world_region *info = world_region_of(world, WORLD_BOOT_INFO);

	if (!entry || !entry->executable)
		err_fail(err, ERR_INPUT,
			 "its entry point (RIP) 0x%" PRIx64 " lies in no executable region",
			 world->entry);
	else if (!stack || !stack->writable)
		err_fail(err, ERR_INPUT, "its stack (RSP) 0x%" PRIx64 " lies in no writable region",
			 world->stack);
	else if (world->boot_info != info->address)
		err_fail(err, ERR_INPUT,
			 "it is told of a boot info page (RDI) at 0x%" PRIx64
			 ", the page lies at 0x%" PRIx64,
			 world->boot_info, info->address);
	else
		return 0;
	return err_mend(err, MEND_POLICY);
}

/* The bindings' heap is what lies between the image and the memory's end, without a gap. */
static int check_heap(const struct subject_world *world, struct error *err)
{
	uint64_t end = world_binary_end(world);
	char text[512];

	if (!end || !world_region_of(world, WORLD_RAM)) {
		err_fail(err, ERR_INPUT, "it has no region for its %s", end ? "RAM" : "image");
		return err_mend(err, MEND_POLICY);
	}
	for (size_t i = 0; i < world->count; i++) {
		const struct world_region *region = &world->regions[i];

		if (region->role != WORLD_RAM)
			continue;
		if (region->address != end || !region->writable) {
			err_fail(err, ERR_INPUT,
				 "%s: RAM was expected to begin where the image, or the RAM before "
				 "it, ends (0x%" PRIx64 "), and to be writable",
				 describe(region, text, sizeof(text)), end);
			return err_mend(err, MEND_POLICY);
		}
		end += region->size;
	}
	return 0;
}

static int check_subject(const struct subject_world *world, struct error *err)
{
	size_t length = strlen(world->bootparams);

	if (world->sinfo_revision < SINFO_REVISION_MIN ||
	    world->sinfo_revision > SINFO_REVISION_MAX) {
		err_fail(err, ERR_INPUT,
			 "its subject info would have revision %02u, %02u to %02u were expected",
			 world->sinfo_revision, SINFO_REVISION_MIN, SINFO_REVISION_MAX);
		return err_mend(err, "say which revision the unikernel's code looks for");
	}
	if (length > BOOT_PARAMETERS_MAX) {
		err_fail(err, ERR_INPUT,
			 "its boot parameters have %zu bytes, their page holds at most %d", length,
			 BOOT_PARAMETERS_MAX);
		return err_mend(err, "move what is long into the unikernel's configuration");
	}
	if (world->exit_event < -1 || world->exit_event > UINT8_MAX) {
		err_fail(err, ERR_INPUT,
			 "its event 'solo5_exit' has number %d, 0 to 255 is possible",
			 world->exit_event);
		return err_mend(err, MEND_POLICY);
	}
	return check_regions(world, err);
}

int world_settle(struct subject_world *world, struct error *err)
{
	char name[128];

	if (check_name("a subject", world->name, err) < 0)
		return -1;
	if (world->count)
		qsort(world->regions, world->count, sizeof(*world->regions), by_address);
	if (check_subject(world, err) < 0 || check_overlaps(world, err) < 0 ||
	    check_names(world, err) < 0 || check_demands(world, err) < 0 ||
	    check_registers(world, err) < 0 || check_heap(world, err) < 0)
		return err_within(
			err, "subject '%s'",
			text_printable(world->name, strlen(world->name), name, sizeof(name)));
	return 0;
}
