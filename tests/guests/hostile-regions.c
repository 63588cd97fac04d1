/* A Muen subject that reaches for what is not its own. */
#include "tests/guests/hostile.h"
#include "tests/guests/lib/muen.h"

enum access { READ, WRITE, EXECUTE };
enum known { BOOT_INFO = 1, TEXT, RODATA, TIME_INFO, IN_CHANNEL, BEHIND_RAM };

static uint64_t place_of(uint64_t place)
{
	static const uint8_t read_only[64];
	const struct sinfo_resource *resource = NULL;

	switch (place) {
	case BOOT_INFO:
		return entry_registers.rdi;
	case TEXT:
		return (uintptr_t)_stext;
	case RODATA:
		return (uintptr_t)read_only;
	case BEHIND_RAM:
		return guest_memory_size();
	case TIME_INFO:
		resource = muen_resource("time_info", "", SINFO_MEMORY);
		break;
	case IN_CHANNEL:
		resource = muen_resource("service", "|in", SINFO_MEMORY);
		break;
	default:
		return place;
	}
	return resource ? resource->data.memory.address : 0;
}

/* a: the address or one of enum known, b: how it is accessed */
static void attempt(const struct hostile_group *group, const struct hostile_case *what)
{
	volatile uint64_t *place = (volatile uint64_t *)place_of(what->a);

	(void)group;
	print("hostile: address 0x%lx\n", (uintptr_t)place);
	if (what->b == READ)
		(void)*place;
	else if (what->b == WRITE)
		*place = 0x686f7374696c65;
	else
		((void (*)(void))(uintptr_t)place)();
}

static const struct hostile_case cases[] = {
	{ "write-boot-info", BOOT_INFO, WRITE },
	{ "write-text", TEXT, WRITE },
	{ "write-rodata", RODATA, WRITE },
	{ "write-sinfo", MUEN_SINFO_ADDRESS, WRITE },
	{ "write-schedule", MUEN_SCHEDULE_ADDRESS, WRITE },
	{ "write-time-info", TIME_INFO, WRITE },
	{ "write-in-channel", IN_CHANNEL, WRITE },
	{ "execute-in-channel", IN_CHANNEL, EXECUTE },
	{ "execute-sinfo", MUEN_SINFO_ADDRESS, EXECUTE },
	{ "read-below-image", 0x1ff000, READ },
	{ "read-behind-ram", BEHIND_RAM, READ },
	{ "read-behind-schedule", MUEN_SCHEDULE_ADDRESS + 0x1000, READ },
	{ "read-top", 0x7ffffffff000, READ },
	{ "read-non-canonical", 0x800000000000, READ },
};

static const struct hostile_group groups[] = { HOSTILE_GROUP("region", cases, attempt, 0) };

const struct hostile_part hostile_regions = HOSTILE_PART(groups);
