#include "tests/unit/standin_vcpu.h"

#include <string.h>

static struct fake_vcpu *current;

void fake_vcpu_init(struct fake_vcpu *fake)
{
	*fake = (struct fake_vcpu){
		.vcpu = { .frame = &fake->frame, .cs = 0x08, .ss = 0x10 },
		.frame = { .rip = FAKE_MEMORY,
			   .rsp = FAKE_MEMORY + FAKE_SIZE,
			   .rflags = RFLAGS_RESERVED | RFLAGS_IF },
	};
	current = fake;
}

unsigned char *fake_vcpu_at(struct fake_vcpu *fake, uint64_t address)
{
	return fake->memory + (address - FAKE_MEMORY);
}

bool vcpu_access(struct vcpu *vcpu, uint64_t address, void *bytes, uint64_t size, bool write)
{
	uint64_t begin = write ? FAKE_WRITABLE : FAKE_MEMORY;

	if (address < begin || address > FAKE_MEMORY + FAKE_SIZE ||
	    size > FAKE_MEMORY + FAKE_SIZE - address) {
		vcpu->exception = (struct vcpu_exception){ VECTOR_PF, write ? 2u : 0u, address };
		return false;
	}
	if (write)
		memcpy(fake_vcpu_at(current, address), bytes, size);
	else
		memcpy(bytes, fake_vcpu_at(current, address), size);
	return true;
}

uint64_t vcpu_segment_base(unsigned segment)
{
	return segment == SEGMENT_FS ? current->fs_base : current->gs_base;
}

void vcpu_set_segment_base(unsigned segment, uint64_t base)
{
	*(segment == SEGMENT_FS ? &current->fs_base : &current->gs_base) = base;
}

void vcpu_msr_ignored(const struct vcpu *vcpu, bool write, uint32_t msr)
{
	(void)vcpu;
	(void)write;
	(void)msr;
	current->ignored++;
}

enum vcpu_step fake_vcpu_step(struct fake_vcpu *fake, struct insn *insn)
{
	struct trap_frame *frame = &fake->frame;
	uint64_t left = FAKE_MEMORY + FAKE_SIZE - frame->rip;

	frame->gpr[RSP] = frame->rsp;
	fake->vcpu.exception = (struct vcpu_exception){ .vector = VECTOR_GP };
	if (!insn_decode(fake_vcpu_at(fake, frame->rip), left < INSN_MAX ? left : INSN_MAX, insn))
		insn->kind = INSN_OTHER;
	return vcpu_emulate(&fake->vcpu, insn);
}
