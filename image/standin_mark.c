#include "image/standin_mark.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"
#include "image/csl_format.h"

#include <string.h>

enum {
	MARK_SIZE = CSL_UNIT + 8, /* the file magic, and the first command's id */
	WINDOW = 1 << 20,
};

int standin_mark_find(int fd, const char *path, uint64_t size, bool *found, struct error *err)
{
	cleanup_free unsigned char *window = xcalloc(WINDOW, 1);
	unsigned char mark[MARK_SIZE];

	put_le64(mark, CSL_MAGIC);
	put_le64(mark + CSL_UNIT, CSL_STANDIN);
	*found = false;
	/* Windows overlap, so that a mark across the end of one is whole in the next. */
	for (uint64_t at = 0; !*found && size - at >= MARK_SIZE; at += WINDOW - MARK_SIZE + 1) {
		size_t length = size - at < WINDOW ? (size_t)(size - at) : WINDOW;

		if (file_pread(fd, path, window, length, at, err) < 0)
			return -1;
		*found = memmem(window, length, mark, MARK_SIZE) != NULL;
		if (length < WINDOW)
			break;
	}
	return 0;
}
