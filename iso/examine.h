/* All that an ISO image is: its files, what boots it and from where, and what is broken. */
#ifndef ISO_EXAMINE_H
#define ISO_EXAMINE_H

#include "iso/memdisk.h"
#include "iso/partitions.h"
#include "iso/tree.h"

struct iso_image {
	uint64_t size; /* of the file, in bytes */
	struct iso_volume volume;
	struct iso_catalogue catalogue; /* count 0: there is none */
	struct iso_boot_table table;	/* of the default entry, if that is for BIOS */
	struct iso_tree tree;		/* digested */
	struct iso_disk disk;
	bool bios_cd, bios_disk, uefi_cd, uefi_disk; /* it boots so */
	struct memdisk_image memdisk;
	struct findings memdisk_findings; /* what only matters to memdisk */
};

/* Examines the ISO image at `path`. What is broken is added as FINDING_ERROR, what may go wrong as
 * FINDING_WARNING. Fails with ERR_NO_INPUT, and with ERR_INPUT if it is no ISO image at all. The
 * result is released with iso_image_free(), also after a failure. */
int iso_examine(const char *path, struct iso_image *image, struct findings *findings,
		struct error *err);

void iso_image_free(struct iso_image *image);

#endif
