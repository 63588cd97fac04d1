/* One virtual machine with one virtual CPU: the small interface behind which KVM stands.
 *
 * Life: a back end's constructor (vm_kvm_new()) makes the machine; memory is mapped, the entry
 * state set, then vm_run() is called until the owner of the machine has had enough. Every
 * function is called from the thread that made the machine, except vm_interrupt().
 *
 * A back end adds its constructor and a table of operations; nothing else in the tender knows
 * which one runs.
 */
#ifndef TENDER_VM_VM_H
#define TENDER_VM_VM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- state of the CPU --------------------------------------------------- */

/* General-purpose registers in the order of gdb's amd64 register packet. */
enum vm_gpr {
	VM_RAX,
	VM_RBX,
	VM_RCX,
	VM_RDX,
	VM_RSI,
	VM_RDI,
	VM_RBP,
	VM_RSP,
	VM_R8,
	VM_R9,
	VM_R10,
	VM_R11,
	VM_R12,
	VM_R13,
	VM_R14,
	VM_R15,
	VM_GPRS,
};

/* A segment register with its hidden part (Intel SDM vol. 3, 3.4.5). */
struct vm_segment {
	uint64_t base;
	uint32_t limit; /* in bytes, expanded: granularity is applied already */
	uint16_t selector;
	uint8_t type; /* 4 bits */
	bool present, code_or_data, default_32, long_mode, granular;
	uint8_t privilege; /* DPL, 0..3 */
};

struct vm_table {
	uint64_t base;
	uint16_t limit;
};

struct vm_registers {
	uint64_t gpr[VM_GPRS];
	uint64_t rip, rflags;
	struct vm_segment cs, ss, ds, es, fs, gs, task, ldt; /* !present: unusable */
	struct vm_table gdt, idt;
	uint64_t cr0, cr2, cr3, cr4, efer;
};

/* The segments of 64-bit code at privilege level 0: all of memory; the selectors are 0x08 for code
 * and 0x10 for data. */
struct vm_segment vm_code_segment(bool readable);
struct vm_segment vm_data_segment(void);

/* x87 and SSE state, as FXSAVE orders it. */
struct vm_fpu {
	uint8_t st[8][16]; /* 80 bits used of each */
	uint8_t xmm[16][16];
	uint16_t control, status, opcode;
	uint8_t tag; /* abridged, one bit per register */
	uint64_t instruction, operand;
	uint32_t mxcsr;
};

/* What the debugger wants of the CPU. All zero: nothing. */
struct vm_debug {
	bool stop_at_breakpoints; /* INT3 ends vm_run() and is not delivered to the guest */
	bool single_step;
	uint64_t address[4]; /* hardware breakpoints and watchpoints: DR0 to DR3 */
	uint64_t dr7;	     /* 0: none is armed */
};

/* ---- exits -------------------------------------------------------------- */

enum vm_exit_kind {
	VM_EXIT_PORT,	     /* IN or OUT */
	VM_EXIT_MMIO,	     /* access to an address that has no (writable) memory */
	VM_EXIT_FAULT,	     /* access to memory that the host mapping protects; no address known */
	VM_EXIT_HALT,	     /* HLT */
	VM_EXIT_SHUTDOWN,    /* triple fault */
	VM_EXIT_DEBUG,	     /* a breakpoint, watchpoint or single step of the debugger */
	VM_EXIT_UNABLE,	     /* this host's virtualisation cannot go on; see `reason` */
	VM_EXIT_INTERRUPTED, /* vm_interrupt() or a signal */
	VM_EXIT_KINDS,
};

struct vm_exit {
	enum vm_exit_kind kind;
	/* PORT, MMIO: */
	bool write;	     /* the guest writes: OUT, store */
	uint64_t address;    /* the port, or the guest-physical address */
	unsigned size;	     /* bytes per access: 1, 2, 4 or 8 */
	uint32_t count;	     /* PORT: number of accesses (string instructions) */
	unsigned char *data; /* size * count bytes: what is written; or where the answer to a
			      * read goes before the next vm_run(). Valid until then. */
	/* DEBUG: */
	uint64_t debug_rip;
	uint64_t dr6;
	uint32_t exception; /* 1 (#DB) or 3 (#BP) */
	/* UNABLE: */
	char reason[192]; /* what the host says, for people */
};

/* "port", "mmio", ...: as the report names a kind of exit. */
const char *vm_exit_name(enum vm_exit_kind kind);

/* ---- the machine -------------------------------------------------------- */

/* A system call on one descriptor that the machine needs while it runs. */
struct vm_ioctl {
	int fd;
	unsigned long request;
};

#define VM_IOCTLS_MAX 16

struct vm;

struct vm_operations {
	const char *name; /* "KVM" */
	int (*map)(struct vm *vm, uint64_t address, void *host, uint64_t size, struct error *err);
	int (*get_general)(struct vm *vm, uint64_t gpr[static VM_GPRS], uint64_t *rip,
			   struct error *err);
	int (*get_registers)(struct vm *vm, struct vm_registers *registers, struct error *err);
	int (*set_registers)(struct vm *vm, const struct vm_registers *registers,
			     struct error *err);
	int (*get_fpu)(struct vm *vm, struct vm_fpu *fpu, struct error *err);
	int (*set_fpu)(struct vm *vm, const struct vm_fpu *fpu, struct error *err);
	int (*set_debug)(struct vm *vm, const struct vm_debug *debug, struct error *err);
	int (*notify)(struct vm *vm, uint16_t port, int event_fd);
	int (*run)(struct vm *vm, struct vm_exit *exit, struct error *err);
	void (*interrupt)(struct vm *vm, bool interrupt);
	size_t (*ioctls)(const struct vm *vm, bool debugging,
			 struct vm_ioctl list[static VM_IOCTLS_MAX]);
	void (*free)(struct vm *vm);
};

/* The public part of a machine; back ends embed it as their first member. */
struct vm {
	const struct vm_operations *operations;
	uint64_t tsc_hz; /* frequency of the guest's time stamp counter, > 0 */
	/* A sentence on what this host's virtualisation cannot do, or NULL. */
	const char *limitation;
};

/* Makes `size` bytes at `host` visible at a guest-physical address; both page aligned. The
 * memory stays the caller's and must outlive the machine. What the guest may do with a page
 * is what the host mapping allows. */
static inline int vm_map(struct vm *vm, uint64_t address, void *host, uint64_t size,
			 struct error *err)
{
	return vm->operations->map(vm, address, host, size, err);
}

static inline int vm_get_registers(struct vm *vm, struct vm_registers *registers, struct error *err)
{
	return vm->operations->get_registers(vm, registers, err);
}

/* The general-purpose registers and RIP alone, which is fast. */
static inline int vm_get_general(struct vm *vm, uint64_t gpr[static VM_GPRS], uint64_t *rip,
				 struct error *err)
{
	return vm->operations->get_general(vm, gpr, rip, err);
}

static inline int vm_set_registers(struct vm *vm, const struct vm_registers *registers,
				   struct error *err)
{
	return vm->operations->set_registers(vm, registers, err);
}

static inline int vm_get_fpu(struct vm *vm, struct vm_fpu *fpu, struct error *err)
{
	return vm->operations->get_fpu(vm, fpu, err);
}

static inline int vm_set_fpu(struct vm *vm, const struct vm_fpu *fpu, struct error *err)
{
	return vm->operations->set_fpu(vm, fpu, err);
}

static inline int vm_set_debug(struct vm *vm, const struct vm_debug *debug, struct error *err)
{
	return vm->operations->set_debug(vm, debug, err);
}

/* Lets a 32-bit OUT to `port` signal an eventfd without an exit. Fails with ERR_MISSING where
 * the host cannot; the OUT is then an ordinary exit. */
static inline int vm_notify(struct vm *vm, uint16_t port, int event_fd, struct error *err)
{
	if (vm->operations->notify(vm, port, event_fd) == 0)
		return 0;
	return err_fail(err, ERR_MISSING, "%s on this host cannot signal from port 0x%x",
			vm->operations->name, port);
}

/* Runs the guest until something needs attention and says what in *exit. Fails only if the
 * machine itself broke; what the guest does wrong is an exit. */
static inline int vm_run(struct vm *vm, struct vm_exit *exit, struct error *err)
{
	return vm->operations->run(vm, exit, err);
}

/* Makes the current or the next vm_run() return VM_EXIT_INTERRUPTED. Async-signal-safe; to
 * reach a machine that runs in another thread, send that thread a signal as well. */
static inline void vm_interrupt(struct vm *vm)
{
	vm->operations->interrupt(vm, true);
}

/* Takes back interruptions that no vm_run() has noticed yet. Whoever does that looks afterwards,
 * and before the next vm_run(), at what they may have been for. */
static inline void vm_forget_interrupts(struct vm *vm)
{
	vm->operations->interrupt(vm, false);
}

/* The ioctls that the functions above need from now on; `debugging` includes what
 * vm_set_debug() and the setters need. Returns how many. */
static inline size_t vm_ioctls(const struct vm *vm, bool debugging,
			       struct vm_ioctl list[static VM_IOCTLS_MAX])
{
	return vm->operations->ioctls(vm, debugging, list);
}

void vm_free(struct vm *vm);

/* ---- back ends ---------------------------------------------------------- */

/* A machine of /dev/kvm. Fails with ERR_MISSING (no KVM, too old, no stable time stamp
 * counter) or ERR_REFUSED (no permission), and says how to mend it. */
struct vm *vm_kvm_new(struct error *err);

#endif
