/* Exceptions go to the subject's own handlers, as the processor would deliver them at privilege
 * level 0 in 64-bit mode: Intel's Software Developer's Manual, volume 3, 6.14. */
#include "image/standin/vcpu.h"

#define GATE_INTERRUPT 14u
#define GATE_TRAP 15u
#define GATE_PRESENT 0x80u
#define TASK_IST 36u /* offset of the first entry of the interrupt stack table */

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};

static bool fail(struct vcpu *vcpu, unsigned vector, uint64_t error_code)
{
	vcpu->exception = (struct vcpu_exception){ vector, error_code, 0 };
	return false;
}

static bool has_error_code(unsigned vector)
{
	return vector < VECTOR_EXCEPTIONS && 0x60227d00u >> vector & 1;
}

static bool read_gate(struct vcpu *vcpu, unsigned vector, struct gate *gate)
{
	const uint64_t in_idt = vector * 8 + 2;
	unsigned type;

	if (vector * sizeof(*gate) + sizeof(*gate) - 1 > vcpu->idt.limit || !vcpu->idt.loaded)
		return fail(vcpu, VECTOR_GP, in_idt);
	if (!vcpu_access(vcpu, vcpu->idt.base + vector * sizeof(*gate), gate, sizeof(*gate), false))
		return false;
	type = gate->type & 31;
	if (type != GATE_INTERRUPT && type != GATE_TRAP)
		return fail(vcpu, VECTOR_GP, in_idt);
	if (!(gate->type & GATE_PRESENT))
		return fail(vcpu, VECTOR_NP, in_idt);
	if (gate->selector != vcpu->cs) /* unikernels have one code segment */
		return fail(vcpu, VECTOR_GP, gate->selector & ~3u);
	return true;
}

static bool choose_stack(struct vcpu *vcpu, const struct gate *gate, uint64_t *stack)
{
	unsigned number = gate->ist & 7;
	uint32_t offset = TASK_IST + (number - 1) * 8;

	*stack = vcpu->frame->rsp;
	if (number) {
		if (!vcpu->task.loaded || offset + 7 > vcpu->task.limit)
			return fail(vcpu, 10 /* #TS */, 0);
		if (!vcpu_access(vcpu, vcpu->task.base + offset, stack, sizeof(*stack), false))
			return false;
	}
	*stack &= ~15ull;
	return true;
}

static bool enter_handler(struct vcpu *vcpu, bool software)
{
	struct trap_frame *frame = vcpu->frame;
	const struct vcpu_exception exception = vcpu->exception;
	bool with_code = !software && has_error_code(exception.vector);
	uint64_t flags = frame->rflags & ~(uint64_t)(RFLAGS_IF | RFLAGS_IOPL);
	uint64_t stack, words[6] = { exception.error_code,
				     frame->rip,
				     vcpu->cs,
				     flags | (vcpu->interrupts ? RFLAGS_IF : 0),
				     frame->rsp,
				     vcpu->ss };
	unsigned first = with_code ? 0 : 1;
	struct gate gate;

	if (!read_gate(vcpu, exception.vector, &gate) || !choose_stack(vcpu, &gate, &stack))
		return false;
	stack -= (6 - first) * 8;
	if (!vcpu_access(vcpu, stack, &words[first], (6 - first) * 8, true))
		return false;
	if (exception.vector == VECTOR_PF && !software)
		vcpu->cr2 = exception.address;
	frame->rsp = stack;
	frame->rip = gate.offset_low | (uint64_t)gate.offset_middle << 16 |
		     (uint64_t)gate.offset_high << 32;
	frame->rflags &= ~(uint64_t)(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF);
	if ((gate.type & 31) == GATE_INTERRUPT)
		vcpu->interrupts = false;
	return true;
}

enum vcpu_step vcpu_deliver(struct vcpu *vcpu, bool software)
{
	if (!enter_handler(vcpu, software)) {
		if (software)
			return STEP_EXCEPTION;
		vcpu->exception = (struct vcpu_exception){ .vector = VECTOR_DF };
		if (!enter_handler(vcpu, false))
			return STEP_SHUTDOWN;
	}
	return vcpu_is_canonical(vcpu->frame->rip) ? STEP_DONE : STEP_SHUTDOWN;
}
