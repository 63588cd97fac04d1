/* The stand-in kernel's instruction decoder and emulation: the input is the subject's registers and
 * memory. Whatever a subject executes, nothing outside its memory is touched, the kernel is never
 * made to return to an address that is not canonical, and the subject's interrupts stay enabled. */
#include "tests/unit/standin_vcpu.h"

#include <stdlib.h>
#include <string.h>

#define STEPS 16

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static size_t take(const unsigned char **bytes, size_t *size, void *to, size_t wanted)
{
	size_t length = *size < wanted ? *size : wanted;

	memcpy(to, *bytes, length);
	*bytes += length;
	*size -= length;
	return length;
}

/* The code first, then registers and tables, then data that can be written. */
static void fill(struct fake_vcpu *fake, const unsigned char *bytes, size_t size)
{
	uint16_t registers[20] = { 0 };

	take(&bytes, &size, fake_vcpu_at(fake, FAKE_MEMORY), 64);
	take(&bytes, &size, registers, sizeof(registers));
	for (unsigned i = 0; i < 16; i++)
		fake->frame.gpr[i] = registers[i] ? FAKE_MEMORY + registers[i] : 0;
	fake->frame.rsp = FAKE_MEMORY + registers[RSP];
	fake->vcpu.gdt = (struct vcpu_table){ FAKE_WRITABLE, registers[16], true };
	fake->vcpu.idt = (struct vcpu_table){ FAKE_WRITABLE + 0x100, registers[17], true };
	fake->vcpu.task =
		(struct vcpu_table){ FAKE_WRITABLE + 0x400, registers[18], registers[18] & 1 };
	take(&bytes, &size, fake_vcpu_at(fake, FAKE_WRITABLE), 0x800);
}

static bool go_on(struct fake_vcpu *fake, enum vcpu_step step)
{
	if (step == STEP_EXCEPTION)
		step = vcpu_deliver(&fake->vcpu, false);
	return step == STEP_DONE || step == STEP_CALL;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	struct fake_vcpu fake;
	struct insn insn;

	fake_vcpu_init(&fake);
	fill(&fake, bytes, size);
	for (unsigned i = 0; i < STEPS; i++) {
		uint64_t rip = fake.frame.rip;

		if (rip < FAKE_MEMORY || rip >= FAKE_MEMORY + FAKE_SIZE ||
		    !go_on(&fake, fake_vcpu_step(&fake, &insn)))
			break;
		if (!vcpu_is_canonical(fake.frame.rip) || !(fake.frame.rflags & RFLAGS_IF) ||
		    fake.frame.rflags & RFLAGS_IOPL || !vcpu_is_canonical(fake.fs_base) ||
		    !vcpu_is_canonical(fake.gs_base) || !insn.length || insn.length > INSN_MAX)
			abort();
	}
	return 0;
}
