#include "subject/subject_info.h"

#include "base/endian.h"

#include <string.h>

/* Offsets in the subject info, and in one of its resources. */
enum {
	INFO_MAGIC = 0,
	INFO_TSC_KHZ = 8,
	INFO_NAME = 12,
	INFO_COUNT = 78,     /* from revision 05 on */
	INFO_COUNT_OLD = 77, /* up to revision 04 */
	INFO_RESOURCES = 80,

	RESOURCE_KIND = 0,
	RESOURCE_NAME = 4,
	RESOURCE_DATA = 72,
	RESOURCE_SIZE = 128,

	MEMORY_KIND = 0,
	MEMORY_CONTENT = 1,
	MEMORY_FLAGS = 2,
	MEMORY_PATTERN = 3,
	MEMORY_ADDRESS = 8,
	MEMORY_SIZE = 16,
};

_Static_assert(INFO_RESOURCES + WORLD_REGIONS_MAX * RESOURCE_SIZE <= MUEN_SINFO_SIZE,
	       "all resources have room");

#define MAGIC 0x00006f666e69756dull /* "muinfo", NUL; the revision is the highest byte */
#define NO_PATTERN 256

enum resource_kind { RESOURCE_MEMORY = 1, RESOURCE_EVENT = 2 };
enum memory_flag { FLAG_WRITABLE = 1, FLAG_EXECUTABLE = 2 };

enum memory_kind {
	KIND_SUBJECT = 0,
	KIND_INFO = 1,
	KIND_BINARY = 2,
	KIND_CHANNEL = 5,
	KIND_TIMED_EVENT = 7,
	KIND_SCHEDULE = 9,
	KIND_BOOT_INFO = 16,
};

static const unsigned char memory_kinds[WORLD_ROLES] = {
	[WORLD_BINARY] = KIND_BINARY,	    [WORLD_RAM] = KIND_SUBJECT,
	[WORLD_BOOT_INFO] = KIND_BOOT_INFO, [WORLD_SINFO] = KIND_INFO,
	[WORLD_SCHEDULE] = KIND_SCHEDULE,   [WORLD_TIMED_EVENT] = KIND_TIMED_EVENT,
	[WORLD_TIME_INFO] = KIND_CHANNEL,   [WORLD_DEBUG_LOG] = KIND_CHANNEL,
	[WORLD_CHANNEL] = KIND_CHANNEL,	    [WORLD_CONTROL] = KIND_SUBJECT,
	[WORLD_STATUS] = KIND_SUBJECT,	    [WORLD_MEMORY] = KIND_SUBJECT,
};

/* Length, text, NULs; names fit after world_settle(). */
static void write_name(unsigned char *at, const char *name)
{
	size_t length = strlen(name);

	at[0] = (unsigned char)length;
	memcpy(at + 1, name, length);
}

/* Muen puts these two into files before the system starts; here, their role says what they hold. */
static enum region_content content_of(const struct world_region *region)
{
	bool generated = region->role == WORLD_BOOT_INFO || region->role == WORLD_SINFO;

	return generated ? REGION_FILE : region->content;
}

static void write_memory(unsigned char *resource, const struct world_region *region)
{
	static const unsigned char contents[] = {
		[REGION_EMPTY] = 0, [REGION_FILL] = 1, [REGION_FILE] = 2
	};
	unsigned char *data = resource + RESOURCE_DATA;
	enum region_content content = content_of(region);

	put_le32(resource + RESOURCE_KIND, RESOURCE_MEMORY);
	write_name(resource + RESOURCE_NAME, region->name);
	data[MEMORY_KIND] = memory_kinds[region->role];
	data[MEMORY_CONTENT] = contents[content];
	data[MEMORY_FLAGS] = (unsigned char)((region->writable ? FLAG_WRITABLE : 0) |
					     (region->executable ? FLAG_EXECUTABLE : 0));
	put_le16(data + MEMORY_PATTERN, content == REGION_FILL ? region->pattern : NO_PATTERN);
	put_le64(data + MEMORY_ADDRESS, region->address);
	put_le64(data + MEMORY_SIZE, region->size);
}

void subject_info_write(const struct subject_world *world, uint32_t tsc_khz, unsigned char *page)
{
	unsigned char *resource = page + INFO_RESOURCES;
	size_t count = world->count;

	memset(page, 0, MUEN_SINFO_SIZE);
	put_le64(page + INFO_MAGIC, MAGIC | (uint64_t)world->sinfo_revision << 56);
	put_le32(page + INFO_TSC_KHZ, tsc_khz);
	write_name(page + INFO_NAME, world->name);
	for (size_t i = 0; i < world->count; i++, resource += RESOURCE_SIZE)
		write_memory(resource, &world->regions[i]);
	if (world->exit_event >= 0) {
		put_le32(resource + RESOURCE_KIND, RESOURCE_EVENT);
		write_name(resource + RESOURCE_NAME, "solo5_exit");
		resource[RESOURCE_DATA] = (unsigned char)world->exit_event;
		count++;
	}
	put_le16(page + (world->sinfo_revision >= 5 ? INFO_COUNT : INFO_COUNT_OLD),
		 (uint16_t)count);
}
