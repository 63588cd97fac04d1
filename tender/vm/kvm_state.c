#include "tender/vm/kvm.h"

#include "base/alloc.h"
#include "base/cleanup.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

static int cpu_call(struct vm *vm, unsigned long request, const void *argument, const char *what,
		    struct error *err)
{
	int fd = ((struct vm_kvm *)vm)->vcpu_fd;

	if (ioctl(fd, request, argument) == 0)
		return 0;
	return err_fail_errno(err, ERR_MISSING, errno, "KVM: cannot %s", what);
}

/* ---- registers ------------------------------------------------------------ */

static struct vm_segment segment_from(const struct kvm_segment *from)
{
	return (struct vm_segment){
		.base = from->base,
		.limit = from->limit,
		.selector = from->selector,
		.type = from->type,
		.present = from->present && !from->unusable,
		.code_or_data = from->s,
		.default_32 = from->db,
		.long_mode = from->l,
		.granular = from->g,
		.privilege = from->dpl,
	};
}

static struct kvm_segment segment_to(const struct vm_segment *from)
{
	return (struct kvm_segment){
		.base = from->base,
		.limit = from->limit,
		.selector = from->selector,
		.type = from->type,
		.present = from->present,
		.unusable = !from->present,
		.s = from->code_or_data,
		.db = from->default_32,
		.l = from->long_mode,
		.g = from->granular,
		.dpl = from->privilege,
	};
}

/* Which of KVM's registers each of ours is. */
static uint64_t *kvm_gpr(struct kvm_regs *regs, enum vm_gpr number)
{
	uint64_t *const registers[VM_GPRS] = {
		(uint64_t *)&regs->rax, (uint64_t *)&regs->rbx, (uint64_t *)&regs->rcx,
		(uint64_t *)&regs->rdx, (uint64_t *)&regs->rsi, (uint64_t *)&regs->rdi,
		(uint64_t *)&regs->rbp, (uint64_t *)&regs->rsp, (uint64_t *)&regs->r8,
		(uint64_t *)&regs->r9,	(uint64_t *)&regs->r10, (uint64_t *)&regs->r11,
		(uint64_t *)&regs->r12, (uint64_t *)&regs->r13, (uint64_t *)&regs->r14,
		(uint64_t *)&regs->r15,
	};

	return registers[number];
}

int kvm_get_general(struct vm *vm, uint64_t gpr[static VM_GPRS], uint64_t *rip, struct error *err)
{
	struct kvm_regs regs;

	if (cpu_call(vm, KVM_GET_REGS, &regs, "read the registers", err) < 0)
		return -1;
	for (int i = 0; i < VM_GPRS; i++)
		gpr[i] = *kvm_gpr(&regs, i);
	*rip = regs.rip;
	return 0;
}

int kvm_get_registers(struct vm *vm, struct vm_registers *registers, struct error *err)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	if (cpu_call(vm, KVM_GET_REGS, &regs, "read the registers", err) < 0 ||
	    cpu_call(vm, KVM_GET_SREGS, &sregs, "read the system registers", err) < 0)
		return -1;
	for (int i = 0; i < VM_GPRS; i++)
		registers->gpr[i] = *kvm_gpr(&regs, i);
	registers->rip = regs.rip;
	registers->rflags = regs.rflags;
	registers->cs = segment_from(&sregs.cs);
	registers->ss = segment_from(&sregs.ss);
	registers->ds = segment_from(&sregs.ds);
	registers->es = segment_from(&sregs.es);
	registers->fs = segment_from(&sregs.fs);
	registers->gs = segment_from(&sregs.gs);
	registers->task = segment_from(&sregs.tr);
	registers->ldt = segment_from(&sregs.ldt);
	registers->gdt = (struct vm_table){ sregs.gdt.base, sregs.gdt.limit };
	registers->idt = (struct vm_table){ sregs.idt.base, sregs.idt.limit };
	registers->cr0 = sregs.cr0;
	registers->cr2 = sregs.cr2;
	registers->cr3 = sregs.cr3;
	registers->cr4 = sregs.cr4;
	registers->efer = sregs.efer;
	return 0;
}

static void system_registers(const struct vm_registers *registers, struct kvm_sregs *sregs)
{
	sregs->cs = segment_to(&registers->cs);
	sregs->ss = segment_to(&registers->ss);
	sregs->ds = segment_to(&registers->ds);
	sregs->es = segment_to(&registers->es);
	sregs->fs = segment_to(&registers->fs);
	sregs->gs = segment_to(&registers->gs);
	sregs->tr = segment_to(&registers->task);
	sregs->ldt = segment_to(&registers->ldt);
	sregs->gdt.base = registers->gdt.base;
	sregs->gdt.limit = registers->gdt.limit;
	sregs->idt.base = registers->idt.base;
	sregs->idt.limit = registers->idt.limit;
	sregs->cr0 = registers->cr0;
	sregs->cr2 = registers->cr2;
	sregs->cr3 = registers->cr3;
	sregs->cr4 = registers->cr4;
	sregs->efer = registers->efer;
}

int kvm_set_registers(struct vm *vm, const struct vm_registers *registers, struct error *err)
{
	struct kvm_regs regs = { .rip = registers->rip, .rflags = registers->rflags };
	struct kvm_sregs sregs;

	/* The APIC base and pending interrupts are KVM's own and stay as they are. */
	if (cpu_call(vm, KVM_GET_SREGS, &sregs, "read the system registers", err) < 0)
		return -1;
	for (int i = 0; i < VM_GPRS; i++)
		*kvm_gpr(&regs, i) = registers->gpr[i];
	system_registers(registers, &sregs);
	if (cpu_call(vm, KVM_SET_SREGS, &sregs, "set the system registers", err) < 0)
		return -1;
	return cpu_call(vm, KVM_SET_REGS, &regs, "set the registers", err);
}

/* ---- floating point --------------------------------------------------------- */

/* The beginning of the XSAVE area (Intel SDM vol. 1, 13.4). KVM's older calls for x87 and SSE
 * leave MXCSR out. */
struct xsave {
	uint16_t control, status;
	uint8_t tag, reserved;
	uint16_t opcode;
	uint64_t instruction, operand;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16], xmm[16][16];
	uint8_t unused[96];
	uint64_t present; /* XSTATE_BV */
};

#define XSTATE_X87_SSE 3ull

_Static_assert(offsetof(struct xsave, present) == 512, "XSAVE area");
_Static_assert(sizeof(struct xsave) <= sizeof(struct kvm_xsave), "XSAVE area");

int kvm_get_fpu(struct vm *vm, struct vm_fpu *fpu, struct error *err)
{
	struct kvm_xsave area;
	struct xsave state;

	if (cpu_call(vm, KVM_GET_XSAVE, &area, "read the floating-point registers", err) < 0)
		return -1;
	memcpy(&state, &area, sizeof(state));
	memcpy(fpu->st, state.st, sizeof(fpu->st));
	memcpy(fpu->xmm, state.xmm, sizeof(fpu->xmm));
	fpu->control = state.control;
	fpu->status = state.status;
	fpu->tag = state.tag;
	fpu->opcode = state.opcode;
	fpu->instruction = state.instruction;
	fpu->operand = state.operand;
	fpu->mxcsr = state.mxcsr;
	return 0;
}

int kvm_set_fpu(struct vm *vm, const struct vm_fpu *fpu, struct error *err)
{
	struct kvm_xsave area;
	struct xsave state;

	/* What we do not know of (AVX and later) stays as it is. */
	if (cpu_call(vm, KVM_GET_XSAVE, &area, "read the floating-point registers", err) < 0)
		return -1;
	memcpy(&state, &area, sizeof(state));
	memcpy(state.st, fpu->st, sizeof(fpu->st));
	memcpy(state.xmm, fpu->xmm, sizeof(fpu->xmm));
	state.control = fpu->control;
	state.status = fpu->status;
	state.tag = fpu->tag;
	state.opcode = fpu->opcode;
	state.instruction = fpu->instruction;
	state.operand = fpu->operand;
	state.mxcsr = fpu->mxcsr;
	state.present |= XSTATE_X87_SSE;
	memcpy(&area, &state, sizeof(state));
	return cpu_call(vm, KVM_SET_XSAVE, &area, "set the floating-point registers", err);
}

int kvm_set_debug(struct vm *vm, const struct vm_debug *debug, struct error *err)
{
	struct kvm_guest_debug request = { 0 };

	if (debug->stop_at_breakpoints)
		request.control |= KVM_GUESTDBG_USE_SW_BP;
	if (debug->single_step)
		request.control |= KVM_GUESTDBG_SINGLESTEP;
	if (debug->dr7) {
		request.control |= KVM_GUESTDBG_USE_HW_BP;
		for (int i = 0; i < 4; i++)
			request.arch.debugreg[i] = debug->address[i];
		request.arch.debugreg[7] = debug->dr7;
	}
	if (request.control)
		request.control |= KVM_GUESTDBG_ENABLE;
	return cpu_call(vm, KVM_SET_GUEST_DEBUG, &request, "set breakpoints", err);
}

/* ---- CPUID ------------------------------------------------------------------ */

#define CPUID_ENTRIES_MAX 512

void kvm_mask_cpuid(struct kvm_cpuid_entry2 *entry)
{
	switch (entry->function) {
	case 1: /* MONITOR, VMX, SMX, performance capabilities */
		entry->ecx &= ~(1u << 3 | 1u << 5 | 1u << 6 | 1u << 15);
		break;
	case 7:
		if (entry->index == 0) {
			entry->ebx &= ~(1u << 2 | 1u << 25); /* SGX, processor trace */
			entry->ecx &= ~(1u << 30);	     /* SGX launch control */
		}
		break;
	case 0x80000001: /* SVM */
		entry->ecx &= ~(1u << 2);
		break;
	case 0x0a:	 /* performance counters */
	case 0x12:	 /* SGX */
	case 0x14:	 /* processor trace */
	case 0x40000001: /* KVM's clocks and hypercalls */
	case 0x8000000a: /* SVM */
	case 0x8000001f: /* memory encryption */
		entry->eax = entry->ebx = entry->ecx = entry->edx = 0;
		break;
	default:
		break;
	}
}

int kvm_set_cpuid(int kvm_fd, int vcpu_fd, struct error *err)
{
	cleanup_free struct kvm_cpuid2 *table =
		xcalloc(1, sizeof(*table) + CPUID_ENTRIES_MAX * sizeof(table->entries[0]));

	table->nent = CPUID_ENTRIES_MAX;
	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, table) < 0)
		return err_fail_errno(err, ERR_MISSING, errno,
				      "KVM: cannot ask what CPU features it supports");
	for (uint32_t i = 0; i < table->nent; i++)
		kvm_mask_cpuid(&table->entries[i]);
	if (ioctl(vcpu_fd, KVM_SET_CPUID2, table) < 0)
		return err_fail_errno(err, ERR_MISSING, errno,
				      "KVM: cannot tell the guest of the CPU's features");
	return 0;
}
