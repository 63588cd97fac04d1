#include "image/standin_layout.h"

#include "base/alloc.h"
#include "base/text.h"
#include "subject/paging.h"

#include <string.h>

/* ---- memory that subjects share -------------------------------------------------------------- */

static bool is_same_memory(const struct world_region *one, const struct world_region *other)
{
	return one->physical && other->physical && !strcmp(one->physical, other->physical);
}

static int differ(const struct standin_layout *layout, size_t guest, const struct world_region *one,
		  size_t earlier, const struct world_region *other, struct error *err)
{
	err_fail(err, ERR_INPUT,
		 "the memory '%s' is 0x%llx bytes as '%s' of %s (%s), but 0x%llx bytes as '%s' of "
		 "%s (%s)",
		 one->physical, (unsigned long long)one->size, one->name,
		 layout->guests[guest].world->name, one->origin, (unsigned long long)other->size,
		 other->name, layout->guests[earlier].world->name, other->origin);
	return err_mend(err, "give both mappings of it the same size");
}

/* Takes over the place that an earlier subject's region of the same memory has. */
static int find_shared(const struct standin_layout *layout, size_t guest, size_t number,
		       struct error *err)
{
	const struct world_region *region = &layout->guests[guest].world->regions[number];
	struct standin_place *place = &layout->places[guest];

	for (size_t i = 0; i < guest; i++) {
		const struct subject_world *world = layout->guests[i].world;

		for (size_t j = 0; j < world->count; j++) {
			const struct world_region *other = &world->regions[j];

			if (!is_same_memory(region, other))
				continue;
			if (region->size != other->size)
				return differ(layout, guest, region, i, other, err);
			place->shared[number] = true;
			place->physical[number] = layout->places[i].physical[j];
			return 0;
		}
	}
	return 0;
}

/* ---- page tables ----------------------------------------------------------------------------- */

static struct paging_mapping *mappings_of(const struct standin_layout *layout, size_t guest)
{
	const struct subject_world *world = layout->guests[guest].world;
	struct paging_mapping *mappings = xcalloc(world->count, sizeof(*mappings));

	for (size_t i = 0; i < world->count; i++)
		mappings[i] = (struct paging_mapping){
			.address = world->regions[i].address,
			.physical = layout->places[guest].physical[i],
			.size = world->regions[i].size,
			.writable = world->regions[i].writable,
			.executable = world->regions[i].executable,
			.user = true, /* the kernel runs subjects at privilege level 3 */
		};
	return mappings;
}

void standin_layout_tables(const struct standin_layout *layout, size_t guest, unsigned char *tables)
{
	cleanup_free struct paging_mapping *mappings = mappings_of(layout, guest);

	paging_write(mappings, layout->guests[guest].world->count, layout->places[guest].tables,
		     tables);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int too_much(const struct standin_layout *layout, size_t guest, struct error *err)
{
	err_fail(err, ERR_INPUT,
		 "%s: with this subject the memory of all subjects ends at 0x%llx, but the "
		 "stand-in kernel has only that below 0x%llx",
		 layout->guests[guest].world->name, (unsigned long long)layout->end,
		 STANDIN_MEMORY_END);
	return err_mend(err, "give the unikernels less RAM (--ram), or smaller channels");
}

static int place_guest(struct standin_layout *layout, size_t guest, struct error *err)
{
	const struct subject_world *world = layout->guests[guest].world;
	struct standin_place *place = &layout->places[guest];
	cleanup_free struct paging_mapping *mappings = NULL;

	place->physical = xcalloc(world->count, sizeof(*place->physical));
	place->shared = xcalloc(world->count, sizeof(*place->shared));
	for (size_t i = 0; i < world->count; i++)
		if (find_shared(layout, guest, i, err) < 0)
			return -1;
	layout->end = world_place(world, layout->end, place->shared, place->physical);
	if (layout->end > STANDIN_MEMORY_END)
		return too_much(layout, guest, err);
	mappings = mappings_of(layout, guest);
	place->tables = layout->end;
	place->tables_size = paging_size(mappings, world->count);
	layout->end += place->tables_size;
	return layout->end > STANDIN_MEMORY_END ? too_much(layout, guest, err) : 0;
}

int standin_layout_make(struct standin_layout *layout, const struct standin_guest *guests,
			size_t count, struct error *err)
{
	*layout = (struct standin_layout){
		.guests = guests,
		.count = count,
		.places = xcalloc(count ? count : 1, sizeof(*layout->places)),
	};
	if (!count || count > STANDIN_SUBJECTS_MAX) {
		err_fail(err, ERR_INPUT, "the stand-in kernel runs 1 to %u subjects, these are %zu",
			 STANDIN_SUBJECTS_MAX, count);
		return err_mend(err, count ? "build several images, each with some of them"
					   : "name a unikernel");
	}
	layout->handover_size = standin_handover_size(guests, count);
	layout->end = STANDIN_HANDOVER + muen_page_up(layout->handover_size);
	for (size_t i = 0; i < count; i++)
		if (place_guest(layout, i, err) < 0)
			return -1;
	return 0;
}

void standin_layout_free(struct standin_layout *layout)
{
	for (size_t i = 0; i < layout->count && layout->places; i++) {
		free(layout->places[i].physical);
		free(layout->places[i].shared);
	}
	free(layout->places);
}
