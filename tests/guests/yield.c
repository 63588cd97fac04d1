/* Yields for ever, or for a number of times. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

int solo5_app_main(const struct solo5_start_info *info)
{
	uint64_t count = UINT64_MAX, microseconds = 0;
	const struct argument arguments[] = {
		{ .name = "--count=", .number = &count, .what = "how often; for ever by default" },
		{ .name = "--sleep-us=",
		  .number = &microseconds,
		  .what = "deadline of each call; 0, the default, returns at once" },
	};

	parse_arguments(info->cmdline, arguments, 2);
	print("yield: begins\n");
	for (uint64_t i = 0; i < count; i++)
		solo5_yield(microseconds ? solo5_clock_monotonic() + microseconds * 1000 : 0, NULL);
	print("yield: done\nSUCCESS\n");
	return SOLO5_EXIT_SUCCESS;
}
