/* What the parts of the KVM back end share; nothing outside vm_kvm*.c includes this. */
#ifndef TENDER_VM_KVM_H
#define TENDER_VM_KVM_H

#include "tender/vm/vm.h"

#include <linux/kvm.h>

struct vm_kvm {
	struct vm vm;
	int vm_fd, vcpu_fd;
	uint32_t slots; /* memory slots in use */
	struct kvm_run *run;
	size_t run_size;
};

/* Copies register state between KVM's structs and ours. */
int kvm_get_general(struct vm *vm, uint64_t gpr[static VM_GPRS], uint64_t *rip, struct error *err);
int kvm_get_registers(struct vm *vm, struct vm_registers *registers, struct error *err);
int kvm_set_registers(struct vm *vm, const struct vm_registers *registers, struct error *err);
int kvm_get_fpu(struct vm *vm, struct vm_fpu *fpu, struct error *err);
int kvm_set_fpu(struct vm *vm, const struct vm_fpu *fpu, struct error *err);
int kvm_set_debug(struct vm *vm, const struct vm_debug *debug, struct error *err);

/* Tells the guest of the host's CPU features, without those that an attacker could use and a
 * unikernel cannot: nested virtualisation, enclaves, tracing, KVM's own interface. */
int kvm_set_cpuid(int kvm_fd, int vcpu_fd, struct error *err);

/* Clears those features in one entry. */
void kvm_mask_cpuid(struct kvm_cpuid_entry2 *entry);

#endif
