/* Ends abnormally: through solo5_abort() or a failed assertion. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"
#include "tests/guests/lib/platform.h"

SOLO5_MANIFEST();

int solo5_app_main(const struct solo5_start_info *info)
{
	bool assertion = false;
	const struct argument arguments[] = {
		{ .name = "--assert", .flag = &assertion, .what = "fail an assertion instead" },
	};

	parse_arguments(info->cmdline, arguments, 1);
	print("abort: now\n");
	guest_assert(!assertion);
	solo5_abort();
}
