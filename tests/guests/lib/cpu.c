#include "tests/guests/lib/cpu.h"

#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/platform.h"

#define CODE_SELECTOR 0x08
#define DATA_SELECTOR 0x10
#define TSS_SELECTOR 0x18

#define VECTORS 48	/* the CPU's exceptions and 16 interrupts, which are not enabled */
#define EXCEPTIONS 32	/* vectors with a handler */
#define TRAP_STACK 4096 /* bytes */

struct task_state {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} __attribute__((packed));

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

/* From trap.S: the entries of the exceptions, each TRAP_ENTRY_SIZE bytes long. */
extern const unsigned char trap_entries[];
#define TRAP_ENTRY_SIZE 16

/* Shared with trap.S: an armed probe goes on at probe_failed with this stack pointer. */
extern volatile uint64_t probe_stack;
extern const unsigned char probe_failed[];
volatile uint64_t probe_stack;

void trap_handle(unsigned vector, struct trap_frame *frame);

static uint64_t gdt[5] = {
	[CODE_SELECTOR / 8] = 0x00af99000000ffff, /* 64-bit, execute-only, accessed */
	[DATA_SELECTOR / 8] = 0x00cf93000000ffff, /* read/write, accessed */
};
static struct gate idt[VECTORS] __attribute__((aligned(16)));
static struct task_state tss;

/* #NMI and #DF have a stack of their own: they can come while another trap is handled. */
static unsigned char trap_stack[TRAP_STACK] __attribute__((aligned(16)));
static unsigned char urgent_stack[TRAP_STACK] __attribute__((aligned(16)));
enum { IST_TRAP = 1, IST_URGENT = 2 };

static void load_gdt(void)
{
	struct table_pointer pointer = { sizeof(gdt) - 1, (uintptr_t)gdt };

	__asm__ __volatile__("lgdt %0\n\t"
			     "pushq %1\n\t"
			     "leaq 1f(%%rip), %%rax\n\t"
			     "pushq %%rax\n\t"
			     "lretq\n"
			     "1:\tmovl %2, %%eax\n\t"
			     "movl %%eax, %%ss\n\t"
			     "movl %%eax, %%ds\n\t"
			     "movl %%eax, %%es"
			     :
			     : "m"(pointer), "i"(CODE_SELECTOR), "i"(DATA_SELECTOR)
			     : "rax", "memory");
}

static void load_tss(void)
{
	uint64_t base = (uintptr_t)&tss;

	tss.ist[IST_TRAP - 1] = (uintptr_t)trap_stack + sizeof(trap_stack);
	tss.ist[IST_URGENT - 1] = (uintptr_t)urgent_stack + sizeof(urgent_stack);
	tss.io_map = sizeof(tss);
	gdt[TSS_SELECTOR / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
				(base >> 24 & 0xff) << 56;
	gdt[TSS_SELECTOR / 8 + 1] = base >> 32;
	__asm__ __volatile__("ltr %w0" : : "r"(TSS_SELECTOR) : "memory");
}

static void load_idt(void)
{
	struct table_pointer pointer = { sizeof(idt) - 1, (uintptr_t)idt };

	for (unsigned vector = 0; vector < EXCEPTIONS; vector++) {
		uint64_t entry = (uintptr_t)trap_entries + vector * TRAP_ENTRY_SIZE;

		idt[vector] = (struct gate){
			.offset_low = (uint16_t)entry,
			.selector = CODE_SELECTOR,
			.ist = vector == 2 || vector == 8 ? IST_URGENT : IST_TRAP,
			.type = 0x8e, /* present, interrupt gate */
			.offset_middle = (uint16_t)(entry >> 16),
			.offset_high = (uint32_t)(entry >> 32),
		};
	}
	__asm__ __volatile__("lidt %0" : : "m"(pointer) : "memory");
}

void cpu_init(void)
{
	load_gdt();
	load_tss();
	load_idt();
}

const char *trap_name(int vector)
{
	static const char names[][5] = {
		"#DE", "#DB", "#NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "#9",  "#TS",
		"#NP", "#SS", "#GP",  "#PF", "#15", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
	};

	if (vector < 0)
		return "no fault";
	return (size_t)vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "#?";
}

/* An armed probe goes on behind its access; everything else ends the guest. */
void trap_handle(unsigned vector, struct trap_frame *frame)
{
	if (probe_stack) {
		frame->rip = (uintptr_t)probe_failed;
		frame->rsp = probe_stack;
		probe_stack = 0;
		return;
	}
	print("Solo5: trap: type=%s", trap_name((int)vector));
	print(" ec=0x%lx rip=0x%lx", frame->error_code, frame->rip);
	print(" rsp=0x%lx rflags=0x%lx\n", frame->rsp, frame->rflags);
	if (vector == 14)
		print("Solo5: trap: cr2=0x%lx\n", frame->cr2);
	guest_abort(__FILE_NAME__, __LINE__, "Fatal trap", frame);
}
