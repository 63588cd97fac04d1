/* Page tables of the guest's own, which map guest-physical addresses that the tender's do not. The
 * guest's memory is mapped at its own addresses, as the tender does it. */
#include "tests/guests/hostile-hvt.h"

#define PAGE 0x1000u
#define LARGE_PAGE 0x200000ull
#define PRESENT_WRITABLE 0x3u
#define LARGE 0x80u
#define WINDOW (1ull << 39) /* the second entry of the top table: one page is mapped there */

enum access { READ, WRITE, EXECUTE };

static uint64_t tables[9][512] __attribute__((aligned(4096)));

static uint64_t entry_of(const uint64_t *table)
{
	return (uintptr_t)table | PRESENT_WRITABLE;
}

/* Tables 0: top, 1: the low 512 GiB, 2 to 5: the low 4 GiB, 6 to 8: the window. */
static void load_tables(uint64_t physical)
{
	tables[0][0] = entry_of(tables[1]);
	tables[0][1] = entry_of(tables[6]);
	tables[6][0] = entry_of(tables[7]);
	tables[7][0] = entry_of(tables[8]);
	tables[8][0] = (physical & ~(PAGE - 1ull)) | PRESENT_WRITABLE;
	for (uint64_t gib = 0; gib < 4; gib++) {
		tables[1][gib] = entry_of(tables[2 + gib]);
		for (uint64_t i = 0; i < 512; i++)
			tables[2 + gib][i] =
				(gib * 512 + i) * LARGE_PAGE | LARGE | PRESENT_WRITABLE;
	}
	__asm__ __volatile__("movq %0, %%cr3" : : "r"((uintptr_t)tables[0]) : "memory");
}

/* a: what is mapped, b: how it is accessed */
static void attempt(const struct hostile_group *group, const struct hostile_case *what)
{
	uint64_t physical = hostile_address((enum place)what->a, 8);
	volatile uint64_t *place = (volatile uint64_t *)(WINDOW + (physical & (PAGE - 1)));
	uint64_t value = 0;

	(void)group;
	load_tables(physical);
	if (what->b == READ)
		value = *place;
	else if (what->b == WRITE)
		*place = 0x686f7374696c65;
	else
		((void (*)(void))(uintptr_t)place)();
	print("hostile: physical 0x%lx, value 0x%lx\n", physical, value);
}

static const struct hostile_case cases[] = {
	{ "read-at-end", AT_END, READ },
	{ "write-at-end", AT_END, WRITE },
	{ "read-beyond", BEYOND, READ },
	{ "write-beyond", BEYOND, WRITE },
	{ "execute-beyond", BEYOND, EXECUTE },
	{ "read-apic", APIC, READ },
	{ "write-apic", APIC, WRITE },
	{ "read-1-tib", ONE_TIB, READ },
	{ "write-1-tib", ONE_TIB, WRITE },
	{ "write-text", TEXT, WRITE },
	{ "write-rodata", RODATA, WRITE },
	{ "write-boot-info", BOOT_INFO, WRITE },
	{ "write-page-tables", PAGE_TABLES, WRITE },
};

static const struct hostile_group groups[] = { HOSTILE_GROUP("paging", cases, attempt, 0) };

const struct hostile_part hostile_paging = HOSTILE_PART(groups);
