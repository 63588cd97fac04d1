/* Whether a file has the stand-in kernel in it, whatever it is called: a command stream, or one
 * inside an ISO image or an EFI program.
 */
#ifndef IMAGE_STANDIN_MARK_H
#define IMAGE_STANDIN_MARK_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Looks for a stream that begins with the vendor command CSL_STANDIN, as csl_write() puts it, in
 * the open file of `size` bytes. Such a container holds its files in one piece. Constant memory.
 * `path` is for messages. Fails with ERR_NO_INPUT. */
int standin_mark_find(int fd, const char *path, uint64_t size, bool *found, struct error *err);

#endif
