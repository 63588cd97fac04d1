/* A core file of the guest, which gdb opens with the unikernel: gdb UNIKERNEL CORE. */
#ifndef TENDER_CORE_H
#define TENDER_CORE_H

#include "tender/guest_memory.h"
#include "tender/vm.h"

#define CORE_OPEN_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)

/* Writes FOLDER/core.solo5-hvt.PID (the name that solo5-hvt gives it) and says so on stderr.
 * `folder_fd` is the open folder, `folder` its name for messages. Memory that the guest never
 * touched stays a hole in the file. Fails with ERR_CANT_CREATE or ERR_IO. */
int core_write(int folder_fd, const char *folder, const struct guest_ram *ram, uint64_t size,
	       const struct vm_registers *registers, struct error *err);

#endif
