/* A system for the loader to start: tells on the serial port whether it was entered as a system
 * must be, and whether the stream wrote everything that it should.
 */
#include "tests/boot/payload.h"

#include "image/bare/instructions.h"
#include "image/bare/serial.h"
#include "image/loader/console.h"
#include "image/line.h"

#include <stdbool.h>
#include <stddef.h>

void payload_run(void);

/* Set before C runs, by enter.S. Not of zeroes at start: memory that was not written is found. */
struct {
	uint32_t general[8]; /* EAX EBX ECX EDX ESI EDI EBP ESP */
	uint32_t flags, cr0, cr4;
} registers = { .flags = UINT32_MAX };

static bool all_good = true;

static void check(const char *what, uint64_t found, uint64_t mask, uint64_t expected)
{
	bool good = (found & mask) == expected;
	struct line line = { 0 };

	line_text(&line, what);
	line_text(&line, " ");
	line_hex(&line, found);
	line_text(&line, good ? ": good" : ": BAD");
	console_say("payload", line.text);
	all_good = all_good && good;
}

static void check_registers(void)
{
	static const char names[8][4] = { "eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp" };

	for (unsigned i = 0; i < 8; i++)
		check(names[i], registers.general[i], UINT32_MAX, 0);
	check("eflags (IF, DF clear)", registers.flags, 0x600, 0);
	check("cr0 (PE set, PG clear)", registers.cr0, 0x80000001, 1);
	check("cr4 (PAE clear)", registers.cr4, 0x20, 0);
}

/* Flat: base 0, limit 4 GiB, present; code can be read, data written. */
static void check_segment(const char *name, uint16_t selector, uint64_t kind)
{
	struct {
		uint16_t limit;
		uint16_t base[2];
	} table;
	const uint64_t *descriptor;

	__asm__ volatile("sgdt %0" : "=m"(table));
	check(name, selector & ~7u, ~(uint64_t)7, selector);
	descriptor = (const uint64_t *)((table.base[0] | (uint32_t)table.base[1] << 16) + selector);
	check("  its descriptor", *descriptor, 0xffcffaffffffffff, 0x00cf92000000ffff | kind);
}

#define SELECTOR(name)                                                                             \
	({                                                                                         \
		uint16_t selector_;                                                                \
		__asm__ volatile("movw %%" name ", %0" : "=r"(selector_));                         \
		selector_;                                                                         \
	})

static void check_segments(void)
{
	const uint64_t code = UINT64_C(8) << 40;

	check_segment("cs", SELECTOR("cs"), code);
	check_segment("ds", SELECTOR("ds"), 0);
	check_segment("es", SELECTOR("es"), 0);
	check_segment("fs", SELECTOR("fs"), 0);
	check_segment("gs", SELECTOR("gs"), 0);
	check_segment("ss", SELECTOR("ss"), 0);
}

/* ---- memory -------------------------------------------------------------- */

#define WINDOW 0x40000000u /* 2 MiB of virtual memory */

/* PAE: the first GiB as it is, and a window behind it. */
static uint64_t first[512] __attribute__((aligned(4096)));
static uint64_t second[512] __attribute__((aligned(4096)));
static uint64_t pointers[4] __attribute__((aligned(32)));

static void turn_paging_on(void)
{
	uint32_t control;

	for (uint32_t i = 0; i < 512; i++)
		first[i] = (uint64_t)i << 21 | 0x83;
	pointers[0] = (uint32_t)first | 1;
	pointers[1] = (uint32_t)second | 1;
	__asm__ volatile("movl %0, %%cr3" : : "r"(pointers));
	__asm__ volatile("movl %%cr4, %0; orl $0x20, %0; movl %0, %%cr4" : "=&r"(control));
	__asm__ volatile("movl %%cr0, %0; orl $0x80000000, %0; movl %0, %%cr0" : "=&r"(control));
}

static uint8_t byte_at(uint64_t address)
{
	/* Accessed and dirty, which the processor would set: it is compared. */
	uint64_t page = address >> 21 << 21 | 0xe3;

	if (second[0] != page) {
		second[0] = page;
		__asm__ volatile("invlpg (%0)" : : "r"(WINDOW) : "memory");
	}
	return *(volatile uint8_t *)(WINDOW + ((uint32_t)address & 0x1fffff));
}

static void check_memory(const struct payload_expected *expected)
{
	uint64_t bad = expected->size;
	uint32_t byte = expected->first;
	struct line line = { 0 };

	for (uint64_t i = 0; i < expected->size && bad == expected->size; i++) {
		if (byte_at(expected->address + i) != (uint8_t)byte)
			bad = i;
		byte += expected->step;
	}
	line_text(&line, "memory from ");
	line_hex(&line, expected->address);
	if (bad != expected->size) {
		line_text(&line, ", byte ");
		line_hex(&line, bad);
	}
	check(line.text, bad, UINT64_MAX, expected->size);
}

void payload_run(void)
{
	const struct payload_table *table = (const void *)PAYLOAD_EXPECTED_ADDRESS;

	serial_open();
	console_say("payload", "begins");
	check_registers();
	check_segments();
	check("table", table->magic, UINT32_MAX, PAYLOAD_MAGIC);
	turn_paging_on();
	for (uint32_t i = 0; i < table->count; i++)
		check_memory(&table->expected[i]);
	console_say("payload", all_good ? "everything is as expected" : "NOT as expected");
	serial_drain();
	cpu_out8(PAYLOAD_EXIT_PORT, all_good ? PAYLOAD_EXIT_GOOD : 1);
}
