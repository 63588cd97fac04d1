/* What shall be on an ISO or inside muen.efi: checked, and read into memory once. */
#ifndef ISO_CONTENTS_H
#define ISO_CONTENTS_H

#include "iso/iso.h"

/* What is added to the files that are given. */
#define ISO_CONFIG_PATH "boot/grub/grub.cfg"
#define ISO_BIOS_IMAGE "boot/grub/bios.img"
#define ISO_UEFI_IMAGE "boot/grub/efi.img"
#define ISO_UEFI_PROGRAM "EFI/BOOT/BOOTX64.EFI"
#define ISO_CATALOGUE "boot/grub/boot.cat"

/* All files, the configuration included, sorted by path. */
struct iso_loaded {
	struct iso_loaded_file {
		const char *path; /* of iso_contents */
		struct bytes bytes;
	} * files;
	size_t count;
	unsigned char
		identity[32]; /* SHA-256 of all that was given: serial numbers are made of it */
};

/* Fails with ERR_USAGE (paths, label), ERR_NO_INPUT and ERR_INPUT. The result is released with
 * iso_loaded_free(), also after a failure. */
int iso_load(const struct iso_contents *contents, struct iso_loaded *loaded, struct error *err);
void iso_loaded_free(struct iso_loaded *loaded);

#define cleanup_iso_loaded cleanup_with(iso_loaded_free)

#endif
