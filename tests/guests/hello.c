/* Prints its arguments. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

int solo5_app_main(const struct solo5_start_info *info)
{
	print("hello from %s\n", guest_target);
	print("arguments: '%s'\n", info->cmdline);
	print("SUCCESS\n");
	return SOLO5_EXIT_SUCCESS;
}
