/* struct output of base/file.h: sets of files that appear together. */
#include "base/file.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

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
	/* Folders that were made for an output come last, those inside others first: they are empty
	 * now. */
	for (int level = 0; level < 2; level++)
		for (struct unsettled *entry = unsettled_list; entry; entry = entry->next)
			if (entry->path)
				rmdir(entry->path);
}

/* ---- folders ------------------------------------------------------------- */

struct pending_file {
	char *temporary; /* path while it is being written */
	char *final;	 /* path when it is in place */
	int fd;
	struct unsettled *unsettled;
};

struct output_folder {
	char *path;
	const char *name;	/* inside the set's own folder; of that itself, "" */
	struct unsettled *made; /* NULL if the folder was there before */
};

struct output {
	struct output_folder *folders; /* the set's own, then those inside it */
	size_t folder_count;
	struct pending_file *files;
	size_t count;
};

/* Takes the path. `name` is the part of it behind the set's own folder. */
static int add_folder(struct output *output, char *path, const char *name, struct error *err)
{
	struct output_folder *folder;
	struct stat status;
	bool made = false;

	array_grow(output->folders, output->folder_count);
	folder = &output->folders[output->folder_count++];
	*folder = (struct output_folder){ .path = path, .name = name };
	if (mkdir(path, 0777) == 0) {
		made = true;
	} else if (errno != EEXIST) {
		err_fail_errno(err, ERR_CANT_CREATE, errno, "%s: cannot make the output folder",
			       path);
		return errno == ENOENT ? err_mend(err, "make its parent folder first") : -1;
	} else if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
		err_fail(err, ERR_CANT_CREATE,
			 "%s: is a file, a folder was expected for the outputs", path);
		return err_mend(err, "name another folder with --output");
	}
	if (made)
		folder->made = unsettled_add(path);
	return 0;
}

struct output *output_begin(const char *folder, struct error *err)
{
	cleanup_output struct output *output = xcalloc(1, sizeof(*output));

	return add_folder(output, xstrdup(folder), "", err) < 0 ? NULL : steal(output);
}

int output_add_folder(struct output *output, const char *name, struct error *err)
{
	const char *own = output->folders[0].path;
	char *path = xasprintf("%s/%s", own, name);

	return add_folder(output, path, path + strlen(own) + 1, err);
}

/* ---- files --------------------------------------------------------------- */

/* The folder that "FOLDER/FILE" or "FILE" goes to; *name becomes the part behind it. */
static const struct output_folder *folder_of(const struct output *output, const char **name)
{
	for (size_t i = 1; i < output->folder_count; i++) {
		size_t length = strlen(output->folders[i].name);

		if (strncmp(*name, output->folders[i].name, length) || (*name)[length] != '/')
			continue;
		*name += length + 1;
		return &output->folders[i];
	}
	return &output->folders[0];
}

static const struct pending_file *find_file(const struct output *output, const char *final)
{
	for (size_t i = 0; i < output->count; i++)
		if (!strcmp(output->files[i].final, final))
			return &output->files[i];
	return NULL;
}

/* An output takes the place of what has its name: of an older file, never of a device, whose node
 * would be gone for the whole machine. The same goes for links: /dev/stdout is one. */
static int check_place(const char *final, struct error *err)
{
	struct stat status;

	if (lstat(final, &status) < 0 || S_ISREG(status.st_mode))
		return 0;
	if (S_ISDIR(status.st_mode)) {
		err_fail(err, ERR_CANT_CREATE, "%s: is a folder, a file shall be written there",
			 final);
		return err_mend(err, "remove it, or name another folder with --output");
	}
	err_fail(err, ERR_CANT_CREATE, "%s: is %s, it would be replaced by a file", final,
		 S_ISLNK(status.st_mode) ? "a symbolic link" : "not a regular file");
	return err_mend(err, "name another file, or remove it first");
}

static int check_name(const struct output *output, const char *name, const char *final,
		      struct error *err)
{
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
	if (check_place(final, err) < 0)
		return -1;
	if (find_file(output, final)) {
		err_fail(err, ERR_USAGE, "%s: two outputs would have this name", final);
		return err_mend(err, "give what they are made from different names");
	}
	return 0;
}

/* Registers a temporary name beside `final` for removal. Long names may begin alike: the number
 * tells them apart. */
static void pending_name(struct pending_file *file, const char *folder, const char *name)
{
	static unsigned long serial;

	file->temporary =
		xasprintf("%s/.%.200s.%ld-%lu.tmp", folder, name, (long)getpid(), serial++);
	file->unsettled = unsettled_add(file->temporary);
	/* Left by a process of the same number that was killed: nobody else's. */
	unlink(file->temporary);
}

static int pending_create(struct pending_file *file, mode_t mode, struct error *err)
{
	int number;

	file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (file->fd >= 0)
		return 0;
	number = errno;
	file->unsettled->path = NULL;
	err_fail_errno(err, ERR_CANT_CREATE, number, "%s: cannot create", file->final);
	if (number == EACCES || number == EROFS)
		err_mend(err, "choose a folder that you may write to");
	return -1;
}

/* The file of the set that is being begun, not created yet: NULL if it cannot be. */
static struct pending_file *pending_add(struct output *output, const char *name, struct error *err)
{
	const struct output_folder *folder = folder_of(output, &name);
	char *final = xasprintf("%s/%s", folder->path, name);
	struct pending_file *file;

	if (check_name(output, name, final, err) < 0) {
		free(final);
		return NULL;
	}
	array_grow(output->files, output->count);
	file = &output->files[output->count++];
	*file = (struct pending_file){ .final = final, .fd = -1 };
	pending_name(file, folder->path, name);
	return file;
}

int output_open(struct output *output, const char *name, mode_t mode, struct error *err)
{
	struct pending_file *file = pending_add(output, name, err);

	return file && pending_create(file, mode, err) == 0 ? file->fd : -1;
}

int output_add(struct output *output, const char *name, const void *bytes, size_t length,
	       mode_t mode, struct error *err)
{
	int fd = output_open(output, name, mode, err);

	if (fd < 0 ||
	    file_pwrite(fd, output->files[output->count - 1].final, bytes, length, 0, err) < 0)
		return -1;
	/* Starts the disk on it; output_commit() waits for the end. */
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

static const struct pending_file *file_named(const struct output *output, const char *name)
{
	const struct output_folder *folder = folder_of(output, &name);
	cleanup_free char *final = xasprintf("%s/%s", folder->path, name);

	return find_file(output, final);
}

const char *output_pending(const struct output *output, const char *name)
{
	const struct pending_file *file = file_named(output, name);

	return file ? file->temporary : NULL;
}

/* In pieces: what is copied may be larger than the memory. */
static int copy(const char *from, int to, const char *final, struct error *err)
{
	uint64_t size = 0;
	cleanup_close int in = file_open(from, INT64_MAX, &size, err);
	unsigned char piece[1 << 16];

	if (in < 0)
		return -1;
	for (uint64_t at = 0; at < size; at += sizeof(piece)) {
		size_t length = size - at < sizeof(piece) ? (size_t)(size - at) : sizeof(piece);

		if (file_pread(in, from, piece, length, at, err) < 0 ||
		    file_pwrite(to, final, piece, length, at, err) < 0)
			return -1;
	}
	return 0;
}

int output_add_link(struct output *output, const char *name, const char *of, mode_t mode,
		    struct error *err)
{
	const char *from = output_pending(output, of);
	struct pending_file *file = pending_add(output, name, err);

	if (!file)
		return -1;
	if (link(from, file->temporary) == 0)
		return 0;
	if (pending_create(file, mode, err) < 0)
		return -1;
	return copy(from, file->fd, file->final, err);
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

		/* A link is synced with the file that it is another name of. */
		if (file->fd >= 0 && fsync(file->fd) < 0 && errno != EINVAL)
			return err_fail_errno(err, ERR_IO, errno, "%s: cannot write", file->final);
	}
	for (size_t i = 0; i < output->folder_count; i++) {
		if (output->folders[i].made)
			output->folders[i].made->path = NULL;
		output->folders[i].made = NULL;
	}
	for (size_t i = 0; i < output->count; i++) {
		struct pending_file *file = &output->files[i];

		if (rename(file->temporary, file->final) < 0)
			return err_fail_errno(err, ERR_IO, errno, "%s: cannot put in place",
					      file->final);
		file->unsettled->path = NULL;
	}
	for (size_t i = output->folder_count; i > 0; i--)
		if (sync_folder(output->folders[i - 1].path, err) < 0)
			return -1;
	return 0;
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
	for (size_t i = output->folder_count; i > 0; i--) {
		struct output_folder *folder = &output->folders[i - 1];

		if (folder->made) {
			rmdir(folder->path);
			folder->made->path = NULL;
		}
		free(folder->path);
	}
	free(output->folders);
	free(output->files);
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
