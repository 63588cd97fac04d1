/* Reading inputs and writing outputs that are whole or not there.
 *
 * Every output goes through a `struct output`: each file is written to a
 * temporary name in its own folder and synced; output_commit() then renames them
 * all. Until then nothing that was there before is touched, and output_free()
 * (also after a failure, or a signal through output_discard_all()) removes what was
 * begun, the folder too if it was made for this.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The bytes of a file, owned: release with bytes_free(). A file of size 0 has a
 * valid data pointer. There are at least `slack` zero bytes behind `size`. */
struct bytes {
	unsigned char *data;
	size_t size;
	size_t slack;
};

/* Opens a regular file for reading: the descriptor, close-on-exec, owned by the caller; *size is
 * its size in bytes, at most `limit`. Fails with ERR_NO_INPUT (missing, unreadable, not a
 * regular file) or ERR_INPUT (too large). For inputs that are too large for file_read(). */
int file_open(const char *path, uint64_t limit, uint64_t *size, struct error *err);

/* Reads exactly `length` bytes at `offset`, which the caller knows to be inside the file. Fails
 * with ERR_NO_INPUT (cannot be read), or ERR_INPUT (became shorter meanwhile). */
int file_pread(int fd, const char *path, void *bytes, size_t length, uint64_t offset,
	       struct error *err);

/* Writes all of them at `offset` of an output_open(): fails with ERR_IO. */
int file_pwrite(int fd, const char *path, const void *bytes, size_t length, uint64_t offset,
		struct error *err);

/* Reads a whole regular file, once, in one pass. `limit` is the largest size accepted
 * in bytes. `slack` zero bytes are made available behind the contents.
 * Fails with ERR_NO_INPUT (missing, unreadable, not a regular file) or ERR_INPUT
 * (too large, changed while it was read). */
int file_read(const char *path, size_t limit, size_t slack, struct bytes *bytes, struct error *err);
void bytes_free(struct bytes *bytes);

#define cleanup_bytes cleanup_with(bytes_free)

/* For the start of a program: somebody may have started it without some of the standard streams.
 * The next file that is opened, a disk perhaps, would become one of them, and what is printed would
 * go there. Puts /dev/null, for reading only, in their place: what is written to it fails and is
 * reported as lost. Fails with ERR_MISSING. */
int file_keep_streams(struct error *err);

/* The part of a path behind its last '/': points into `path`. */
const char *path_base_name(const char *path);

struct output;

/* Begins a set of outputs in `folder`, which is made if it is missing (its parent
 * must exist). Fails with ERR_CANT_CREATE. */
struct output *output_begin(const char *folder, struct error *err);

/* Begins a set in the folder of `path`, which must be there; *name is the part of the path
 * behind the folder. Fails with ERR_CANT_CREATE. */
struct output *output_begin_beside(const char *path, const char **name, struct error *err);

/* Adds a folder inside the set's own, made if it is missing. Its files are named "FOLDER/FILE".
 * Fails with ERR_CANT_CREATE. */
int output_add_folder(struct output *output, const char *name, struct error *err);

/* Adds one file of the set. `name` has no '/' but behind a folder of the set; a name that the set
 * has already is ERR_USAGE. What the name is now may be a regular file only: a device, a pipe or a
 * link is ERR_CANT_CREATE and stays. Fails with ERR_CANT_CREATE or ERR_IO. */
int output_add(struct output *output, const char *name, const void *bytes, size_t length,
	       mode_t mode, struct error *err);

/* Adds a file of the set that the caller writes itself, in any order: for outputs too large to
 * hold in memory. Returns its descriptor, which belongs to the set and stays open until
 * output_commit() or output_free(). Fails as output_add() does. */
int output_open(struct output *output, const char *name, mode_t mode, struct error *err);

/* Adds another name for a file that the set has: a hard link, or a copy where the file system has
 * no links. Fails as output_add() does. */
int output_add_link(struct output *output, const char *name, const char *of, mode_t mode,
		    struct error *err);

/* Where a file of the set lies until output_commit(), for whoever writes or reads it by its path:
 * the set's own text, valid until output_free(); NULL if the set has no such file. */
const char *output_pending(const struct output *output, const char *name);

/* Puts all files in place. On failure those not yet renamed are removed. */
int output_commit(struct output *output, struct error *err);

void output_free(struct output *output);
DEFINE_CLEANUP(struct output *, output_free)
#define cleanup_output cleanup_with(output_freep)

/* Writes one file whole: a set of one. `path` may have folders, which must exist. */
int file_write(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err);

/* Removes everything that is begun and not committed. Async-signal-safe. */
void output_discard_all(void);

#endif
