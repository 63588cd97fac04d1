/* Raises the CPU exception that its argument names: the bindings report it and end the guest with
 * status 255. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

#define NON_CANONICAL 0x800000000000ull
#define UNMAPPED 0x700000000000ull

static void page_fault_read(void)
{
	__asm__ __volatile__("movb (%0), %%al" : : "r"(UNMAPPED) : "rax", "memory");
}

static void page_fault_write(void)
{
	__asm__ __volatile__("movb $1, (%0)" : : "r"(UNMAPPED) : "memory");
}

static void page_fault_execute(void)
{
	__asm__ __volatile__("call *%0" : : "r"(UNMAPPED) : "memory");
}

static void invalid_opcode(void)
{
	__asm__ __volatile__("ud2");
}

static void divide_error(void)
{
	__asm__ __volatile__("divl %0" : : "r"(0), "a"(1), "d"(0) : "cc");
}

/* A selector beyond the GDT: the error code is 0x50. */
static void general_protection(void)
{
	__asm__ __volatile__("movl %0, %%ds" : : "r"(0x50) : "memory");
}

static void general_protection_address(void)
{
	__asm__ __volatile__("movb (%0), %%al" : : "r"(NON_CANONICAL) : "rax", "memory");
}

static void breakpoint(void)
{
	__asm__ __volatile__("int3");
}

/* No IDT: the CPU shuts down. Nothing is reported. */
static void triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) nothing;

	__asm__ __volatile__("lidt %0\n\tud2" : : "m"(nothing));
}

static const struct {
	const char *name;
	void (*raise)(void);
} exceptions[] = {
	{ "pf", page_fault_read },
	{ "pf-write", page_fault_write },
	{ "pf-execute", page_fault_execute },
	{ "ud", invalid_opcode },
	{ "de", divide_error },
	{ "gp", general_protection },
	{ "gp-address", general_protection_address },
	{ "bp", breakpoint },
	{ "triple", triple_fault },
};

int solo5_app_main(const struct solo5_start_info *info)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
		if (strcmp(info->cmdline, exceptions[i].name))
			continue;
		print("exceptions: raising %s\n", exceptions[i].name);
		exceptions[i].raise();
		print("FAILURE: %s did not come\n", exceptions[i].name);
		return SOLO5_EXIT_FAILURE;
	}
	print("exceptions: '%s' is none of:", info->cmdline);
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		print(" %s", exceptions[i].name);
	print("\n");
	return 2;
}
