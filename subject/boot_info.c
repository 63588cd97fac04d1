/* Solo5's boot info page. */
#include "subject/subject_info.h"

#include "base/endian.h"

#include <string.h>

enum {
	BOOT_MEMORY_END = 0,
	BOOT_KERNEL_END = 8,
	BOOT_COMMAND_LINE = 24,
	BOOT_TEXT = 40,
};

_Static_assert(BOOT_TEXT + BOOT_PARAMETERS_MAX + 1 == MUEN_PAGE, "the parameters fill the page");

void boot_info_write(const struct subject_world *world, unsigned char *page)
{
	memset(page, 0, MUEN_PAGE);
	put_le64(page + BOOT_MEMORY_END, world_memory_end(world));
	put_le64(page + BOOT_KERNEL_END, world_binary_end(world) - 1);
	put_le64(page + BOOT_COMMAND_LINE, world->boot_info + BOOT_TEXT);
	memcpy(page + BOOT_TEXT, world->bootparams, strlen(world->bootparams));
}
