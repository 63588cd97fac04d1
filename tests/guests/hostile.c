#include "tests/guests/hostile.h"

#include "tests/guests/lib/guest.h"

#define GAP 16384 /* bytes */

static void list(const struct hostile_part *part)
{
	for (size_t i = 0; i < part->count; i++)
		for (size_t j = 0; j < part->groups[i].count; j++)
			print("%s/%s\n", part->groups[i].name, part->groups[i].cases[j].name);
}

/* The stack's first bytes, at the very end of memory, are what some cases overwrite: everything
 * that is still needed lies below a gap, and nothing returns across it. */
static _Noreturn void run(const struct hostile_group *group, const struct hostile_case *what)
{
	unsigned char gap[GAP];

	__asm__ __volatile__("" : : "r"(gap) : "memory");
	print("hostile: %s/%s: trying\n", group->name, what->name);
	group->attempt(group, what);
	print("hostile: %s/%s: survived\n", group->name, what->name);
	solo5_exit(SOLO5_EXIT_SUCCESS);
}

static void find_and_run(const struct hostile_group *group, const char *wanted)
{
	size_t length = strlen(group->name);

	if (strlen(wanted) <= length || memcmp(group->name, wanted, length) ||
	    wanted[length] != '/')
		return;
	for (size_t i = 0; i < group->count; i++)
		if (!strcmp(group->cases[i].name, wanted + length + 1))
			run(group, &group->cases[i]);
}

int solo5_app_main(const struct solo5_start_info *info)
{
	bool listing = !strcmp(info->cmdline, "list");

	for (size_t i = 0; hostile_parts[i]; i++) {
		if (listing)
			list(hostile_parts[i]);
		for (size_t j = 0; j < hostile_parts[i]->count; j++)
			find_and_run(&hostile_parts[i]->groups[j], info->cmdline);
	}
	if (listing)
		return SOLO5_EXIT_SUCCESS;
	print("hostile: '%s' is no case; 'list' prints them\n", info->cmdline);
	return 2;
}
