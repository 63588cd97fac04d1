#include "tender/gdb/try.h"

#include <string.h>

/* Writes where DR0 watches; has an address for DR1; ends. */
static const unsigned char instructions[] = {
	0x50,	    /* push %rax */
	0x90,	    /* nop */
	0xe6, 0x80, /* out %al, $0x80 */
};

#define NOP_OFFSET 1
#define SLOT 8 /* bytes that PUSH writes */
#define DATA_HIT 1u
#define CODE_HIT 2u

/* DR0: a write of 8 bytes; DR1: execution. Both enabled. */
#define DR7_BOTH (0x60aull | 0x9ull << 16)

/* DR0 is done with: what it saw must not be seen again. */
#define DR7_CODE (0x608ull)

#define EXITS_MAX 16 /* more than a machine needs that is interrupted now and then */

/* Runs up to the OUT; `hits` becomes what was noticed. */
static int run(struct vm *vm, struct vm_debug *debug, unsigned *hits, struct error *err)
{
	struct vm_exit exit;

	*hits = 0;
	for (unsigned i = 0; i < EXITS_MAX; i++) {
		if (vm_set_debug(vm, debug, err) < 0 || vm_run(vm, &exit, err) < 0)
			return -1;
		if (exit.kind == VM_EXIT_INTERRUPTED)
			continue;
		if (exit.kind != VM_EXIT_DEBUG)
			break;
		*hits |= exit.dr6 & (DATA_HIT | CODE_HIT);
		/* An instruction breakpoint would come again. */
		debug->dr7 = *hits & CODE_HIT ? 0 : DR7_CODE;
	}
	/* Past the OUT, or wherever it is. */
	vm_interrupt(vm);
	return vm_run(vm, &exit, err);
}

static int try_instructions(struct vm *vm, const struct vm_registers *registers, unsigned *hits,
			    struct error *err)
{
	struct vm_debug debug = {
		.address = { registers->gpr[VM_RSP] - SLOT, registers->rip + NOP_OFFSET },
		.dr7 = DR7_BOTH,
	};
	const struct vm_debug nothing = { 0 };

	if (run(vm, &debug, hits, err) < 0 || vm_set_debug(vm, &nothing, err) < 0)
		return -1;
	return vm_set_registers(vm, registers, err);
}

int gdb_try_machine(struct vm *vm, const struct guest_memory *memory, struct gdb_blindness *blind,
		    struct error *err)
{
	unsigned char code[sizeof(instructions)], stack[SLOT];
	struct vm_registers registers;
	uint64_t slot;
	unsigned hits = 0;
	int result;

	if (vm_get_registers(vm, &registers, err) < 0)
		return -1;
	slot = registers.gpr[VM_RSP] - SLOT;
	if (guest_memory_read(memory, registers.rip, code, sizeof(code)) < 0 ||
	    guest_memory_read(memory, slot, stack, sizeof(stack)) < 0 ||
	    guest_memory_patch(memory, registers.rip, instructions, sizeof(instructions)) < 0)
		return err_fail(err, ERR_INTERNAL, "--gdb: no memory at the guest's entry");
	result = try_instructions(vm, &registers, &hits, err);
	if (guest_memory_patch(memory, registers.rip, code, sizeof(code)) < 0 ||
	    guest_memory_patch(memory, slot, stack, sizeof(stack)) < 0)
		return err_fail(err, ERR_INTERNAL, "--gdb: no memory at the guest's entry");
	*blind = (struct gdb_blindness){ .code = !(hits & CODE_HIT), .data = !(hits & DATA_HIT) };
	return result;
}
