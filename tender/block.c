#include "tender/block.h"

#include "tender/say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_failed(const char *name, const char *path, bool read_only, struct error *err)
{
	int number = errno;

	err_fail_errno(err, number == ENOENT ? ERR_NO_INPUT : ERR_REFUSED, number,
		       "--block %s: %s: cannot open for %s", name, path,
		       read_only ? "reading" : "reading and writing");
	if (number == ENOENT)
		return err_mend(err, "make it first, e.g. truncate -s 64M %s", path);
	if (!read_only)
		return err_mend(err, "to give it to the guest for reading only: --block %s=%s,ro",
				name, path);
	return -1;
}

static int check_size(const struct block *block, struct error *err)
{
	if (block->capacity < block->block_size) {
		err_fail(err, ERR_USAGE,
			 "--block %s: %s: has %" PRIu64
			 " bytes. Backing storage must be at least 1 block (%u bytes) in size",
			 block->name, block->path, block->capacity, block->block_size);
		return err_mend(err, "make it larger, e.g. truncate -s 64M %s", block->path);
	}
	if (block->capacity % block->block_size) {
		err_fail(err, ERR_USAGE,
			 "--block %s: %s: has %" PRIu64
			 " bytes. Backing storage size must be block aligned (%u bytes)",
			 block->name, block->path, block->capacity, block->block_size);
		return err_mend(err, "round it up: truncate -s %%%u %s", block->block_size,
				block->path);
	}
	return 0;
}

static int examine(struct block *block, struct error *err)
{
	struct stat status;
	off_t end;

	if (fstat(block->fd, &status) < 0)
		return err_fail_errno(err, ERR_NO_INPUT, errno, "--block %s: %s: cannot examine",
				      block->name, block->path);
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		return err_fail(err, ERR_USAGE,
				"--block %s: %s: is neither a file nor a block device", block->name,
				block->path);
	end = lseek(block->fd, 0, SEEK_END);
	if (end < 0)
		return err_fail_errno(err, ERR_NO_INPUT, errno,
				      "--block %s: %s: cannot tell its size", block->name,
				      block->path);
	block->capacity = (uint64_t)end;
	return check_size(block, err);
}

int block_open(struct block *block, const char *name, const char *path, uint16_t block_size,
	       bool read_only, struct error *err)
{
	*block = (struct block){
		.name = name, .path = path, .block_size = block_size, .read_only = read_only
	};
	block->fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
	if (block->fd < 0)
		return open_failed(name, path, read_only, err);
	if (examine(block, err) == 0)
		return 0;
	block_close(block);
	return -1;
}

void block_close(struct block *block)
{
	if (block->fd >= 0)
		close(block->fd);
	block->fd = -1;
}

static bool is_inside(const struct block *block, uint64_t offset, uint64_t length)
{
	return length <= SSIZE_MAX && offset < block->capacity &&
	       length <= block->capacity - offset;
}

static enum block_result host_failed(struct block *block, const char *what, ssize_t count,
				     uint64_t offset)
{
	if (!block->counters.errors)
		say("warning: block device '%s': %s at offset %" PRIu64
		    " failed: %s; the guest is told, later failures are only counted",
		    block->name, what, offset,
		    count < 0 ? strerror(errno) : "the file became shorter");
	block->counters.errors++;
	return BLOCK_FAILED;
}

enum block_result block_read(struct block *block, uint64_t offset, void *data, uint64_t length)
{
	uint64_t done = 0;

	if (!is_inside(block, offset, length)) {
		block->counters.refused++;
		return BLOCK_INVALID;
	}
	while (done < length) {
		ssize_t count = pread(block->fd, (char *)data + done, length - done,
				      (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return host_failed(block, "reading", count, offset + done);
		done += (uint64_t)count;
	}
	block->counters.reads++;
	block->counters.read_bytes += length;
	return BLOCK_DONE;
}

enum block_result block_write(struct block *block, uint64_t offset, const void *data,
			      uint64_t length)
{
	uint64_t done = 0;

	if (!is_inside(block, offset, length)) {
		block->counters.refused++;
		return BLOCK_INVALID;
	}
	if (block->read_only) {
		block->counters.refused++;
		return BLOCK_FAILED;
	}
	while (done < length) {
		ssize_t count = pwrite(block->fd, (const char *)data + done, length - done,
				       (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return host_failed(block, "writing", count, offset + done);
		done += (uint64_t)count;
	}
	block->counters.writes++;
	block->counters.written_bytes += length;
	return BLOCK_DONE;
}
