/* A library to preload, for what cannot be had from outside: FAULT=system-call makes a system call
 * that the tender never needs with every positioned read, FAULT=error lets those fail as a dying
 * disk does, FAULT=short lets them find the file cut off. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *fault;
static ssize_t (*next)(int fd, void *data, size_t size, off_t offset);

__attribute__((constructor)) static void prepare(void)
{
	void *symbol = dlsym(RTLD_NEXT, "pread");

	fault = getenv("FAULT");
	memcpy(&next, &symbol, sizeof(next));
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	/* The tender's own files are read from the start; the guest reads the second block. */
	if (!fault || offset != 512)
		return next(fd, data, size, offset);
	if (!strcmp(fault, "system-call"))
		syscall(SYS_getppid);
	if (!strcmp(fault, "error")) {
		errno = EIO;
		return -1;
	}
	return strcmp(fault, "short") ? next(fd, data, size, offset) : 0;
}
