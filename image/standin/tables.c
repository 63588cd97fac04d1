#include "image/standin/tables.h"

#include "image/standin/machine.h"

#include <stddef.h>

#define ENTRY_SIZE 16u /* bytes of one of trap_entries */
#define GATE_INTERRUPT 0x8e
#define GATE_INTERRUPT_USER 0xee /* INT3 at privilege level 3 may use it */

#define TRAP_STACK 0x4000
#define URGENT_STACK 0x1000

enum { IST_NMI = 1, IST_DOUBLE_FAULT, IST_MACHINE_CHECK };

struct task_state {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

/* entry.S */
extern const unsigned char trap_entries[];
void cpu_load_segments(const struct table_pointer *gdt, const struct table_pointer *idt);

static uint64_t gdt[TASK_STATE / 8 + 2] = {
	[KERNEL_CODE / 8] = 0x00af9b000000ffff,
	[KERNEL_DATA / 8] = 0x00cf93000000ffff,
	[USER_DATA / 8] = 0x00cff3000000ffff,
	[USER_CODE / 8] = 0x00affb000000ffff,
};
static struct gate idt[VECTORS] __attribute__((aligned(16)));
static struct task_state task;

static unsigned char trap_stack[TRAP_STACK] __attribute__((aligned(16)));
static unsigned char urgent_stacks[3][URGENT_STACK] __attribute__((aligned(16)));

static uint8_t stack_of(unsigned vector)
{
	return vector == VECTOR_NMI  ? IST_NMI
	       : vector == VECTOR_DF ? IST_DOUBLE_FAULT
	       : vector == VECTOR_MC ? IST_MACHINE_CHECK
				     : 0;
}

static void fill_idt(void)
{
	for (unsigned vector = 0; vector < VECTORS; vector++) {
		uint64_t entry = (uintptr_t)trap_entries + vector * ENTRY_SIZE;

		idt[vector] = (struct gate){
			.offset_low = (uint16_t)entry,
			.selector = KERNEL_CODE,
			.ist = stack_of(vector),
			.type = vector == VECTOR_BP ? GATE_INTERRUPT_USER : GATE_INTERRUPT,
			.offset_middle = (uint16_t)(entry >> 16),
			.offset_high = (uint32_t)(entry >> 32),
		};
	}
}

void tables_init(void)
{
	const struct table_pointer gdt_pointer = { sizeof(gdt) - 1, (uintptr_t)gdt };
	const struct table_pointer idt_pointer = { sizeof(idt) - 1, (uintptr_t)idt };
	uint64_t base = (uintptr_t)&task;

	task.rsp[0] = (uintptr_t)trap_stack + sizeof(trap_stack);
	for (unsigned i = 0; i < 3; i++)
		task.ist[i] = (uintptr_t)urgent_stacks[i] + URGENT_STACK;
	task.io_map = sizeof(task);
	gdt[TASK_STATE / 8] = (sizeof(task) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
			      (base >> 24 & 0xff) << 56;
	gdt[TASK_STATE / 8 + 1] = base >> 32;
	fill_idt();
	cpu_load_segments(&gdt_pointer, &idt_pointer);
	/* Firmware's may still be there: a subject's SYSENTER must be an exception. */
	cpu_write_msr(MSR_SYSENTER_CS, 0);
}

void tables_use(uint64_t cr3)
{
	uint64_t *pml4 = memory_at(cr3);

	for (unsigned i = 256; i < 512; i++)
		pml4[i] = kernel_pml4[i];
	write_cr3(cr3);
}

void tables_use_own(void)
{
	write_cr3((uintptr_t)kernel_pml4 - KERNEL_BASE);
}

bool tables_translate(uint64_t cr3, uint64_t address, struct translation *translation)
{
	uint64_t *table = memory_at(cr3);

	if (address >> 47)
		return false;
	translation->writable = true;
	for (unsigned level = 4; level; level--) {
		unsigned shift = 12 + 9 * (level - 1);
		uint64_t *entry = &table[address >> shift & 511], mask = (1ull << shift) - 1;

		if ((*entry & (PTE_PRESENT | PTE_USER)) != (PTE_PRESENT | PTE_USER))
			return false;
		translation->writable = translation->writable && *entry & PTE_WRITABLE;
		if (level == 1 || *entry & PTE_LARGE) {
			translation->physical = (*entry & PTE_ADDRESS & ~mask) | (address & mask);
			translation->size = mask + 1;
			translation->leaf = entry;
			return true;
		}
		table = memory_at(*entry & PTE_ADDRESS);
	}
	return false;
}
