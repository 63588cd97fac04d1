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

/* Types of segments (Intel SDM vol. 3, table 3-1). Accessed, as a CPU marks what it has loaded. */
enum {
	DATA_WRITABLE = 3,
	CODE = 9,
	CODE_READABLE = 11,
};

struct vm_segment vm_data_segment(void)
{
	return (struct vm_segment){
		.selector = 0x10,
		.limit = 0xffffffff,
		.type = DATA_WRITABLE,
		.code_or_data = true,
		.present = true,
		.default_32 = true,
		.granular = true,
	};
}

struct vm_segment vm_code_segment(bool readable)
{
	return (struct vm_segment){
		.selector = 0x08,
		.limit = 0xffffffff,
		.type = readable ? CODE_READABLE : CODE,
		.code_or_data = true,
		.present = true,
		.long_mode = true,
		.granular = true,
	};
}

void vm_free(struct vm *vm)
{
	if (vm)
		vm->operations->free(vm);
}
