#include "image/standin/vcpu.h"

#define CPL_MASK 3u
#define SELECTOR_TABLE 4u /* names the LDT */

#define DESCRIPTOR_PRESENT (1ull << 47)
#define DESCRIPTOR_DPL (3ull << 45)
#define DESCRIPTOR_SEGMENT (1ull << 44) /* code or data; else a system descriptor */
#define DESCRIPTOR_CODE (1ull << 43)
#define DESCRIPTOR_WRITABLE (1ull << 41) /* data; code: readable */
#define DESCRIPTOR_LONG (1ull << 53)
#define DESCRIPTOR_TYPE(descriptor) ((descriptor) >> 40 & 15)
#define TYPE_TASK_FREE 9u
#define TYPE_TASK_BUSY 11u

#define FLAGS_LOADABLE 0x254dd5ull /* what IRET takes: CF PF AF ZF SF TF DF OF NT RF AC ID */

static enum vcpu_step raise(struct vcpu *vcpu, unsigned vector, uint64_t error_code)
{
	vcpu->exception = (struct vcpu_exception){ vector, error_code, 0 };
	return STEP_EXCEPTION;
}

static enum vcpu_step next(struct vcpu *vcpu, const struct insn *insn)
{
	vcpu->frame->rip += insn->length;
	return STEP_DONE;
}

static uint64_t operand_address(const struct vcpu *vcpu, const struct insn *insn)
{
	uint64_t base = insn->segment >= 0 ? vcpu_segment_base((unsigned)insn->segment) : 0;

	return insn_address(insn, vcpu->frame->gpr, vcpu->frame->rip, base);
}

/* ---- descriptor tables ---------------------------------------------------------------------- */

static enum vcpu_step load_table(struct vcpu *vcpu, const struct insn *insn,
				 struct vcpu_table *table)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) value;

	if (!vcpu_access(vcpu, operand_address(vcpu, insn), &value, sizeof(value), false))
		return STEP_EXCEPTION;
	if (!vcpu_is_canonical(value.base))
		return raise(vcpu, VECTOR_GP, 0);
	*table = (struct vcpu_table){ value.base, value.limit, true };
	return next(vcpu, insn);
}

/* The descriptor that a selector of the subject names: `words` of 8 bytes. */
static enum vcpu_step read_descriptor(struct vcpu *vcpu, uint16_t selector, unsigned words,
				      uint64_t *descriptor)
{
	uint32_t offset = selector & ~7u;

	if (selector & SELECTOR_TABLE || offset + words * 8 - 1 > vcpu->gdt.limit)
		return raise(vcpu, VECTOR_GP, selector & ~CPL_MASK);
	if (!vcpu_access(vcpu, vcpu->gdt.base + offset, descriptor, words * 8, false))
		return STEP_EXCEPTION;
	return STEP_DONE;
}

static uint64_t descriptor_base(uint64_t descriptor)
{
	return (descriptor >> 16 & 0xffffff) | (descriptor >> 32 & 0xff000000);
}

/* Whether the selector names 64-bit code of privilege level 0. */
static enum vcpu_step check_code(struct vcpu *vcpu, uint16_t selector)
{
	const uint64_t wanted = DESCRIPTOR_SEGMENT | DESCRIPTOR_CODE | DESCRIPTOR_LONG;
	enum vcpu_step step;
	uint64_t descriptor;

	if (!(selector & ~CPL_MASK))
		return raise(vcpu, VECTOR_GP, 0);
	step = read_descriptor(vcpu, selector, 1, &descriptor);
	if (step != STEP_DONE)
		return step;
	if ((descriptor & (wanted | DESCRIPTOR_DPL)) != wanted || selector & CPL_MASK)
		return raise(vcpu, VECTOR_GP, selector & ~CPL_MASK);
	if (!(descriptor & DESCRIPTOR_PRESENT))
		return raise(vcpu, VECTOR_NP, selector & ~CPL_MASK);
	return STEP_DONE;
}

/* Whether the selector may be loaded into the data segment register. */
static enum vcpu_step check_data(struct vcpu *vcpu, unsigned segment, uint16_t selector,
				 uint64_t *descriptor)
{
	bool stack = segment == SEGMENT_SS, readable;
	enum vcpu_step step;

	*descriptor = 0;
	if (!(selector & ~CPL_MASK)) /* at level 0 the stack's may be null, too */
		return STEP_DONE;
	step = read_descriptor(vcpu, selector, 1, descriptor);
	if (step != STEP_DONE)
		return step;
	readable = !(*descriptor & DESCRIPTOR_CODE) || *descriptor & DESCRIPTOR_WRITABLE;
	if (stack)
		readable = !(*descriptor & DESCRIPTOR_CODE) && *descriptor & DESCRIPTOR_WRITABLE &&
			   !(*descriptor & DESCRIPTOR_DPL) && !(selector & CPL_MASK);
	if (!(*descriptor & DESCRIPTOR_SEGMENT) || !readable)
		return raise(vcpu, VECTOR_GP, selector & ~CPL_MASK);
	if (!(*descriptor & DESCRIPTOR_PRESENT))
		return raise(vcpu, stack ? VECTOR_SS : VECTOR_NP, selector & ~CPL_MASK);
	return STEP_DONE;
}

/* Our own segments stay loaded, flat as theirs; FS and GS have a base. */
static enum vcpu_step load_data(struct vcpu *vcpu, unsigned segment, uint16_t selector)
{
	uint64_t descriptor;
	enum vcpu_step step = check_data(vcpu, segment, selector, &descriptor);

	if (step != STEP_DONE)
		return step;
	if (segment == SEGMENT_SS)
		vcpu->ss = selector;
	if (segment == SEGMENT_FS || segment == SEGMENT_GS)
		vcpu_set_segment_base(segment, descriptor_base(descriptor));
	return STEP_DONE;
}

/* A selector in a register or in memory. */
static enum vcpu_step read_selector(struct vcpu *vcpu, const struct insn *insn, uint16_t *selector)
{
	*selector = (uint16_t)vcpu->frame->gpr[insn->rm];
	if (insn->memory &&
	    !vcpu_access(vcpu, operand_address(vcpu, insn), selector, sizeof(*selector), false))
		return STEP_EXCEPTION;
	return STEP_DONE;
}

static enum vcpu_step load_segment(struct vcpu *vcpu, const struct insn *insn)
{
	uint16_t selector;
	enum vcpu_step step = read_selector(vcpu, insn, &selector);

	if (step == STEP_DONE)
		step = load_data(vcpu, insn->number, selector);
	return step == STEP_DONE ? next(vcpu, insn) : step;
}

static enum vcpu_step load_task(struct vcpu *vcpu, const struct insn *insn)
{
	uint64_t descriptor[2];
	uint16_t selector;
	enum vcpu_step step = read_selector(vcpu, insn, &selector);

	if (step != STEP_DONE)
		return step;
	if (!(selector & ~CPL_MASK))
		return raise(vcpu, VECTOR_GP, 0);
	step = read_descriptor(vcpu, selector, 2, descriptor);
	if (step != STEP_DONE)
		return step;
	if (descriptor[0] & DESCRIPTOR_SEGMENT || DESCRIPTOR_TYPE(descriptor[0]) != TYPE_TASK_FREE)
		return raise(vcpu, VECTOR_GP, selector & ~CPL_MASK);
	if (!(descriptor[0] & DESCRIPTOR_PRESENT))
		return raise(vcpu, VECTOR_NP, selector & ~CPL_MASK);
	vcpu->task = (struct vcpu_table){ descriptor_base(descriptor[0]) | descriptor[1] << 32,
					  (uint32_t)(descriptor[0] & 0xffff), true };
	descriptor[0] |= (uint64_t)(TYPE_TASK_FREE ^ TYPE_TASK_BUSY) << 40;
	if (!vcpu_access(vcpu, vcpu->gdt.base + (selector & ~7u), descriptor, 8, true))
		return STEP_EXCEPTION;
	return next(vcpu, insn);
}

/* ---- the stack ------------------------------------------------------------------------------- */

/* `count` words of `size` bytes at RSP, which stays as it is. */
static bool read_stack(struct vcpu *vcpu, unsigned size, unsigned count, uint64_t *words)
{
	for (unsigned i = 0; i < count; i++) {
		words[i] = 0;
		if (!vcpu_access(vcpu, vcpu->frame->rsp + i * size, &words[i], size, false))
			return false;
	}
	return true;
}

static enum vcpu_step go_to(struct vcpu *vcpu, uint16_t selector, uint64_t address)
{
	enum vcpu_step step = check_code(vcpu, selector);

	if (step != STEP_DONE)
		return step;
	if (!vcpu_is_canonical(address))
		return raise(vcpu, VECTOR_GP, 0);
	vcpu->cs = selector;
	vcpu->frame->rip = address;
	return STEP_DONE;
}

static enum vcpu_step far_return(struct vcpu *vcpu, const struct insn *insn)
{
	enum vcpu_step step;
	uint64_t words[2]; /* RIP, CS */

	if (!read_stack(vcpu, insn->operand, 2, words))
		return STEP_EXCEPTION;
	step = go_to(vcpu, (uint16_t)words[1], words[0]);
	if (step == STEP_DONE)
		vcpu->frame->rsp += 2 * insn->operand + insn->number;
	return step;
}

static enum vcpu_step far_jump(struct vcpu *vcpu, const struct insn *insn)
{
	uint64_t address = operand_address(vcpu, insn), target = 0;
	uint16_t selector;

	if (!vcpu_access(vcpu, address, &target, insn->operand, false) ||
	    !vcpu_access(vcpu, address + insn->operand, &selector, sizeof(selector), false))
		return STEP_EXCEPTION;
	return go_to(vcpu, selector, target);
}

static enum vcpu_step interrupt_return(struct vcpu *vcpu, const struct insn *insn)
{
	struct trap_frame *frame = vcpu->frame;
	uint64_t words[5], descriptor; /* RIP, CS, RFLAGS, RSP, SS */
	enum vcpu_step step;

	if (!read_stack(vcpu, insn->operand, 5, words))
		return STEP_EXCEPTION;
	step = check_data(vcpu, SEGMENT_SS, (uint16_t)words[4], &descriptor);
	if (step == STEP_DONE)
		step = go_to(vcpu, (uint16_t)words[1], words[0]);
	if (step != STEP_DONE)
		return step;
	vcpu->ss = (uint16_t)words[4];
	vcpu->interrupts = words[2] & RFLAGS_IF;
	frame->rsp = words[3];
	frame->rflags = (words[2] & FLAGS_LOADABLE) | RFLAGS_RESERVED | RFLAGS_IF;
	return STEP_DONE;
}

static enum vcpu_step pop_segment(struct vcpu *vcpu, const struct insn *insn)
{
	unsigned size = insn->operand == 2 ? 2 : 8;
	enum vcpu_step step;
	uint64_t word;

	if (!read_stack(vcpu, size, 1, &word))
		return STEP_EXCEPTION;
	step = load_data(vcpu, insn->number, (uint16_t)word);
	if (step != STEP_DONE)
		return step;
	vcpu->frame->rsp += size;
	return next(vcpu, insn);
}

/* ---- registers ------------------------------------------------------------------------------ */

static int segment_of_msr(uint32_t msr)
{
	return msr == MSR_FS_BASE ? SEGMENT_FS : msr == MSR_GS_BASE ? SEGMENT_GS : -1;
}

static enum vcpu_step write_msr_of(struct vcpu *vcpu, const struct insn *insn)
{
	const uint64_t *gpr = vcpu->frame->gpr;
	uint64_t value = gpr[RDX] << 32 | (uint32_t)gpr[RAX];
	int segment = segment_of_msr((uint32_t)gpr[RCX]);

	if (segment < 0)
		vcpu_msr_ignored(vcpu, true, (uint32_t)gpr[RCX]);
	else if (!vcpu_is_canonical(value))
		return raise(vcpu, VECTOR_GP, 0);
	else
		vcpu_set_segment_base((unsigned)segment, value);
	return next(vcpu, insn);
}

static enum vcpu_step read_msr_of(struct vcpu *vcpu, const struct insn *insn)
{
	uint64_t *gpr = vcpu->frame->gpr, value = 0;
	int segment = segment_of_msr((uint32_t)gpr[RCX]);

	if (segment < 0)
		vcpu_msr_ignored(vcpu, false, (uint32_t)gpr[RCX]);
	else
		value = vcpu_segment_base((unsigned)segment);
	gpr[RAX] = (uint32_t)value;
	gpr[RDX] = value >> 32;
	return next(vcpu, insn);
}

/* Trap handlers look at CR2; all the others belong to Muen. */
static enum vcpu_step move_control(struct vcpu *vcpu, const struct insn *insn)
{
	if (insn->number != 2)
		return STEP_REFUSED;
	if (insn->kind == INSN_READ_CR)
		vcpu->frame->gpr[insn->rm] = vcpu->cr2;
	else
		vcpu->cr2 = vcpu->frame->gpr[insn->rm];
	if (insn->kind == INSN_READ_CR && insn->rm == RSP)
		vcpu->frame->rsp = vcpu->cr2;
	return next(vcpu, insn);
}

static enum vcpu_step set_interrupts(struct vcpu *vcpu, const struct insn *insn, bool on)
{
	vcpu->interrupts = on;
	return next(vcpu, insn);
}

static enum vcpu_step interrupt(struct vcpu *vcpu, const struct insn *insn)
{
	uint64_t rip = vcpu->frame->rip;
	enum vcpu_step step;

	next(vcpu, insn);
	vcpu->exception = (struct vcpu_exception){ .vector = insn->number };
	step = vcpu_deliver(vcpu, true);
	if (step == STEP_EXCEPTION)
		vcpu->frame->rip = rip;
	return step;
}

enum vcpu_step vcpu_emulate(struct vcpu *vcpu, const struct insn *insn)
{
	switch (insn->kind) {
	case INSN_OTHER:
		return STEP_EXCEPTION;
	case INSN_LOAD_GDT:
		return load_table(vcpu, insn, &vcpu->gdt);
	case INSN_LOAD_IDT:
		return load_table(vcpu, insn, &vcpu->idt);
	case INSN_LOAD_TASK:
		return load_task(vcpu, insn);
	case INSN_LOAD_SEGMENT:
		return load_segment(vcpu, insn);
	case INSN_POP_SEGMENT:
		return pop_segment(vcpu, insn);
	case INSN_FAR_RETURN:
		return far_return(vcpu, insn);
	case INSN_FAR_JUMP:
		return far_jump(vcpu, insn);
	case INSN_INTERRUPT_RETURN:
		return interrupt_return(vcpu, insn);
	case INSN_INTERRUPT:
		return interrupt(vcpu, insn);
	case INSN_READ_MSR:
		return read_msr_of(vcpu, insn);
	case INSN_WRITE_MSR:
		return write_msr_of(vcpu, insn);
	case INSN_READ_CR:
	case INSN_WRITE_CR:
		return move_control(vcpu, insn);
	case INSN_CLI:
	case INSN_STI:
		return set_interrupts(vcpu, insn, insn->kind == INSN_STI);
	case INSN_HLT:
		return STEP_HALT;
	case INSN_VMCALL:
		next(vcpu, insn);
		return STEP_CALL;
	case INSN_REFUSED:
		return STEP_REFUSED;
	}
	return STEP_EXCEPTION;
}
