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

/* ---- what a signal must remove ------------------------------------------- */

/* A list that only grows, so that a signal handler can walk it at any time; an entry
 * that is settled has path NULL and is used again. */
struct unsettled {
	char *volatile path;
	struct unsettled *next;
};

static struct unsettled *volatile unsettled_list;

static struct unsettled *unsettled_add(char *path)
{
	struct unsettled *entry = unsettled_list;

	while (entry && entry->path)
		entry = entry->next;
	if (entry) {
		entry->path = path;
		return entry;
	}
	entry = xcalloc(1, sizeof(*entry));
	entry->path = path;
	entry->next = unsettled_list;
	unsettled_list = entry;
	return entry;
}

void output_discard_all(void)
{
	for (struct unsettled *entry = unsettled_list; entry; entry = entry->next)
		if (entry->path)
			unlink(entry->path);
	/* Folders that were made for an output come last: they are empty now. */
	for (struct unsettled *entry = unsettled_list; entry; entry = entry->next)
		if (entry->path)
			rmdir(entry->path);
}

/* ---- writing ------------------------------------------------------------- */

struct pending_file {
	char *temporary; /* path while it is being written */
	char *final;	 /* path when it is in place */
	int fd;
	struct unsettled *unsettled;
};

struct output {
	char *folder;
	struct unsettled *made_folder; /* NULL if the folder was there before */
	struct pending_file *files;
	size_t count;
};

struct output *output_begin(const char *folder, struct error *err)
{
	struct output *output;
	struct stat status;
	bool made = false;

	if (mkdir(folder, 0777) == 0) {
		made = true;
	} else if (errno != EEXIST) {
		err_fail_errno(err, ERR_CANT_CREATE, errno, "%s: cannot make the output folder",
			       folder);
		if (errno == ENOENT)
			err_mend(err, "make its parent folder first");
		return NULL;
	} else if (stat(folder, &status) == 0 && !S_ISDIR(status.st_mode)) {
		err_fail(err, ERR_CANT_CREATE,
			 "%s: is a file, a folder was expected for the outputs", folder);
		err_mend(err, "name another folder with --output");
		return NULL;
	}
	output = xcalloc(1, sizeof(*output));
	output->folder = xstrdup(folder);
	if (made)
		output->made_folder = unsettled_add(output->folder);
	return output;
}

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

static int check_name(const struct output *output, const char *name, const char *final,
		      struct error *err)
{
	struct stat status;

	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..")) {
		err_fail(err, ERR_USAGE, "'%s' cannot be the name of an output file", name);
		return err_mend(err, "use a plain file name without '/'");
	}
	/* Found out now, and not when some of the files are in place. */
	if (strlen(name) > NAME_MAX) {
		err_fail(err, ERR_USAGE,
			 "'%.40s...' cannot be the name of an output file: it has %zu bytes, at "
			 "most %d are possible",
			 name, strlen(name), NAME_MAX);
		return err_mend(err, "use shorter names");
	}
	if (lstat(final, &status) == 0 && S_ISDIR(status.st_mode)) {
		err_fail(err, ERR_CANT_CREATE, "%s: is a folder, a file shall be written there",
			 final);
		return err_mend(err, "remove it, or name another folder with --output");
	}
	for (size_t i = 0; i < output->count; i++) {
		if (!strcmp(output->files[i].final, final)) {
			err_fail(err, ERR_USAGE, "%s: two outputs would have this name", final);
			return err_mend(err, "give what they are made from different names");
		}
	}
	return 0;
}

/* Opens a temporary file beside `final` and registers it for removal. Long names may begin alike:
 * the number tells them apart. */
static int pending_open(struct pending_file *file, const char *folder, const char *name,
			mode_t mode, struct error *err)
{
	static unsigned long serial;

	file->temporary =
		xasprintf("%s/.%.200s.%ld-%lu.tmp", folder, name, (long)getpid(), serial++);
	file->unsettled = unsettled_add(file->temporary);
	file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (file->fd < 0 && errno == EEXIST) {
		/* Left by a process of the same number that was killed: nobody else's. */
		unlink(file->temporary);
		file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	}
	if (file->fd < 0) {
		int number = errno;

		file->unsettled->path = NULL;
		err_fail_errno(err, ERR_CANT_CREATE, number, "%s: cannot create", file->final);
		if (number == EACCES || number == EROFS)
			err_mend(err, "choose a folder that you may write to");
		return -1;
	}
	return 0;
}

/* The file of the set that is being begun: NULL if it cannot be. */
static struct pending_file *pending_add(struct output *output, const char *name, mode_t mode,
					struct error *err)
{
	struct pending_file *file;
	char *final = xasprintf("%s/%s", output->folder, name);

	if (check_name(output, name, final, err) < 0) {
		free(final);
		return NULL;
	}
	array_grow(output->files, output->count);
	file = &output->files[output->count++];
	*file = (struct pending_file){ .final = final, .fd = -1 };
	if (pending_open(file, output->folder, name, mode, err) < 0)
		return NULL;
	return file;
}

int output_add(struct output *output, const char *name, const void *bytes, size_t length,
	       mode_t mode, struct error *err)
{
	struct pending_file *file = pending_add(output, name, mode, err);

	if (!file || file_pwrite(file->fd, file->final, bytes, length, 0, err) < 0)
		return -1;
	/* Starts the disk on it; output_commit() waits for the end. */
	sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

int output_open(struct output *output, const char *name, mode_t mode, struct error *err)
{
	struct pending_file *file = pending_add(output, name, mode, err);

	return file ? file->fd : -1;
}

static int sync_folder(const char *folder, struct error *err)
{
	cleanup_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* Some file systems cannot sync a folder (EINVAL): the files are safe anyway. */
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		return err_fail_errno(err, ERR_IO, errno, "%s: cannot sync the folder", folder);
	return 0;
}

int output_commit(struct output *output, struct error *err)
{
	for (size_t i = 0; i < output->count; i++) {
		struct pending_file *file = &output->files[i];

		if (fsync(file->fd) < 0 && errno != EINVAL)
			return err_fail_errno(err, ERR_IO, errno, "%s: cannot write", file->final);
	}
	if (output->made_folder)
		output->made_folder->path = NULL;
	output->made_folder = NULL;
	for (size_t i = 0; i < output->count; i++) {
		struct pending_file *file = &output->files[i];

		if (rename(file->temporary, file->final) < 0)
			return err_fail_errno(err, ERR_IO, errno, "%s: cannot put in place",
					      file->final);
		file->unsettled->path = NULL;
	}
	return sync_folder(output->folder, err);
}

void output_free(struct output *output)
{
	for (size_t i = 0; i < output->count; i++) {
		struct pending_file *file = &output->files[i];

		if (file->fd >= 0)
			close(file->fd);
		if (file->unsettled && file->unsettled->path == file->temporary) {
			unlink(file->temporary);
			file->unsettled->path = NULL;
		}
		free(file->temporary);
		free(file->final);
	}
	if (output->made_folder) {
		rmdir(output->folder);
		output->made_folder->path = NULL;
	}
	free(output->files);
	free(output->folder);
	free(output);
}

struct output *output_begin_beside(const char *path, const char **name, struct error *err)
{
	cleanup_free char *folder = NULL;

	*name = path_base_name(path);
	folder = *name == path ? xstrdup(".") : xstrndup(path, (size_t)(*name - path));
	if (access(folder, F_OK) < 0) {
		err_fail_errno(err, ERR_CANT_CREATE, errno, "%s: cannot create", path);
		err_mend(err, "make the folder %s first", folder);
		return NULL;
	}
	return output_begin(folder, err);
}

int file_write(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err)
{
	const char *name;
	cleanup_output struct output *output = output_begin_beside(path, &name, err);

	if (!output || output_add(output, name, bytes, length, mode, err) < 0)
		return -1;
	return output_commit(output, err);
}
