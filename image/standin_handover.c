/* What the stand-in kernel is told: struct standin_handover, its subjects, their regions, texts. */
#include "image/standin_layout.h"

#include <string.h>

/* Texts are cut: they are for messages. */
#define TEXT_MAX 255u

static uint64_t text_size(const char *text)
{
	return strnlen(text, TEXT_MAX) + 1;
}

/* The last NUL is the one behind the last text. */
uint64_t standin_handover_size(const struct standin_guest *guests, size_t count)
{
	uint64_t size = sizeof(struct standin_handover) + count * sizeof(struct standin_subject);

	for (size_t i = 0; i < count; i++) {
		const struct subject_world *world = guests[i].world;

		size += text_size(world->name) + world->count * sizeof(struct standin_region);
		for (size_t j = 0; j < world->count; j++)
			size += text_size(world->regions[j].name) +
				text_size(world->regions[j].origin);
	}
	return size;
}

struct writer {
	const struct standin_layout *layout;
	struct standin_handover *handover;
	uint32_t regions; /* offset of the next region */
	uint32_t texts;	  /* the same of the next text */
};

static uint32_t add_text(struct writer *writer, const char *text)
{
	uint32_t offset = writer->texts, size = (uint32_t)text_size(text);

	memcpy((char *)writer->handover + offset, text, size - 1);
	writer->texts += size;
	return offset;
}

static void add_region(struct writer *writer, const struct world_region *region)
{
	struct standin_region *entry =
		(struct standin_region *)((unsigned char *)writer->handover + writer->regions);

	*entry = (struct standin_region){
		.address = region->address,
		.size = region->size,
		.access = (region->writable ? STANDIN_WRITABLE : 0u) |
			  (region->executable ? STANDIN_EXECUTABLE : 0u),
		.name = add_text(writer, region->name),
		.origin = add_text(writer, region->origin),
	};
	writer->regions += sizeof(*entry);
}

static uint64_t physical_of(const struct writer *writer, size_t guest, enum world_role role)
{
	const struct subject_world *world = writer->layout->guests[guest].world;
	const struct world_region *region = world_region_of(world, role);

	return writer->layout->places[guest].physical[region - world->regions];
}

static void add_subject(struct writer *writer, size_t guest, struct standin_subject *subject)
{
	const struct subject_world *world = writer->layout->guests[guest].world;
	const struct world_region *log = world_region_of(world, WORLD_DEBUG_LOG);

	*subject = (struct standin_subject){
		.cr3 = writer->layout->places[guest].tables,
		.entry = world->entry,
		.stack = world->stack,
		.boot_info = world->boot_info,
		.log = physical_of(writer, guest, WORLD_DEBUG_LOG),
		.log_address = log->address,
		.log_size = log->size,
		.schedule = physical_of(writer, guest, WORLD_SCHEDULE),
		.time_info = physical_of(writer, guest, WORLD_TIME_INFO),
		.exit_event = world->exit_event,
		.name = add_text(writer, world->name),
		.regions = writer->regions,
		.region_count = (uint32_t)world->count,
	};
	for (size_t i = 0; i < world->count; i++)
		add_region(writer, &world->regions[i]);
}

void standin_handover_write(const struct standin_layout *layout, struct standin_handover *handover)
{
	struct standin_subject *subjects = (struct standin_subject *)(handover + 1);
	uint32_t regions = (uint32_t)(sizeof(*handover) + layout->count * sizeof(*subjects));
	struct writer writer = { layout, handover, regions, regions };

	for (size_t i = 0; i < layout->count; i++)
		writer.texts +=
			(uint32_t)(layout->guests[i].world->count * sizeof(struct standin_region));
	*handover = (struct standin_handover){
		.magic = STANDIN_MAGIC,
		.version = STANDIN_VERSION,
		.size = (uint32_t)layout->handover_size,
		.subjects = sizeof(*handover),
		.subject_count = (uint32_t)layout->count,
	};
	for (size_t i = 0; i < layout->count; i++)
		add_subject(&writer, i, &subjects[i]);
}
