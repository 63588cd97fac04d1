/* ISO images. The first 16 sectors, of which nothing is read, are not part of the input. */
#include "base/cleanup.h"
#include "base/file.h"
#include "iso/memdisk.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { UNREAD = 16 * 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_findings struct findings findings = { 0 };
	cleanup_close int fd = memfd_create("iso", MFD_CLOEXEC);
	struct memdisk_image image;
	struct error err = { 0 };
	char path[32];

	if (fd < 0 || file_pwrite(fd, "memory", data, size, UNREAD, &err) < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (memdisk_examine(path, size % 3 << 28, &image, &findings, &err) < 0)
		abort();
	/* What boots has a BIOS entry inside the file and no finding that says otherwise. */
	if (image.boots != (findings_count(&findings, FINDING_ERROR) == 0))
		abort();
	if (image.boots && (image.platform || !image.load_size ||
			    (uint64_t)image.boot_sector * 2048 + image.load_size > image.size))
		abort();
	return 0;
}
