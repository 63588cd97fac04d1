/* ISO images. Of the first 16 sectors only the first one is part of the input: MBR, GPT header and
 * two blocks of entries; the rest is zeroes. */
#include "base/cleanup.h"
#include "base/file.h"
#include "iso/examine.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HEAD = 2048, VOLUME = 16 * 2048 };

static void check(const struct iso_image *image, const struct findings *findings)
{
	/* A digest is one of bytes that are there. */
	for (size_t i = 0; i < image->tree.count; i++) {
		const struct iso_node *node = &image->tree.nodes[i];

		if (*node->sha256 && (uint64_t)node->sector * ISO_SECTOR + node->size > image->size)
			abort();
		if (strlen(node->sha256) != 64 && *node->sha256)
			abort();
	}
	if (image->volume.size > image->size &&
	    (image->bios_cd || image->uefi_cd || !findings_count(findings, FINDING_ERROR)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_findings struct findings findings = { 0 };
	cleanup_close int fd = memfd_create("iso", MFD_CLOEXEC);
	size_t head = size < HEAD ? size : HEAD;
	struct iso_image image = { 0 };
	struct error err = { 0 };
	char path[32];

	if (fd < 0 || file_pwrite(fd, "memory", data, head, 0, &err) < 0 ||
	    file_pwrite(fd, "memory", data + head, size - head, VOLUME, &err) < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (iso_examine(path, &image, &findings, &err) == 0)
		check(&image, &findings);
	else if (err.kind != ERR_INPUT)
		abort();
	iso_image_free(&image);
	return 0;
}
