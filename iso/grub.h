/* GRUB's core images, made with grub-mkimage from the modules of an installed GRUB.
 *
 * A core image has every module in it that its configuration needs: no folder of modules has to
 * be found at boot. It looks for its configuration on the drive it was loaded from, first; its
 * prefix names no drive, because through memdisk its own is not hd0.
 */
#ifndef ISO_GRUB_H
#define ISO_GRUB_H

#include "base/error.h"
#include "base/file.h"

#include <stddef.h>
#include <stdint.h>

enum grub_image {
	GRUB_BIOS,	     /* an El Torito boot image */
	GRUB_UEFI,	     /* an EFI program that finds the ISO that it came from */
	GRUB_UEFI_STANDALONE /* an EFI program with the files in it */
};

struct grub_request {
	enum grub_image image;
	const char *grub_dir; /* a GRUB tree with i386-pc/ and x86_64-efi/; NULL: the system's */
	const char *label;    /* of the ISO that it looks for; not if standalone */
	const char *const
		*modules;	/* beside those that are always needed; NULL-terminated, or NULL */
	const void *public_key; /* OpenPGP: it opens only what has a signature by it; or NULL */
	size_t public_key_size;
	const struct bytes *archive; /* standalone: a tar archive of the files */
	uint64_t time;		     /* seconds since 1970 */
};

/* Fails with ERR_MISSING: grub-mkimage, the platform or a module is not there. */
int grub_make_image(const struct grub_request *request, struct bytes *image, struct error *err);

/* The boot record that makes an ISO with GRUB's BIOS image start from a disk: 512 bytes. */
int grub_read_boot_record(const char *grub_dir, unsigned char record[static 512],
			  struct error *err);

#endif
