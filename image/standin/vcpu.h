/* A subject's processor: what of it the machine's own registers do not hold while it runs. */
#ifndef IMAGE_STANDIN_VCPU_H
#define IMAGE_STANDIN_VCPU_H

#include "image/standin/cpu.h"
#include "image/standin/decode.h"

struct vcpu_table {
	uint64_t base;
	uint32_t limit;
	bool loaded;
};

struct vcpu_exception {
	unsigned vector;
	uint64_t error_code;
	uint64_t address; /* #PF: CR2 */
};

struct vcpu {
	struct trap_frame *frame;
	uint64_t cr3; /* physical */
	uint64_t cr2;
	struct vcpu_table gdt, idt, task;
	uint16_t cs, ss; /* as the subject thinks */
	bool interrupts; /* its flag IF: nothing is ever delivered */
	struct vcpu_exception exception;
};

/* What became of a trap. */
enum vcpu_step {
	STEP_DONE,	/* the subject goes on */
	STEP_EXCEPTION, /* it gets vcpu->exception */
	STEP_HALT,	/* it executed HLT */
	STEP_CALL,	/* it executed VMCALL: RAX says what it wants */
	STEP_REFUSED,	/* it executed what Muen ends it for, or what is not known here */
	STEP_SHUTDOWN,	/* an exception could not be delivered: the processor shuts down */
};

/* Going to an address that is not would be a fault of ours, not of the subject. */
static inline bool vcpu_is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

/* What the emulation needs of the machine: the kernel's is machine_vcpu.c. */

/* Reads or writes the subject's memory, as the subject itself could. False: vcpu->exception. */
bool vcpu_access(struct vcpu *vcpu, uint64_t address, void *bytes, uint64_t size, bool write);
/* Bytes of the instruction at RIP, at most INSN_MAX. */
size_t vcpu_fetch(const struct vcpu *vcpu, unsigned char *bytes);
uint64_t vcpu_segment_base(unsigned segment);
void vcpu_set_segment_base(unsigned segment, uint64_t base);
/* An MSR that does nothing here was accessed. */
void vcpu_msr_ignored(const struct vcpu *vcpu, bool write, uint32_t msr);

/* Carries out an instruction that trapped. INSN_OTHER is STEP_EXCEPTION with what the processor
 * reported: `exception` as it came. */
enum vcpu_step vcpu_emulate(struct vcpu *vcpu, const struct insn *insn);

/* Makes the subject enter its handler of vcpu->exception; `software` for INT n. An exception on
 * the way becomes #DF. STEP_DONE or STEP_SHUTDOWN. */
enum vcpu_step vcpu_deliver(struct vcpu *vcpu, bool software);

#endif
