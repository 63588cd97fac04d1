#include "tender/vm/kvm.h"

#include "base/alloc.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static struct vm_kvm *kvm_of(struct vm *vm)
{
	return (struct vm_kvm *)vm;
}

/* ---- memory and notification -------------------------------------------- */

static int kvm_map(struct vm *vm, uint64_t address, void *host, uint64_t size, struct error *err)
{
	struct vm_kvm *kvm = kvm_of(vm);
	struct kvm_userspace_memory_region region = {
		.slot = kvm->slots,
		.guest_phys_addr = address,
		.memory_size = size,
		.userspace_addr = (uintptr_t)host,
	};

	if (ioctl(kvm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return err_fail_errno(err, ERR_MISSING, errno,
				      "KVM: cannot give the guest %" PRIu64
				      " bytes of memory at 0x%" PRIx64,
				      size, address);
	kvm->slots++;
	return 0;
}

static int kvm_notify(struct vm *vm, uint16_t port, int event_fd)
{
	struct kvm_ioeventfd request = {
		.addr = port,
		.len = 4,
		.fd = event_fd,
		.flags = KVM_IOEVENTFD_FLAG_PIO,
	};

	return ioctl(kvm_of(vm)->vm_fd, KVM_IOEVENTFD, &request);
}

/* ---- running ------------------------------------------------------------- */

static void exit_unable(const struct kvm_run *run, struct vm_exit *exit)
{
	exit->kind = VM_EXIT_UNABLE;
	switch (run->exit_reason) {
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(exit->reason, sizeof(exit->reason),
			 "the CPU refused the guest's state (KVM_EXIT_FAIL_ENTRY, hardware reason "
			 "0x%llx)",
			 (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		snprintf(exit->reason, sizeof(exit->reason),
			 run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION
				 ? "KVM cannot emulate an instruction of the guest "
				   "(KVM_EXIT_INTERNAL_ERROR, suberror %u)"
				 : "KVM_EXIT_INTERNAL_ERROR, suberror %u",
			 run->internal.suberror);
		break;
	default:
		snprintf(exit->reason, sizeof(exit->reason), "unhandled exit: exit_reason=0x%x",
			 run->exit_reason);
	}
}

static void exit_debug(const struct kvm_run *run, struct vm_exit *exit)
{
	exit->kind = VM_EXIT_DEBUG;
	exit->debug_rip = run->debug.arch.pc;
	exit->dr6 = run->debug.arch.dr6;
	exit->exception = run->debug.arch.exception;
}

static void translate_exit(struct kvm_run *run, struct vm_exit *exit)
{
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		exit->kind = VM_EXIT_PORT;
		exit->write = run->io.direction == KVM_EXIT_IO_OUT;
		exit->address = run->io.port;
		exit->size = run->io.size;
		exit->count = run->io.count;
		exit->data = (unsigned char *)run + run->io.data_offset;
		break;
	case KVM_EXIT_MMIO:
		exit->kind = VM_EXIT_MMIO;
		exit->write = run->mmio.is_write;
		exit->address = run->mmio.phys_addr;
		exit->size = run->mmio.len;
		exit->count = 1;
		exit->data = run->mmio.data;
		break;
	case KVM_EXIT_HLT:
		exit->kind = VM_EXIT_HALT;
		break;
	case KVM_EXIT_SHUTDOWN:
		exit->kind = VM_EXIT_SHUTDOWN;
		break;
	case KVM_EXIT_DEBUG:
		exit_debug(run, exit);
		break;
	case KVM_EXIT_INTR:
		exit->kind = VM_EXIT_INTERRUPTED;
		break;
	default:
		exit_unable(run, exit);
	}
}

static int kvm_run_guest(struct vm *vm, struct vm_exit *exit, struct error *err)
{
	struct vm_kvm *kvm = kvm_of(vm);

	if (ioctl(kvm->vcpu_fd, KVM_RUN, 0) == 0) {
		translate_exit(kvm->run, exit);
		return 0;
	}
	switch (errno) {
	case EINTR:
		kvm->run->immediate_exit = 0;
		exit->kind = VM_EXIT_INTERRUPTED;
		return 0;
	case EFAULT:
		exit->kind = VM_EXIT_FAULT;
		return 0;
	case EAGAIN: /* the first run starts a thread of KVM's own */
		err_fail_errno(err, ERR_MISSING, EAGAIN, "KVM: cannot run the guest");
		return err_mend(err, "raise this user's limit on processes (ulimit -u), or that of "
				     "the container");
	default:
		return err_fail_errno(err, ERR_MISSING, errno, "KVM: cannot run the guest");
	}
}

static void kvm_interrupt(struct vm *vm, bool interrupt)
{
	*(volatile uint8_t *)&kvm_of(vm)->run->immediate_exit = interrupt;
}

static size_t kvm_ioctls(const struct vm *vm, bool debugging,
			 struct vm_ioctl list[static VM_IOCTLS_MAX])
{
	static const unsigned long running[] = { KVM_RUN, KVM_GET_REGS, KVM_GET_SREGS };
	static const unsigned long inspecting[] = { KVM_SET_REGS, KVM_SET_SREGS, KVM_GET_XSAVE,
						    KVM_SET_XSAVE, KVM_SET_GUEST_DEBUG };
	int fd = ((const struct vm_kvm *)vm)->vcpu_fd;
	size_t count = 0;

	for (size_t i = 0; i < sizeof(running) / sizeof(running[0]); i++)
		list[count++] = (struct vm_ioctl){ fd, running[i] };
	if (debugging)
		for (size_t i = 0; i < sizeof(inspecting) / sizeof(inspecting[0]); i++)
			list[count++] = (struct vm_ioctl){ fd, inspecting[i] };
	return count;
}

/* ---- making and ending ---------------------------------------------------- */

static void kvm_free(struct vm *vm)
{
	struct vm_kvm *kvm = kvm_of(vm);

	if (kvm->run)
		munmap(kvm->run, kvm->run_size);
	if (kvm->vcpu_fd >= 0)
		close(kvm->vcpu_fd);
	if (kvm->vm_fd >= 0)
		close(kvm->vm_fd);
	free(kvm);
}

static const struct vm_operations operations = {
	.name = "KVM",
	.map = kvm_map,
	.get_general = kvm_get_general,
	.get_registers = kvm_get_registers,
	.set_registers = kvm_set_registers,
	.get_fpu = kvm_get_fpu,
	.set_fpu = kvm_set_fpu,
	.set_debug = kvm_set_debug,
	.notify = kvm_notify,
	.run = kvm_run_guest,
	.interrupt = kvm_interrupt,
	.ioctls = kvm_ioctls,
	.free = kvm_free,
};

static int open_device(struct error *err)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int version;

	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		err_fail_errno(err, ERR_REFUSED, errno, "/dev/kvm: cannot open");
		return err_mend(err, "let your user use it: sudo usermod -aG kvm \"$USER\", then "
				     "log in again");
	}
	if (fd < 0) {
		err_fail_errno(err, ERR_MISSING, errno, "/dev/kvm: cannot open");
		return err_mend(err, "load the module of this CPU (sudo modprobe kvm-intel or "
				     "kvm-amd) and enable virtualisation in the firmware; in a "
				     "virtual machine, enable nested virtualisation");
	}
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version == KVM_API_VERSION)
		return fd;
	close(fd);
	return err_fail(err, ERR_MISSING, "/dev/kvm: has API version %d, %d was expected", version,
			KVM_API_VERSION);
}

static int make_cpu(struct vm_kvm *kvm, int kvm_fd, struct error *err)
{
	int size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	void *run;

	kvm->vcpu_fd = ioctl(kvm->vm_fd, KVM_CREATE_VCPU, 0);
	if (kvm->vcpu_fd < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "KVM: cannot make a virtual CPU");
	if (size < (int)sizeof(struct kvm_run))
		return err_fail(err, ERR_MISSING, "KVM: its run area has %d bytes, %zu are needed",
				size, sizeof(struct kvm_run));
	kvm->run_size = (size_t)size;
	run = mmap(NULL, kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, kvm->vcpu_fd, 0);
	if (run == MAP_FAILED)
		return err_fail_errno(err, ERR_MISSING, errno, "KVM: cannot map the run area");
	kvm->run = run;
	return kvm_set_cpuid(kvm_fd, kvm->vcpu_fd, err);
}

static int read_frequency(struct vm_kvm *kvm, struct error *err)
{
	int khz = ioctl(kvm->vcpu_fd, KVM_GET_TSC_KHZ, 0);

	if (khz > 0) {
		kvm->vm.tsc_hz = (uint64_t)khz * 1000;
		return 0;
	}
	if (khz < 0 && errno != EIO)
		return err_fail_errno(err, ERR_MISSING, errno,
				      "KVM: cannot read the frequency of the time stamp counter");
	err_fail(err, ERR_MISSING,
		 "KVM: host TSC is unstable, cannot continue: a unikernel takes its time from "
		 "the time stamp counter");
	return err_mend(err, "use a host with an invariant TSC (constant_tsc and nonstop_tsc in "
			     "/proc/cpuinfo)");
}

static int make_machine(struct vm_kvm *kvm, int kvm_fd, struct error *err)
{
	do {
		kvm->vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	} while (kvm->vm_fd < 0 && errno == EINTR);
	if (kvm->vm_fd < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "KVM: cannot make a machine");
	if (ioctl(kvm->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_IMMEDIATE_EXIT) <= 0) {
		err_fail(err, ERR_MISSING, "KVM: cannot be interrupted (KVM_CAP_IMMEDIATE_EXIT)");
		return err_mend(err, "use Linux 4.13 or later");
	}
	if (make_cpu(kvm, kvm_fd, err) < 0)
		return -1;
	return read_frequency(kvm, err);
}

struct vm *vm_kvm_new(struct error *err)
{
	cleanup_close int kvm_fd = open_device(err);
	struct vm_kvm *kvm;

	if (kvm_fd < 0)
		return NULL;
	kvm = xcalloc(1, sizeof(*kvm));
	kvm->vm.operations = &operations;
	kvm->vm_fd = kvm->vcpu_fd = -1;
	if (access("/sys/module/kvm_pvm", F_OK) == 0)
		kvm->vm.limitation =
			"this host's KVM (kvm_pvm) has no hardware virtualisation below it and "
			"interprets the guest's kernel-mode code, without SSE and x87 "
			"instructions; most OCaml unikernels need a host with VT-x or AMD-V";
	if (make_machine(kvm, kvm_fd, err) < 0) {
		kvm_free(&kvm->vm);
		return NULL;
	}
	return &kvm->vm;
}
