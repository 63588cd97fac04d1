/* A subject's processor and memory for testing what the stand-in kernel carries out: memory is one
 * stretch of bytes, the segments' bases are variables. */
#ifndef TESTS_UNIT_STANDIN_VCPU_H
#define TESTS_UNIT_STANDIN_VCPU_H

#include "image/standin/vcpu.h"

#define FAKE_MEMORY 0x10000u /* address of the memory's begin */
#define FAKE_SIZE 0x4000u    /* its bytes; the first quarter cannot be written */
#define FAKE_WRITABLE 0x11000u

struct fake_vcpu {
	struct vcpu vcpu;
	struct trap_frame frame;
	unsigned char memory[FAKE_SIZE];
	uint64_t fs_base, gs_base;
	unsigned ignored; /* accesses to MSRs */
};

/* At privilege level 0 as the subject believes, RIP at the memory's begin, RSP at its end. The one
 * that was made last is what the emulation works on. */
void fake_vcpu_init(struct fake_vcpu *fake);

/* A pointer into its memory. */
unsigned char *fake_vcpu_at(struct fake_vcpu *fake, uint64_t address);

/* Decodes what stands at RIP and carries it out. */
enum vcpu_step fake_vcpu_step(struct fake_vcpu *fake, struct insn *insn);

#endif
