#include "base/memory_file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

int memory_file(const void *bytes, size_t size, uint64_t time, struct error *err)
{
	const struct timespec times[2] = { { .tv_sec = (time_t)time }, { .tv_sec = (time_t)time } };
	int fd = memfd_create("muenbuild", MFD_CLOEXEC);
	int result;

	if (fd < 0)
		return err_fail_errno(err, ERR_IO, errno, "cannot make a file in memory");
	if (bytes)
		result = file_pwrite(fd, "file in memory", bytes, size, 0, err);
	else
		result = ftruncate(fd, (off_t)size);
	if (result < 0 && !bytes)
		err_fail_errno(err, ERR_IO, errno, "cannot make a file of %zu bytes in memory",
			       size);
	if (result == 0 && futimens(fd, times) < 0)
		result = err_fail_errno(err, ERR_IO, errno, "cannot date a file in memory");
	if (result < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

const char *memory_file_path(int fd, char path[static MEMORY_FILE_PATH])
{
	snprintf(path, MEMORY_FILE_PATH, "/proc/self/fd/%d", fd);
	return path;
}

int memory_file_read(int fd, struct bytes *bytes, struct error *err)
{
	char path[MEMORY_FILE_PATH];

	return file_read(memory_file_path(fd, path), SIZE_MAX, 0, bytes, err);
}
