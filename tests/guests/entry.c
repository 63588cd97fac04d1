/* Checks the state in which the guest was entered. */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

#define RFLAGS_INTERRUPTS (1u << 9)

static unsigned failures;

/* The bits of `mask` must be as in `expected`. */
static void check(const char *what, uint64_t found, uint64_t mask, uint64_t expected)
{
	bool good = (found & mask) == expected;

	print("entry: %s = 0x%lx%s\n", what, found, good ? "" : " (UNEXPECTED)");
	failures += !good;
}

static void check_registers(void)
{
	const struct entry_registers *r = &entry_registers;

	check("other registers, or-ed",
	      r->rax | r->rbx | r->rcx | r->rdx | r->rsi | r->rbp | r->r8 | r->r9 | r->r10 |
		      r->r11 | r->r12 | r->r13 | r->r14 | r->r15,
	      UINT64_MAX, 0);
	check("rdi (boot info)", r->rdi, 7, 0);
	check("rsp", r->rsp, UINT64_MAX, guest_memory_size() - 8);
}

/* On Muen a subject may not look at these. Bits that an environment may choose are left out. */
#ifdef GUEST_HVT
static void check_control_registers(void)
{
	uint64_t cr0, cr3, cr4, rflags;

	__asm__ __volatile__("movq %%cr0, %0\n\tmovq %%cr3, %1\n\tmovq %%cr4, %2\n\t"
			     "pushfq\n\tpopq %3"
			     : "=r"(cr0), "=r"(cr3), "=r"(cr4), "=r"(rflags));
	check("cr0 (PG WP NE PE, not TS EM)", cr0, 0x8001002d, 0x80010021);
	check("cr3", cr3, UINT64_MAX, 0x2000);
	check("cr4 (OSXMMEXCPT OSFXSR PAE)", cr4, 0x620, 0x620);
	check("efer (LMA LME)", cpu_read_msr(MSR_EFER), 0x500, 0x500);
	check("rflags (IF clear)", rflags, RFLAGS_INTERRUPTS, 0);
}
#else
static void check_control_registers(void)
{
	uint64_t rflags;

	__asm__ __volatile__("pushfq\n\tpopq %0" : "=r"(rflags));
	check("rflags (IF clear)", rflags, RFLAGS_INTERRUPTS, 0);
}
#endif

int solo5_app_main(const struct solo5_start_info *info)
{
	(void)info;
	check_registers();
	check_control_registers();
	print(failures ? "FAILURE\n" : "SUCCESS\n");
	return failures ? SOLO5_EXIT_FAILURE : SOLO5_EXIT_SUCCESS;
}
