#include "base/file.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int file_keep_streams(struct error *err)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
		if (fd < 0)
			return err_fail_errno(err, ERR_MISSING, errno, "/dev/null: cannot open");
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

const char *path_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int check_readable(const char *path, const struct stat *status, uint64_t limit,
			  struct error *err)
{
	if (S_ISDIR(status->st_mode)) {
		err_fail(err, ERR_NO_INPUT, "%s: is a folder, a file was expected", path);
		return err_mend(err, "name a file inside it");
	}
	if (!S_ISREG(status->st_mode)) {
		err_fail(err, ERR_NO_INPUT, "%s: is not a regular file", path);
		return err_mend(err, "copy its contents to a file and name that");
	}
	if ((uint64_t)status->st_size > limit) {
		err_fail(err, ERR_INPUT, "%s: is %lld bytes large, at most %llu are accepted", path,
			 (long long)status->st_size, (unsigned long long)limit);
		return err_mend(err, "check that this is the file that you meant");
	}
	return 0;
}

int file_open(const char *path, uint64_t limit, uint64_t *size, struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	int result;

	if (fd < 0) {
		int number = errno;

		err_fail_errno(err, ERR_NO_INPUT, number, "%s: cannot open", path);
		return err_mend(err, number == EACCES ? "make the file readable"
						      : "check the path: it is looked for from "
							"the current folder");
	}
	if (fstat(fd, &status) < 0)
		return err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot examine", path);
	if (check_readable(path, &status, limit, err) < 0)
		return -1;
	*size = (uint64_t)status.st_size;
	result = fd;
	fd = -1;
	return result;
}

int file_pread(int fd, const char *path, void *bytes, size_t length, uint64_t offset,
	       struct error *err)
{
	size_t done = 0;

	while (done < length) {
		ssize_t count = pread(fd, (unsigned char *)bytes + done, length - done,
				      (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot read", path);
		if (count == 0) {
			err_fail(err, ERR_INPUT,
				 "%s: became shorter while it was read: %zu of %zu bytes came",
				 path, done, length);
			return err_mend(err, "wait until whatever writes the file is done");
		}
		done += (size_t)count;
	}
	return 0;
}

/* Memory that free() releases. For large inputs in huge pages, where the system has them: a
 * fault for each small page takes as long as reading it. */
static unsigned char *allocate(size_t size)
{
	const size_t huge = 2u << 20;
	unsigned char *memory;

	if (size < 2 * huge)
		return malloc(size);
	memory = aligned_alloc(huge, (size + huge - 1) / huge * huge);
	if (memory)
		madvise(memory, size, MADV_HUGEPAGE); /* only advice: it may be ignored */
	return memory;
}

int file_read(const char *path, size_t limit, size_t slack, struct bytes *bytes, struct error *err)
{
	uint64_t size = 0;
	cleanup_close int fd = file_open(path, limit, &size, err);

	*bytes = (struct bytes){ 0 };
	if (fd < 0)
		return -1;
	bytes->size = (size_t)size;
	bytes->slack = slack;
	bytes->data = allocate(bytes->size + slack + 1);
	if (!bytes->data)
		return err_fail(err, ERR_INPUT, "%s: no memory for its %zu bytes", path,
				bytes->size);
	memset(bytes->data + bytes->size, 0, slack + 1);
	if (file_pread(fd, path, bytes->data, bytes->size, 0, err) < 0) {
		bytes_free(bytes);
		return -1;
	}
	return 0;
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

/* ---- writing ------------------------------------------------------------- */

static int fail_write(const char *path, int number, struct error *err)
{
	err_fail_errno(err, ERR_IO, number, "%s: cannot write", path);
	if (number == ENOSPC || number == EDQUOT)
		err_mend(err, "free some space, or name another folder; nothing was replaced");
	return -1;
}

int file_pwrite(int fd, const char *path, const void *bytes, size_t length, uint64_t offset,
		struct error *err)
{
	const unsigned char *at = bytes;

	while (length) {
		ssize_t count = pwrite(fd, at, length, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return fail_write(path, errno, err);
		at += count;
		offset += (uint64_t)count;
		length -= (size_t)count;
	}
	return 0;
}

int file_write(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err)
{
	const char *name;
	cleanup_output struct output *output = output_begin_beside(path, &name, err);

	if (!output || output_add(output, name, bytes, length, mode, err) < 0)
		return -1;
	return output_commit(output, err);
}
