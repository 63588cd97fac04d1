/* Ends with a line that is not finished: the last text has no newline. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

int solo5_app_main(const struct solo5_start_info *info)
{
	uint64_t status = 0;
	const struct argument arguments[] = {
		{ .name = "", .number = &status, .what = "the exit status, a number" },
	};

	parse_arguments(info->cmdline, arguments, 1);
	print("noeol: this line has no end");
	solo5_exit((int)status);
}
