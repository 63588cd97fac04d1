/* What the stand-in kernel does in a subject's stead: instructions that trap, and exceptions. */
#include "tests/unit/standin_vcpu.h"
#include "tests/unit/support.h"

#include <string.h>

#define GDT 0x11000u
#define IDT 0x11100u
#define TASK 0x11800u
#define POINTER 0x11900u /* of LGDT and its kin */
#define STACK 0x12000u
#define IST 0x13008u /* not aligned */
#define HANDLER 0x10200u

#define CODE 0x00af9b000000ffffull
#define DATA 0x00cf93000000ffffull

static struct fake_vcpu fake;
static struct insn insn;

static uint64_t *words_at(uint64_t address)
{
	return (uint64_t *)fake_vcpu_at(&fake, address);
}

/* A gate for the vector that leads to HANDLER + vector. */
static void set_gate(unsigned vector, unsigned ist, unsigned type)
{
	uint64_t *gate = words_at(IDT + vector * 16), handler = HANDLER + vector;

	gate[0] = (handler & 0xffff) | 0x08u << 16 | (uint64_t)ist << 32 | (uint64_t)type << 40 |
		  (handler >> 16) << 48;
	gate[1] = handler >> 32;
}

/* A subject as Solo5's bindings have set it up. */
static void setup(void)
{
	fake_vcpu_init(&fake);
	fake.frame.rsp = STACK;
	words_at(GDT)[1] = CODE;
	words_at(GDT)[2] = DATA;
	words_at(GDT)[3] = 0x67 | (uint64_t)(TASK & 0xffffff) << 16 | 0x89ull << 40;
	fake.vcpu.gdt = (struct vcpu_table){ GDT, 5 * 8 - 1, true };
	fake.vcpu.idt = (struct vcpu_table){ IDT, 48 * 16 - 1, true };
	fake.vcpu.task = (struct vcpu_table){ TASK, 0x67, true };
	memcpy(fake_vcpu_at(&fake, TASK + 36), &(uint64_t){ IST }, 8);
	for (unsigned i = 0; i < 32; i++)
		set_gate(i, i == VECTOR_DF, 0x8e);
}

static enum vcpu_step step(const char *bytes, size_t length)
{
	memcpy(fake_vcpu_at(&fake, fake.frame.rip), bytes, length);
	return fake_vcpu_step(&fake, &insn);
}

#define STEP(bytes) step(bytes, sizeof(bytes) - 1)

static void check_exception(enum vcpu_step result, unsigned vector, uint64_t error_code)
{
	ck_assert_int_eq(result, STEP_EXCEPTION);
	ck_assert_uint_eq(fake.vcpu.exception.vector, vector);
	ck_assert_uint_eq(fake.vcpu.exception.error_code, error_code);
	ck_assert_uint_eq(fake.frame.rip, FAKE_MEMORY);
}

static void check_done(enum vcpu_step result, uint64_t rip)
{
	ck_assert_int_eq(result, STEP_DONE);
	ck_assert_uint_eq(fake.frame.rip, rip);
}

/* ---- tables and segments -------------------------------------------------------------------- */

START_TEST(test_tables)
{
	static const char pointer[] = "\x27\x00\x00\x20\x01\x00\x00\x00\x00\x00";

	memcpy(fake_vcpu_at(&fake, POINTER), pointer, 10);
	fake.frame.gpr[RDI] = POINTER;
	check_done(STEP("\x0f\x01\x17"), FAKE_MEMORY + 3);
	ck_assert_uint_eq(fake.vcpu.gdt.base, 0x12000);
	ck_assert_uint_eq(fake.vcpu.gdt.limit, 0x27);
	check_done(STEP("\x0f\x01\x1f"), FAKE_MEMORY + 6);
	ck_assert_uint_eq(fake.vcpu.idt.base, 0x12000);
}
END_TEST

START_TEST(test_tables_refused)
{
	fake.frame.gpr[RDI] = FAKE_MEMORY + FAKE_SIZE - 9;
	check_exception(STEP("\x0f\x01\x17"), VECTOR_PF, 0);
	fake.frame.gpr[RDI] = POINTER;
	memset(fake_vcpu_at(&fake, POINTER), 0x7f, 10);
	check_exception(STEP("\x0f\x01\x1f"), VECTOR_GP, 0);
	ck_assert_uint_eq(fake.vcpu.idt.base, IDT);
}
END_TEST

START_TEST(test_task)
{
	fake.vcpu.task.loaded = false;
	fake.frame.gpr[RAX] = 0x18;
	check_done(STEP("\x0f\x00\xd8"), FAKE_MEMORY + 3);
	ck_assert_uint_eq(fake.vcpu.task.base, TASK);
	ck_assert_uint_eq(fake.vcpu.task.limit, 0x67);
	fake.frame.rip = FAKE_MEMORY; /* it is busy now */
	check_exception(STEP("\x0f\x00\xd8"), VECTOR_GP, 0x18);
	fake.frame.gpr[RAX] = 0;
	check_exception(STEP("\x0f\x00\xd8"), VECTOR_GP, 0);
	fake.frame.gpr[RAX] = 0x20; /* its second half lies behind the table */
	check_exception(STEP("\x0f\x00\xd8"), VECTOR_GP, 0x20);
}
END_TEST

/* The segment register, the selector, and what loading it raises; 0: it is loaded. */
static const struct {
	unsigned segment, selector, vector;
	uint64_t error_code;
} loads[] = {
	{ SEGMENT_SS, 0x10, 0, 0 },
	{ SEGMENT_DS, 0x10, 0, 0 },
	{ SEGMENT_ES, 0x08, 0, 0 }, /* code that can be read */
	{ SEGMENT_DS, 0x00, 0, 0 },
	{ SEGMENT_DS, 0x50, VECTOR_GP, 0x50 },
	{ SEGMENT_SS, 0x08, VECTOR_GP, 0x08 },
	{ SEGMENT_SS, 0x13, VECTOR_GP, 0x10 },
	{ SEGMENT_DS, 0x18, VECTOR_GP, 0x18 },
	{ SEGMENT_DS, 0x14, VECTOR_GP, 0x14 },
	{ SEGMENT_DS, 0x20, VECTOR_NP, 0x20 },
	{ SEGMENT_SS, 0x20, VECTOR_SS, 0x20 },
};

START_TEST(test_segments)
{
	char bytes[] = { (char)0x8e, (char)(0xc0 | loads[_i].segment << 3) };

	words_at(GDT)[4] = DATA & ~(1ull << 47);
	fake.frame.gpr[RAX] = loads[_i].selector;
	if (loads[_i].vector)
		check_exception(step(bytes, 2), loads[_i].vector, loads[_i].error_code);
	else
		check_done(step(bytes, 2), FAKE_MEMORY + 2);
	if (loads[_i].segment == SEGMENT_SS && !loads[_i].vector)
		ck_assert_uint_eq(fake.vcpu.ss, loads[_i].selector);
}
END_TEST

START_TEST(test_segment_bases)
{
	words_at(GDT)[2] = DATA | 0x345678ull << 16 | 0x12ull << 56;
	fake.frame.gpr[RAX] = 0x10;
	check_done(STEP("\x8e\xe0"), FAKE_MEMORY + 2);
	ck_assert_uint_eq(fake.fs_base, 0x12345678);
	fake.frame.rsp = STACK;
	words_at(STACK)[0] = 0x10;
	check_done(STEP("\x0f\xa9"), FAKE_MEMORY + 4);
	ck_assert_uint_eq(fake.gs_base, 0x12345678);
	ck_assert_uint_eq(fake.frame.rsp, STACK + 8);
}
END_TEST

/* ---- jumps
 * --------------------------------------------------------------------------------------- */

START_TEST(test_far_return)
{
	words_at(STACK)[0] = 0x10300;
	words_at(STACK)[1] = 0x08;
	fake.vcpu.cs = 0x28;
	check_done(STEP("\x48\xca\x20\x00"), 0x10300);
	ck_assert_uint_eq(fake.vcpu.cs, 0x08);
	ck_assert_uint_eq(fake.frame.rsp, STACK + 16 + 0x20);
}
END_TEST

/* Selector and address on the stack, and what a far return raises. */
static const struct {
	uint64_t selector, address, error_code;
} returns[] = {
	{ 0x00, 0x10300, 0 },	    { 0x10, 0x10300, 0x10 }, { 0x0b, 0x10300, 0x08 },
	{ 0x50, 0x10300, 0x50 },    { 0x0c, 0x10300, 0x0c }, { 0x08, 1ull << 47, 0 },
	{ 0x08, ~(1ull << 47), 0 },
};

START_TEST(test_far_return_refused)
{
	words_at(STACK)[0] = returns[_i].address;
	words_at(STACK)[1] = returns[_i].selector;
	check_exception(STEP("\x48\xcb"), VECTOR_GP, returns[_i].error_code);
	ck_assert_uint_eq(fake.frame.rsp, STACK);
}
END_TEST

START_TEST(test_far_jump)
{
	words_at(POINTER)[0] = 0x10300;
	words_at(POINTER)[1] = 0x08;
	fake.frame.gpr[RAX] = POINTER;
	check_done(STEP("\x48\xff\x28"), 0x10300);
	fake.frame.rip = FAKE_MEMORY;
	words_at(POINTER)[0] = 0x10400 | 0x08ull << 32;
	check_done(STEP("\xff\x28"), 0x10400);
}
END_TEST

START_TEST(test_interrupt_return)
{
	const uint64_t frame[5] = { 0x10300, 0x08, 0x3002 | RFLAGS_DF, 0x12345, 0x10 };

	memcpy(words_at(STACK), frame, sizeof(frame));
	fake.vcpu.ss = 0;
	fake.vcpu.interrupts = true;
	check_done(STEP("\x48\xcf"), 0x10300);
	ck_assert_uint_eq(fake.frame.rsp, 0x12345);
	ck_assert_uint_eq(fake.vcpu.ss, 0x10);
	ck_assert(!fake.vcpu.interrupts);
	/* What the kernel needs stays, what it must not grant is not taken. */
	ck_assert_uint_eq(fake.frame.rflags, RFLAGS_RESERVED | RFLAGS_IF | RFLAGS_DF);
	fake.frame.rip = FAKE_MEMORY;
	fake.frame.rsp = FAKE_MEMORY + FAKE_SIZE - 32;
	check_exception(STEP("\x48\xcf"), VECTOR_PF, 0);
}
END_TEST

/* ---- registers
 * ------------------------------------------------------------------------------------ */

START_TEST(test_msrs)
{
	fake.frame.gpr[RCX] = MSR_FS_BASE;
	fake.frame.gpr[RAX] = 0xffffffff12345678;
	fake.frame.gpr[RDX] = 0x7fff;
	check_done(STEP("\x0f\x30"), FAKE_MEMORY + 2);
	ck_assert_uint_eq(fake.fs_base, 0x7fff12345678);
	check_done(STEP("\x0f\x32"), FAKE_MEMORY + 4);
	ck_assert_uint_eq(fake.frame.gpr[RAX], 0x12345678);
	ck_assert_uint_eq(fake.frame.gpr[RDX], 0x7fff);
	fake.frame.rip = FAKE_MEMORY;
	fake.frame.gpr[RDX] = 0x8000; /* would be a fault of the kernel's */
	check_exception(STEP("\x0f\x30"), VECTOR_GP, 0);
	fake.frame.gpr[RCX] = MSR_EFER;
	check_done(STEP("\x0f\x30"), FAKE_MEMORY + 2);
	check_done(STEP("\x0f\x32"), FAKE_MEMORY + 4);
	ck_assert_uint_eq(fake.frame.gpr[RAX] | fake.frame.gpr[RDX], 0);
	ck_assert_uint_eq(fake.ignored, 2);
}
END_TEST

START_TEST(test_control_registers)
{
	fake.vcpu.cr2 = 0x123456;
	check_done(STEP("\x0f\x20\xd0"), FAKE_MEMORY + 3);
	ck_assert_uint_eq(fake.frame.gpr[RAX], 0x123456);
	check_done(STEP("\x0f\x20\xd4"), FAKE_MEMORY + 6); /* to RSP */
	ck_assert_uint_eq(fake.frame.rsp, 0x123456);
	fake.frame.gpr[RBX] = 7;
	check_done(STEP("\x0f\x22\xd3"), FAKE_MEMORY + 9);
	ck_assert_uint_eq(fake.vcpu.cr2, 7);
	ck_assert_int_eq(STEP("\x0f\x20\xd8"), STEP_REFUSED);
	ck_assert_int_eq(STEP("\x0f\x22\xc0"), STEP_REFUSED);
}
END_TEST

START_TEST(test_small_ones)
{
	check_done(STEP("\xfb"), FAKE_MEMORY + 1);
	ck_assert(fake.vcpu.interrupts);
	check_done(STEP("\xfa"), FAKE_MEMORY + 2);
	ck_assert(!fake.vcpu.interrupts);
	ck_assert_int_eq(STEP("\x0f\x01\xc1"), STEP_CALL);
	ck_assert_uint_eq(fake.frame.rip, FAKE_MEMORY + 5);
	ck_assert_int_eq(STEP("\xf4"), STEP_HALT);
	ck_assert_int_eq(STEP("\xe4\x60"), STEP_REFUSED);
	ck_assert_int_eq(STEP("\x90"), STEP_EXCEPTION);
}
END_TEST

/* ---- exceptions
 * ------------------------------------------------------------------------------------ */

static enum vcpu_step deliver(unsigned vector, uint64_t error_code, uint64_t address)
{
	fake.vcpu.exception = (struct vcpu_exception){ vector, error_code, address };
	return vcpu_deliver(&fake.vcpu, false);
}

START_TEST(test_page_fault)
{
	const uint64_t expected[6] = { 3,	  FAKE_MEMORY, 0x08, RFLAGS_RESERVED | RFLAGS_AC,
				       STACK + 5, 0x10 };

	fake.frame.rsp = STACK + 5;
	fake.frame.rflags |= RFLAGS_AC;
	check_done(deliver(VECTOR_PF, 3, 0x200000), HANDLER + VECTOR_PF);
	ck_assert_uint_eq(fake.vcpu.cr2, 0x200000);
	ck_assert_uint_eq(fake.frame.rsp, STACK - 48);
	ck_assert_mem_eq(words_at(fake.frame.rsp), expected, sizeof(expected));
}
END_TEST

START_TEST(test_exception_without_code)
{
	fake.vcpu.interrupts = true;
	fake.frame.rflags |= RFLAGS_TF;
	set_gate(VECTOR_UD, 1, 0x8f); /* a trap gate with a stack of its own */
	check_done(deliver(VECTOR_UD, 0, 0), HANDLER + VECTOR_UD);
	ck_assert_uint_eq(fake.frame.rsp, (IST & ~15ull) - 40);
	ck_assert_uint_eq(words_at(fake.frame.rsp)[0], FAKE_MEMORY);
	ck_assert_uint_eq(words_at(fake.frame.rsp)[2], RFLAGS_RESERVED | RFLAGS_TF | RFLAGS_IF);
	ck_assert(fake.vcpu.interrupts);
	ck_assert(!(fake.frame.rflags & RFLAGS_TF));
}
END_TEST

/* A stack that cannot be written becomes a double fault, on its own stack. */
START_TEST(test_double_fault)
{
	fake.frame.rsp = FAKE_WRITABLE;
	check_done(deliver(VECTOR_DB, 0, 0), HANDLER + VECTOR_DF);
	ck_assert_uint_eq(words_at(fake.frame.rsp)[0], 0);
	ck_assert_uint_eq(words_at(fake.frame.rsp)[4], FAKE_WRITABLE);
}
END_TEST

enum damage { NO_IDT, SHORT_IDT, NO_GATES, CALL_GATES, OTHER_CODE, NO_TASK, WILD_HANDLER };

START_TEST(test_shutdown)
{
	const struct vcpu_table none = { 0, 0, false };

	for (unsigned i = 0; i < 32; i++) {
		uint64_t *gate = words_at(IDT + i * 16);

		if (_i == NO_GATES)
			set_gate(i, 0, 0x0e);
		else if (_i == CALL_GATES)
			set_gate(i, 0, 0x8c);
		else if (_i == OTHER_CODE)
			gate[0] ^= 0x20u << 16;
		else if (_i == NO_TASK)
			set_gate(i, 1, 0x8e);
		else if (_i == WILD_HANDLER)
			gate[1] = 0x8000;
	}
	if (_i == NO_IDT)
		fake.vcpu.idt = none;
	else if (_i == SHORT_IDT)
		fake.vcpu.idt.limit = 8 * 16 - 1;
	else if (_i == NO_TASK)
		fake.vcpu.task = none;
	ck_assert_int_eq(deliver(VECTOR_GP, 0, 0), STEP_SHUTDOWN);
}
END_TEST

START_TEST(test_software_interrupt)
{
	set_gate(32, 0, 0x8e);
	check_done(STEP("\xcd\x20"), HANDLER + 32);
	ck_assert_uint_eq(words_at(fake.frame.rsp)[0], FAKE_MEMORY + 2);
	fake.frame.rip = FAKE_MEMORY;
	check_done(STEP("\xcd\x0e"), HANDLER + 14); /* without an error code */
	ck_assert_uint_eq(words_at(fake.frame.rsp)[0], FAKE_MEMORY + 2);
	fake.frame.rip = FAKE_MEMORY;
	check_exception(STEP("\xcd\x80"), VECTOR_GP, 0x80 * 8 + 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("standin_emulate");
	TCase *tests = tcase_create("emulate");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, test_tables);
	tcase_add_test(tests, test_tables_refused);
	tcase_add_test(tests, test_task);
	tcase_add_loop_test(tests, test_segments, 0, sizeof(loads) / sizeof(loads[0]));
	tcase_add_test(tests, test_segment_bases);
	tcase_add_test(tests, test_far_return);
	tcase_add_loop_test(tests, test_far_return_refused, 0,
			    sizeof(returns) / sizeof(returns[0]));
	tcase_add_test(tests, test_far_jump);
	tcase_add_test(tests, test_interrupt_return);
	tcase_add_test(tests, test_msrs);
	tcase_add_test(tests, test_control_registers);
	tcase_add_test(tests, test_small_ones);
	tcase_add_test(tests, test_page_fault);
	tcase_add_test(tests, test_exception_without_code);
	tcase_add_test(tests, test_double_fault);
	tcase_add_loop_test(tests, test_shutdown, NO_IDT, WILD_HANDLER + 1);
	tcase_add_test(tests, test_software_interrupt);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
