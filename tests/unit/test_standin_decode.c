/* The stand-in kernel's instruction decoder, against encodings as an assembler makes them. */
#include "image/standin/decode.h"
#include "tests/unit/support.h"

#include <stdlib.h>
#include <string.h>

struct sample {
	const char *text; /* of the instruction */
	unsigned char bytes[INSN_MAX];
	unsigned length;
	enum insn_kind kind;
	unsigned number, operand;
};

static const struct sample samples[] = {
	{ "lgdt (%rdi)", { 0x0f, 0x01, 0x17 }, 3, INSN_LOAD_GDT, 0, 4 },
	{ "lgdt 0x205000", { 0x0f, 0x01, 0x14, 0x25, 0, 0x50, 0x20, 0 }, 8, INSN_LOAD_GDT, 0, 4 },
	{ "lidt 8(%rsp)", { 0x0f, 0x01, 0x5c, 0x24, 8 }, 5, INSN_LOAD_IDT, 0, 4 },
	{ "sidt (%rdi)", { 0x0f, 0x01, 0x0f }, 3, INSN_OTHER, 0, 4 },
	{ "ltr %ax", { 0x0f, 0x00, 0xd8 }, 3, INSN_LOAD_TASK, 0, 4 },
	{ "lldt %ax", { 0x0f, 0x00, 0xd0 }, 3, INSN_REFUSED, 0, 4 },
	{ "verr %ax", { 0x0f, 0x00, 0xe0 }, 3, INSN_OTHER, 0, 4 },
	{ "movl %eax, %ss", { 0x8e, 0xd0 }, 2, INSN_LOAD_SEGMENT, SEGMENT_SS, 4 },
	{ "movl %r8d, %gs", { 0x41, 0x8e, 0xe8 }, 3, INSN_LOAD_SEGMENT, SEGMENT_GS, 4 },
	{ "mov to %cs", { 0x8e, 0xc8 }, 2, INSN_OTHER, SEGMENT_CS, 4 },
	{ "popq %fs", { 0x0f, 0xa1 }, 2, INSN_POP_SEGMENT, SEGMENT_FS, 4 },
	{ "popq %gs", { 0x0f, 0xa9 }, 2, INSN_POP_SEGMENT, SEGMENT_GS, 4 },
	{ "lretq", { 0x48, 0xcb }, 2, INSN_FAR_RETURN, 0, 8 },
	{ "lret", { 0xcb }, 1, INSN_FAR_RETURN, 0, 4 },
	{ "lretw", { 0x66, 0xcb }, 2, INSN_FAR_RETURN, 0, 2 },
	{ "lretq $0x110", { 0x48, 0xca, 0x10, 0x01 }, 4, INSN_FAR_RETURN, 0x110, 8 },
	{ "ljmp *(%rax)", { 0x48, 0xff, 0x28 }, 3, INSN_FAR_JUMP, 0, 8 },
	{ "jmp *(%rax)", { 0xff, 0x20 }, 2, INSN_OTHER, 0, 4 },
	{ "iretq", { 0x48, 0xcf }, 2, INSN_INTERRUPT_RETURN, 0, 8 },
	{ "int $0x80", { 0xcd, 0x80 }, 2, INSN_INTERRUPT, 0x80, 4 },
	{ "rdmsr", { 0x0f, 0x32 }, 2, INSN_READ_MSR, 0, 4 },
	{ "wrmsr", { 0x0f, 0x30 }, 2, INSN_WRITE_MSR, 0, 4 },
	{ "movq %cr2, %rax", { 0x0f, 0x20, 0xd0 }, 3, INSN_READ_CR, 2, 8 },
	{ "movq %cr8, %r9", { 0x45, 0x0f, 0x20, 0xc1 }, 4, INSN_READ_CR, 8, 8 },
	{ "movq %rax, %cr3", { 0x0f, 0x22, 0xd8 }, 3, INSN_WRITE_CR, 3, 8 },
	{ "movq %rax, %dr7", { 0x0f, 0x23, 0xf8 }, 3, INSN_REFUSED, 7, 8 },
	{ "cli", { 0xfa }, 1, INSN_CLI, 0, 4 },
	{ "sti", { 0xfb }, 1, INSN_STI, 0, 4 },
	{ "hlt", { 0xf4 }, 1, INSN_HLT, 0, 4 },
	{ "vmcall", { 0x0f, 0x01, 0xc1 }, 3, INSN_VMCALL, 0, 4 },
	{ "vmmcall", { 0x0f, 0x01, 0xd9 }, 3, INSN_OTHER, 0, 4 },
	{ "swapgs", { 0x0f, 0x01, 0xf8 }, 3, INSN_REFUSED, 0, 4 },
	{ "invlpg (%rax)", { 0x0f, 0x01, 0x38 }, 3, INSN_REFUSED, 0, 4 },
	{ "lmsw %ax", { 0x0f, 0x01, 0xf0 }, 3, INSN_REFUSED, 0, 4 },
	{ "wbinvd", { 0x0f, 0x09 }, 2, INSN_REFUSED, 0, 4 },
	{ "rdpmc", { 0x0f, 0x33 }, 2, INSN_REFUSED, 0, 4 },
	{ "inb $0x60, %al", { 0xe4, 0x60 }, 2, INSN_REFUSED, 0, 4 },
	{ "outl %eax, %dx", { 0xef }, 1, INSN_REFUSED, 0, 4 },
	{ "rep outsb", { 0xf3, 0x6e }, 2, INSN_REFUSED, 0, 4 },
	{ "movb (%rdi), %al", { 0x8a, 0x07 }, 1, INSN_OTHER, 0, 4 },
	{ "ud2", { 0x0f, 0x0b }, 2, INSN_OTHER, 0, 4 },
	/* A REX prefix in front of another prefix does not count. */
	{ "rex.w; data16; lret", { 0x48, 0x66, 0xcb }, 3, INSN_FAR_RETURN, 0, 2 },
};

START_TEST(test_kinds)
{
	const struct sample *sample = &samples[_i];
	struct insn insn;

	ck_assert_msg(insn_decode(sample->bytes, INSN_MAX, &insn), "%s", sample->text);
	ck_assert_msg(insn.kind == sample->kind, "%s: kind %d", sample->text, (int)insn.kind);
	ck_assert_msg(insn.length == sample->length, "%s: %u bytes", sample->text, insn.length);
	ck_assert_msg(insn.operand == sample->operand, "%s: operand %u", sample->text,
		      insn.operand);
	if (insn.kind != INSN_OTHER)
		ck_assert_msg(insn.number == sample->number, "%s: number %u", sample->text,
			      insn.number);
}
END_TEST

/* Cut anywhere, it is not complete, and no byte behind its end is looked at. */
START_TEST(test_cut)
{
	const struct sample *sample = &samples[_i];
	struct insn insn;

	for (unsigned length = 0; length < sample->length; length++) {
		unsigned char *bytes = malloc(length ? length : 1);

		memcpy(bytes, sample->bytes, length);
		ck_assert_msg(!insn_decode(bytes, length, &insn), "%s at %u", sample->text, length);
		free(bytes);
	}
}
END_TEST

START_TEST(test_prefixes_without_end)
{
	unsigned char bytes[64];
	struct insn insn;

	memset(bytes, 0x66, sizeof(bytes));
	ck_assert(!insn_decode(bytes, sizeof(bytes), &insn));
	ck_assert_uint_eq(insn.length, INSN_MAX);
}
END_TEST

/* ---- addresses ------------------------------------------------------------------------------ */

#define RIP 0x200000u
#define SEGMENT_BASE 0x7000000u

/* Registers hold 0x1000 times their number. */
static const struct {
	const char *text;
	unsigned char bytes[INSN_MAX];
	uint64_t address;
} addresses[] = {
	{ "lgdt (%rdi)", { 0x0f, 0x01, 0x17 }, 0x7000 },
	{ "lgdt (%r15)", { 0x41, 0x0f, 0x01, 0x17 }, 0xf000 },
	{ "lgdt -8(%rbp)", { 0x0f, 0x01, 0x55, 0xf8 }, 0x4ff8 },
	{ "lgdt 0x12345678(%rcx)", { 0x0f, 0x01, 0x91, 0x78, 0x56, 0x34, 0x12 }, 0x12346678 },
	{ "lgdt 0x10(%rip)", { 0x0f, 0x01, 0x15, 0x10, 0, 0, 0 }, RIP + 7 + 0x10 },
	{ "lgdt (%rsp)", { 0x0f, 0x01, 0x14, 0x24 }, 0x4000 },
	{ "lgdt (%r12)", { 0x41, 0x0f, 0x01, 0x14, 0x24 }, 0xc000 },
	{ "lgdt (%rax,%rbx,4)", { 0x0f, 0x01, 0x14, 0x98 }, 0xc000 },
	{ "lgdt 1(%r8,%r9,8)", { 0x43, 0x0f, 0x01, 0x54, 0xc8, 1 }, 0x50001 },
	{ "lgdt 0x40(,%rcx,2)", { 0x0f, 0x01, 0x14, 0x4d, 0x40, 0, 0, 0 }, 0x2040 },
	{ "lgdt 0x205000", { 0x0f, 0x01, 0x14, 0x25, 0, 0x50, 0x20, 0 }, 0x205000 },
	{ "lgdt %fs:(%rdi)", { 0x64, 0x0f, 0x01, 0x17 }, SEGMENT_BASE + 0x7000 },
	{ "lgdt -0x8000(%edi)", { 0x67, 0x0f, 0x01, 0x97, 0, 0x80, 0xff, 0xff }, 0xfffff000 },
};

START_TEST(test_addresses)
{
	uint64_t gpr[16];
	struct insn insn;

	for (unsigned i = 0; i < 16; i++)
		gpr[i] = 0x1000 * i;
	ck_assert(insn_decode(addresses[_i].bytes, INSN_MAX, &insn));
	ck_assert(insn.kind == INSN_LOAD_GDT && insn.memory);
	ck_assert_msg(insn_address(&insn, gpr, RIP, SEGMENT_BASE) == addresses[_i].address,
		      "%s: %llx", addresses[_i].text,
		      (unsigned long long)insn_address(&insn, gpr, RIP, SEGMENT_BASE));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("standin_decode");
	TCase *tests = tcase_create("decode");

	tcase_add_loop_test(tests, test_kinds, 0, sizeof(samples) / sizeof(samples[0]));
	tcase_add_loop_test(tests, test_cut, 0, sizeof(samples) / sizeof(samples[0]));
	tcase_add_test(tests, test_prefixes_without_end);
	tcase_add_loop_test(tests, test_addresses, 0, sizeof(addresses) / sizeof(addresses[0]));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
