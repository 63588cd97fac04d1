#include "cli/standin.h"

#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"
#include "base/memory_file.h"
#include "base/text.h"
#include "image/standin_mark.h"
#include "sign/sbs/sbs.h"

#include <string.h>

/* The blocks of a signed stream have hashes between them: what they hold, in one piece. Returns
 * its descriptor and *size; -1 if the file is no intact signed stream, and has to be taken as it
 * is. */
static int unwrapped(int fd, const char *path, uint64_t *size)
{
	unsigned char head[SBS_HEADER_SIZE];
	struct sbs_header header;
	struct error ignored;
	int memory;

	if (*size < sizeof(head) || file_pread(fd, path, head, sizeof(head), 0, &ignored) < 0 ||
	    get_le32(head) != SBS_MAGIC ||
	    sbs_header_decode(head, *size, path, &header, &ignored) < 0)
		return -1;
	memory = memory_file(NULL, 0, 0, &ignored);
	if (memory >= 0 && sbs_check(fd, path, &header, memory, path, &ignored) < 0) {
		close(memory);
		return -1;
	}
	*size = sbs_payload_size(&header);
	return memory;
}

int standin_find(const char *path, bool *found, struct error *err)
{
	uint64_t size = 0;
	cleanup_close int fd = file_open(path, INT64_MAX, &size, err);
	cleanup_close int inside = fd < 0 ? -1 : unwrapped(fd, path, &size);

	if (fd < 0)
		return -1;
	return standin_mark_find(inside >= 0 ? inside : fd, path, size, found, err);
}

void standin_warn(const char *path, struct findings *findings)
{
	char shown[512];

	findings_add(findings, FINDING_WARNING,
		     "build it with the system that Muen's tools made (--system-image)",
		     "%s: has the stand-in kernel in it: not for production",
		     text_printable(path, strlen(path), shown, sizeof(shown)));
}

int standin_refuse(const char *path, struct error *err)
{
	err_fail(err, ERR_REFUSED,
		 "%s: has the stand-in kernel in it, which separates nothing: it is not signed",
		 path);
	return err_mend(err, "build with the system that Muen's tools made (--system-image); to "
			     "try the signature chain, add --allow-standin");
}

/* A signature says that machines may boot this: not a kernel that separates nothing. */
int standin_check_signing(const char *path, bool allowed, struct findings *findings,
			  struct error *err)
{
	bool standin;

	if (standin_find(path, &standin, err) < 0)
		return -1;
	if (!standin)
		return 0;
	if (allowed) {
		standin_warn(path, findings);
		return 0;
	}
	return standin_refuse(path, err);
}
