/* What a machine notices of breakpoints and watchpoints, found out by trying.
 *
 * Not every KVM has debug registers that work: one that interprets the guest (kvm_pvm) does not
 * look at them when data is accessed, and an emulated CPU below KVM may not look at all.
 */
#ifndef TENDER_GDB_TRY_H
#define TENDER_GDB_TRY_H

#include "tender/gdb/points.h"

/* Runs three instructions of ours in the place of the guest's first. The machine is at the
 * guest's entry, with a stack, and is so again afterwards; so is memory. */
int gdb_try_machine(struct vm *vm, const struct guest_memory *memory, struct gdb_blindness *blind,
		    struct error *err);

#endif
