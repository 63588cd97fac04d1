#include "solo5/muen_ranges.h"

const struct muen_range muen_ranges[] = {
	{ MUEN_BOOT_INFO, 0x1000, "the boot info page", false },
	{ 0x100000, 0x9000, "muinit, which resets a unikernel", true },
	{ 0xe00000000, 0x8000, "the subject info", false },
	{ 0xe00008000, 0x1000, "the scheduling info", false },
	{ 0xe00010000, 0x1000, "the timed event page", false },
	{ 0xfffd00000, 0x1000, "the time info", false },
	{ MUEN_DEBUG_LOG, 0x20000, "the debug log channel", false },
	{ 0xfffff2000, 0x1000, "the status page", true },
	{ 0xfffff3000, 0x1000, "the control page", true },
	{ 0x700000000000, 0x100000000000, "what writable segments are reset from", true },
};
const size_t muen_range_count = sizeof(muen_ranges) / sizeof(muen_ranges[0]);

bool muen_range_overlaps(const struct muen_range *range, uint64_t start, uint64_t last)
{
	return start < range->start + range->size && last >= range->start;
}
