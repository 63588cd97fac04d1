#include "tender/vm/vm.h"

const char *vm_exit_name(enum vm_exit_kind kind)
{
	static const char *const names[VM_EXIT_KINDS] = {
		[VM_EXIT_PORT] = "port",	 [VM_EXIT_MMIO] = "mmio",
		[VM_EXIT_FAULT] = "fault",	 [VM_EXIT_HALT] = "halt",
		[VM_EXIT_SHUTDOWN] = "shutdown", [VM_EXIT_DEBUG] = "debug",
		[VM_EXIT_UNABLE] = "unable",	 [VM_EXIT_INTERRUPTED] = "interrupted",
	};

	return names[kind];
}

void vm_free(struct vm *vm)
{
	if (vm)
		vm->operations->free(vm);
}
