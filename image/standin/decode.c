#include "image/standin/decode.h"

#define REX_W 8u
#define REX_R 4u
#define REX_X 2u
#define REX_B 1u

struct cursor {
	const unsigned char *bytes;
	size_t available, used;
	bool short_of; /* more bytes were wanted than there are */
	bool short_operand;
	unsigned rex;
	unsigned modrm;
};

static unsigned take(struct cursor *at)
{
	if (at->used >= at->available || at->used >= INSN_MAX) {
		at->short_of = true;
		return 0;
	}
	return at->bytes[at->used++];
}

/* A signed number of 1 or 4 bytes. */
static int64_t take_signed(struct cursor *at, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)take(at) << (8 * i);
	return size == 1 ? (int8_t)value : (int32_t)value;
}

static unsigned modrm_reg(const struct cursor *at)
{
	return at->modrm >> 3 & 7;
}

/* ---- prefixes and operands ------------------------------------------------------------------ */

/* Returns the first byte of the opcode. A REX prefix counts only right in front of it. */
static unsigned take_prefixes(struct cursor *at, struct insn *insn)
{
	for (;;) {
		unsigned byte = take(at);

		if ((byte & 0xf0) == 0x40) {
			at->rex = byte & 15;
			continue;
		}
		switch (byte) {
		case 0x64:
			insn->segment = SEGMENT_FS;
			break;
		case 0x65:
			insn->segment = SEGMENT_GS;
			break;
		case 0x66:
			at->short_operand = true;
			break;
		case 0x67:
			insn->short_address = true;
			break;
		case 0x26: /* the other segments: without a meaning in 64-bit mode */
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0xf0: /* LOCK, REPNE, REP */
		case 0xf2:
		case 0xf3:
			break;
		default:
			return byte;
		}
		at->rex = 0;
	}
}

static void take_sib(struct cursor *at, struct insn *insn, unsigned mode)
{
	unsigned sib = take(at), index = (sib >> 3 & 7) | (at->rex & REX_X) << 2;

	insn->scale = sib >> 6;
	insn->index = index == 4 ? -1 : (int)index; /* RSP cannot be an index */
	insn->base = (int)((sib & 7) | (at->rex & REX_B) << 3);
	if (mode == 0 && (sib & 7) == 5) {
		insn->base = -1;
		insn->displacement = take_signed(at, 4);
	}
}

static void take_modrm(struct cursor *at, struct insn *insn)
{
	unsigned mode, low;

	at->modrm = take(at);
	mode = at->modrm >> 6;
	low = at->modrm & 7;
	insn->rm = low | (at->rex & REX_B) << 3;
	insn->memory = mode != 3;
	if (!insn->memory)
		return;
	if (low == 4)
		take_sib(at, insn, mode);
	else if (mode == 0 && low == 5)
		insn->rip_relative = true;
	else
		insn->base = (int)insn->rm;
	if (mode == 1)
		insn->displacement = take_signed(at, 1);
	else if (mode == 2 || insn->rip_relative)
		insn->displacement = take_signed(at, 4);
}

/* ---- opcodes -------------------------------------------------------------------------------- */

static void is(struct insn *insn, enum insn_kind kind, const char *name)
{
	insn->kind = kind;
	insn->name = name;
}

static void refused(struct insn *insn, const char *name)
{
	is(insn, INSN_REFUSED, name);
}

/* 0F 00: LLDT, LTR */
static void decode_group6(struct cursor *at, struct insn *insn)
{
	take_modrm(at, insn);
	if (modrm_reg(at) == 2)
		refused(insn, "LLDT");
	else if (modrm_reg(at) == 3)
		is(insn, INSN_LOAD_TASK, "LTR");
}

static void decode_group7_register(const struct cursor *at, struct insn *insn)
{
	if (at->modrm == 0xc1)
		is(insn, INSN_VMCALL, "VMCALL");
	else if (at->modrm == 0xc8)
		refused(insn, "MONITOR");
	else if (at->modrm == 0xc9)
		refused(insn, "MWAIT");
	else if (at->modrm == 0xd1)
		refused(insn, "XSETBV");
	else if (at->modrm == 0xf8)
		refused(insn, "SWAPGS");
	else if (modrm_reg(at) == 6)
		refused(insn, "LMSW");
}

/* 0F 01: LGDT, LIDT, LMSW, INVLPG, and others in the place of registers */
static void decode_group7(struct cursor *at, struct insn *insn)
{
	take_modrm(at, insn);
	if (!insn->memory)
		decode_group7_register(at, insn);
	else if (modrm_reg(at) == 2)
		is(insn, INSN_LOAD_GDT, "LGDT");
	else if (modrm_reg(at) == 3)
		is(insn, INSN_LOAD_IDT, "LIDT");
	else if (modrm_reg(at) == 6)
		refused(insn, "LMSW");
	else if (modrm_reg(at) == 7)
		refused(insn, "INVLPG");
}

/* 0F 20 to 23: control and debug registers. The mode bits are ignored: always registers. */
static void decode_control(struct cursor *at, struct insn *insn, unsigned opcode)
{
	at->modrm = take(at);
	insn->rm = (at->modrm & 7) | (at->rex & REX_B) << 3;
	insn->number = modrm_reg(at) | (at->rex & REX_R) << 1;
	insn->operand = 8;
	if (opcode & 1)
		refused(insn, "MOV of a debug register");
	else if (opcode == 0x20)
		is(insn, INSN_READ_CR, "MOV from a control register");
	else
		is(insn, INSN_WRITE_CR, "MOV to a control register");
}

static void pop_segment(struct insn *insn, unsigned number)
{
	is(insn, INSN_POP_SEGMENT, "POP of a segment register");
	insn->number = number;
}

static void decode_two_bytes(struct cursor *at, struct insn *insn)
{
	unsigned opcode = take(at);

	switch (opcode) {
	case 0x00:
		return decode_group6(at, insn);
	case 0x01:
		return decode_group7(at, insn);
	case 0x06:
		return refused(insn, "CLTS");
	case 0x08:
		return refused(insn, "INVD");
	case 0x09:
		return refused(insn, "WBINVD");
	case 0x20 ... 0x23:
		return decode_control(at, insn, opcode);
	case 0x30:
		return is(insn, INSN_WRITE_MSR, "WRMSR");
	case 0x32:
		return is(insn, INSN_READ_MSR, "RDMSR");
	case 0x33:
		return refused(insn, "RDPMC");
	case 0xa1:
		return pop_segment(insn, SEGMENT_FS);
	case 0xa9:
		return pop_segment(insn, SEGMENT_GS);
	}
}

static void decode_far_return(struct cursor *at, struct insn *insn, bool drops)
{
	is(insn, INSN_FAR_RETURN, "a far return");
	if (drops) {
		insn->number = take(at);
		insn->number |= take(at) << 8;
	}
}

static void decode_one_byte(struct cursor *at, struct insn *insn, unsigned opcode)
{
	switch (opcode) {
	case 0x0f:
		return decode_two_bytes(at, insn);
	case 0x6c ... 0x6f:
		return refused(insn, opcode < 0x6e ? "INS" : "OUTS");
	case 0x8e:
		take_modrm(at, insn);
		insn->number = modrm_reg(at);
		if (insn->number <= SEGMENT_GS && insn->number != SEGMENT_CS)
			is(insn, INSN_LOAD_SEGMENT, "MOV to a segment register");
		return;
	case 0xca:
	case 0xcb:
		return decode_far_return(at, insn, opcode == 0xca);
	case 0xcd:
		is(insn, INSN_INTERRUPT, "INT");
		insn->number = take(at);
		return;
	case 0xcf:
		return is(insn, INSN_INTERRUPT_RETURN, "IRET");
	case 0xe4 ... 0xe7:
		take(at);
		return refused(insn, opcode < 0xe6 ? "IN" : "OUT");
	case 0xec ... 0xef:
		return refused(insn, opcode < 0xee ? "IN" : "OUT");
	case 0xf4:
		return is(insn, INSN_HLT, "HLT");
	case 0xfa:
		return is(insn, INSN_CLI, "CLI");
	case 0xfb:
		return is(insn, INSN_STI, "STI");
	case 0xff:
		take_modrm(at, insn);
		if (insn->memory && modrm_reg(at) == 5)
			is(insn, INSN_FAR_JUMP, "a far jump");
		return;
	}
}

bool insn_decode(const unsigned char *bytes, size_t available, struct insn *insn)
{
	struct cursor at = { .bytes = bytes, .available = available };
	unsigned opcode;

	*insn = (struct insn){
		.name = "an instruction", .base = -1, .index = -1, .segment = -1, .operand = 4
	};
	opcode = take_prefixes(&at, insn);
	if (at.rex & REX_W)
		insn->operand = 8;
	else if (at.short_operand)
		insn->operand = 2;
	if (!at.short_of)
		decode_one_byte(&at, insn, opcode);
	insn->length = (unsigned)at.used;
	return !at.short_of;
}

uint64_t insn_address(const struct insn *insn, const uint64_t gpr[16], uint64_t rip,
		      uint64_t segment_base)
{
	uint64_t address = (uint64_t)insn->displacement;

	if (insn->rip_relative)
		address += rip + insn->length;
	if (insn->base >= 0)
		address += gpr[insn->base];
	if (insn->index >= 0)
		address += gpr[insn->index] << insn->scale;
	if (insn->short_address)
		address = (uint32_t)address;
	return insn->segment >= 0 ? address + segment_base : address;
}
