/* Exits with the status given as a number: by returning it, or by calling solo5_exit(). */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

int solo5_app_main(const struct solo5_start_info *info)
{
	uint64_t status = 0;
	bool call = false;
	const struct argument arguments[] = {
		{ .name = "", .number = &status, .what = "the exit status, a number" },
		{ .name = "--call", .flag = &call, .what = "call solo5_exit()" },
	};

	parse_arguments(info->cmdline, arguments, 2);
	print("exit: status %lu\n", status);
	if (call)
		solo5_exit((int)status);
	return (int)status;
}
