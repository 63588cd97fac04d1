/* A core file of the guest, which gdb opens with the unikernel: gdb UNIKERNEL CORE. */
#ifndef TENDER_CORE_H
#define TENDER_CORE_H

#include "tender/guest_memory.h"
#include "tender/vm/vm.h"

#define CORE_OPEN_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)

struct core {
	int folder_fd;
	const char *folder; /* for messages */
	const char *target; /* "hvt": core.solo5-hvt.PID is the name that solo5-hvt gives it */
	const struct guest_memory *memory;
	const struct vm_registers *registers;
};

/* Writes FOLDER/core.solo5-TARGET.PID and says so on stderr. Memory that the guest never touched
 * stays a hole in the file. Fails with ERR_CANT_CREATE or ERR_IO. */
int core_write(const struct core *core, struct error *err);

#endif
