/* Checks that memory from the heap's start to its end is there, zero at first and writable, and
 * that it ends where the boot info says. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

#define PAGE 0x1000u
#define STACK_IN_USE (64u << 10) /* bytes at the end of memory that may hold our own stack */

/* The first word of the range that is not zero, or `end`. Both are word-aligned. */
static uintptr_t find_non_zero(uintptr_t start, uintptr_t end)
{
	size_t words = (end - start) / 8;
	uintptr_t at = start;
	bool found;

	if (!words)
		return end;
	__asm__ __volatile__("repe scasq\n\tsetne %b2"
			     : "+D"(at), "+c"(words), "=q"(found)
			     : "a"(0)
			     : "memory", "cc");
	return found ? at - 8 : end;
}

/* Looks at the pages' first and last words, or at everything. */
static bool is_zero(uintptr_t start, uintptr_t end, bool everything)
{
	uintptr_t step = everything ? end - start : PAGE;

	for (uintptr_t page = start; page < end; page += step) {
		uintptr_t first_end = everything ? end : page + 8;
		uintptr_t found = find_non_zero(page, first_end);

		if (found == first_end)
			found = find_non_zero(page + step - 8, page + step);
		if (found == page + step)
			continue;
		print("memory: 0x%lx holds 0x%lx, not 0\n", found, *(const uint64_t *)found);
		return false;
	}
	return true;
}

/* Each page gets its own address as its first and last word. */
static bool is_writable(uintptr_t start, uintptr_t end)
{
	for (uintptr_t page = start; page < end; page += PAGE) {
		*(volatile uint64_t *)page = page;
		*(volatile uint64_t *)(page + PAGE - 8) = ~page;
	}
	for (uintptr_t page = start; page < end; page += PAGE) {
		if (*(volatile uint64_t *)page == page &&
		    *(volatile uint64_t *)(page + PAGE - 8) == ~page)
			continue;
		print("memory: page 0x%lx does not keep what is written\n", page);
		return false;
	}
	return true;
}

/* The stack's own pages are only read. */
static bool stack_is_there(uintptr_t start, uintptr_t end)
{
	for (uintptr_t page = start; page < end; page += PAGE) {
		int vector = probe_read(page);

		if (vector < 0)
			continue;
		print("memory: page 0x%lx below the end gives %s\n", page, trap_name(vector));
		return false;
	}
	return true;
}

static bool ends_there(uintptr_t end)
{
	int reading = probe_read(end), writing = probe_write(end, 1);

	print("memory: behind the end: read gives %s, write gives %s\n", trap_name(reading),
	      trap_name(writing));
	return reading >= 0 && writing >= 0;
}

int solo5_app_main(const struct solo5_start_info *info)
{
	uintptr_t start = info->heap_start, end = start + info->heap_size;
	uintptr_t stack = end - STACK_IN_USE;
	bool everything = false, inside = false, good;
	const struct argument arguments[] = {
		{ .name = "--everything",
		  .flag = &everything,
		  .what = "look at every word, not two of each page" },
		{ .name = "--inside-only",
		  .flag = &inside,
		  .what = "do not look behind the end, where something else may lie" },
	};

	parse_arguments(info->cmdline, arguments, 2);
	print("memory: heap 0x%lx to 0x%lx, %lu KiB\n", start, end, (end - start) >> 10);
	good = is_zero(start, stack, everything);
	print("memory: zero at first: %s\n", good ? "yes" : "no");
	good = good && is_writable(start, stack) && stack_is_there(stack, end);
	print("memory: writable: %s\n", good ? "yes" : "no");
	if (!inside)
		good = ends_there(end) && good;
	print(good ? "SUCCESS\n" : "FAILURE\n");
	return good ? SOLO5_EXIT_SUCCESS : SOLO5_EXIT_FAILURE;
}
