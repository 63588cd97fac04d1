/* Instructions that no unikernel executes. */
#include "tests/guests/hostile.h"
#include "tests/guests/lib/cpu.h"

enum instruction {
	HALT,
	HALT_INTERRUPTS_ON,
	CPUID,
	VMCALL,
	VMMCALL,
	RDMSR_UNKNOWN,
	WRMSR_UNKNOWN,
	CR3_BEYOND,
	CR0_NO_PAGING,
	NO_IDT,
	DEBUG_REGISTERS,
	SPIN,
};

static void print_cpuid(uint32_t leaf)
{
	uint32_t a = leaf, b, c = 0, d;

	__asm__ __volatile__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	print("hostile: cpuid 0x%x: %08x %08x %08x %08x\n", leaf, a, b, c, d);
}

static void attempt(const struct hostile_group *group, const struct hostile_case *what)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) nothing;
	uint64_t value = 0;

	(void)group;
	switch ((enum instruction)what->a) {
	case HALT:
		__asm__ __volatile__("cli; hlt");
		break;
	case HALT_INTERRUPTS_ON:
		__asm__ __volatile__("sti; hlt; cli");
		break;
	case CPUID:
		for (uint32_t leaf = 0; leaf < 8; leaf++)
			print_cpuid(leaf);
		for (uint32_t leaf = 0x40000000; leaf < 0x40000002; leaf++)
			print_cpuid(leaf);
		for (uint32_t leaf = 0x80000000; leaf < 0x8000000b; leaf++)
			print_cpuid(leaf);
		break;
	case VMCALL:
		__asm__ __volatile__("vmcall" : "+a"(value) : : "memory");
		break;
	case VMMCALL:
		__asm__ __volatile__("vmmcall" : "+a"(value) : : "memory");
		break;
	case RDMSR_UNKNOWN:
		value = cpu_read_msr((uint32_t)what->b);
		break;
	case WRMSR_UNKNOWN:
		cpu_write_msr((uint32_t)what->b, UINT64_MAX);
		break;
	case CR3_BEYOND:
		__asm__ __volatile__("movq %0, %%cr3" : : "r"(what->b) : "memory");
		break;
	case CR0_NO_PAGING:
		__asm__ __volatile__("movq %0, %%cr0" : : "r"(0x21ull) : "memory");
		break;
	case NO_IDT:
		__asm__ __volatile__("lidt %0\n\tud2" : : "m"(nothing));
		break;
	case DEBUG_REGISTERS:
		__asm__ __volatile__("movq %0, %%dr0\n\tmovq %1, %%dr7"
				     :
				     : "r"((uintptr_t)_stext), "r"(0x403ull));
		break;
	case SPIN:
		for (;;)
			cpu_pause();
	}
	print("hostile: value 0x%lx\n", value);
}

static const struct hostile_case cases[] = {
	{ "hlt", HALT, 0 },
	{ "hlt-interrupts-on", HALT_INTERRUPTS_ON, 0 },
	{ "cpuid", CPUID, 0 },
	{ "vmcall", VMCALL, 0 },
	{ "vmmcall", VMMCALL, 0 },
	{ "rdmsr-unknown", RDMSR_UNKNOWN, 0x12345678 },
	{ "wrmsr-unknown", WRMSR_UNKNOWN, 0x12345678 },
	{ "wrmsr-efer", WRMSR_UNKNOWN, MSR_EFER },
	{ "wrmsr-apic-base", WRMSR_UNKNOWN, 0x1b },
	{ "cr3-beyond", CR3_BEYOND, 0xffffff000 },
	{ "cr0-no-paging", CR0_NO_PAGING, 0 },
	{ "triple-fault", NO_IDT, 0 },
	{ "debug-registers", DEBUG_REGISTERS, 0 },
	{ "spin", SPIN, 0 },
};

static const struct hostile_group groups[] = { HOSTILE_GROUP("cpu", cases, attempt, 0) };

const struct hostile_part hostile_cpu = HOSTILE_PART(groups);
