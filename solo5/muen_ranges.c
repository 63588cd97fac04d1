#include "solo5/muen_ranges.h"

const struct muen_range muen_ranges[] = {
	{ 0x1000, 0x1000, "the boot info page", false },
	{ 0x100000, 0x9000, "muinit, which resets a unikernel", true },
	{ 0xe00000000, 0x8000, "the subject info", false },
	{ 0xe00008000, 0x1000, "the scheduling info", false },
	{ 0xe00010000, 0x1000, "the timed event page", false },
	{ 0xfffd00000, 0x1000, "the time info", false },
	{ 0xffff00000, 0x20000, "the debug log channel", false },
	{ 0xfffff2000, 0x1000, "the status page", true },
	{ 0xfffff3000, 0x1000, "the control page", true },
	{ 0x700000000000, 0x100000000000, "what writable segments are reset from", true },
};
const size_t muen_range_count = sizeof(muen_ranges) / sizeof(muen_ranges[0]);

const struct muen_range *muen_range_hit(uint64_t start, uint64_t last, size_t *next)
{
	while (*next < muen_range_count) {
		const struct muen_range *range = &muen_ranges[(*next)++];

		if (start < range->start + range->size && last >= range->start)
			return range;
	}
	return NULL;
}
