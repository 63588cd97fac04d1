/* A bootable ISO 9660 image: BIOS, UEFI, and as a disk; the same bytes for the same input. */
#ifndef ISO_ISO_H
#define ISO_ISO_H

#include "base/error.h"
#include "base/file.h"

#include <stdbool.h>
#include <stdint.h>

/* A file on the ISO, or inside muen.efi. */
struct iso_file {
	const char *path;   /* in the image: "boot/muen.csl"; folders and names of [A-Za-z0-9._-],
			       at most 99 bytes */
	const char *source; /* on this machine; NULL: `bytes` */
	const void *bytes;
	size_t size; /* bytes of `bytes` */
};

struct iso_contents {
	const struct iso_file *files; /* loader, stream: what the GRUB configuration names */
	size_t count;
	const char *grub_config; /* text: becomes boot/grub/grub.cfg */
	const char *label;	 /* volume id, [A-Z0-9_]{1,32} */
	const char *grub_dir;	 /* a GRUB with Muen's modules, or NULL for the system's */
	uint64_t time;		 /* of everything in it, seconds since 1970 */
	/* Modules that the configuration needs: "multiboot", or "csl" and "sbs"; NULL-terminated.
	 * grub_config_modules() has them. */
	const char *const *modules;
	/* An OpenPGP public key (binary): GRUB then opens only files that have a signature by it,
	 * FILE.sig beside each, the configuration included; or NULL. */
	const void *public_key;
	size_t public_key_size;
	bool bios, uefi; /* what it boots from; both as a rule */
};

/* Writes the ISO to the file `path` (made new). GRUB's core images and the EFI system partition
 * are added as boot/grub/bios.img, boot/grub/efi.img and EFI/BOOT/BOOTX64.EFI, the El Torito
 * catalogue as boot/grub/boot.cat. As a disk it has an MBR and, for UEFI, a GPT. Fails with
 * ERR_MISSING and the Debian package if a program or GRUB platform is missing, ERR_NO_INPUT,
 * ERR_INPUT, ERR_CANT_CREATE, ERR_IO. */
int iso_write(const struct iso_contents *contents, const char *path, struct error *err);

/* Writes muen.efi: GRUB with everything of `contents` inside, in memory; bootable over the
 * network as one verified file. Fails as iso_write() does, and with ERR_INPUT above 1 GiB. */
int efi_write(const struct iso_contents *contents, const char *path, struct error *err);

#endif
