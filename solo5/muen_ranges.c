#include "solo5/muen_ranges.h"

const struct muen_range muen_ranges[] = {
	{ MUEN_BOOT_INFO, MUEN_PAGE, "the boot info page", false },
	{ MUEN_MUINIT, MUEN_MUINIT_SIZE, "muinit, which resets a unikernel", true },
	{ MUEN_SINFO, MUEN_SINFO_SIZE, "the subject info", false },
	{ MUEN_SCHEDULE_INFO, MUEN_PAGE, "the scheduling info", false },
	{ MUEN_TIMED_EVENT, MUEN_PAGE, "the timed event page", false },
	{ MUEN_TIME_INFO, MUEN_PAGE, "the time info", false },
	{ MUEN_DEBUG_LOG, 0x20000, "the debug log channel", false },
	{ MUEN_STATUS_PAGE, MUEN_PAGE, "the status page", true },
	{ MUEN_CONTROL_PAGE, MUEN_PAGE, "the control page", true },
	{ MUEN_RESET_SOURCES, 0x100000000000, "what writable segments are reset from", true },
};
const size_t muen_range_count = sizeof(muen_ranges) / sizeof(muen_ranges[0]);

bool muen_range_overlaps(const struct muen_range *range, uint64_t start, uint64_t last)
{
	return start < range->start + range->size && last >= range->start;
}
