/* Whether memdisk can boot an ISO image, before anybody signs it for that.
 *
 * memdisk (syslinux) is what iPXE starts on a BIOS machine with the ISO as its initrd and the
 * arguments "iso raw". It looks at three things only: the boot record volume descriptor in sector
 * 17, the boot catalogue's validation entry, and the *default* entry behind it; other entries are
 * never tried. What it finds wrong there it prints, and jumps all the same. Then the loader in
 * the boot image needs its boot information table to find the rest of itself.
 */
#ifndef ISO_MEMDISK_H
#define ISO_MEMDISK_H

#include "base/error.h"
#include "base/findings.h"
#include "iso/volume.h"

#include <stdbool.h>
#include <stdint.h>

/* What an ISO image says about booting. Without `is_iso` nothing else but `size` is set, without
 * `has_catalogue` nothing behind it. */
struct memdisk_image {
	uint64_t size;	      /* of the file, in bytes */
	bool is_iso;	      /* there is a primary volume descriptor */
	uint64_t volume_size; /* what the descriptor says, in bytes */
	char volume_id[33];   /* printable, without the padding */
	bool has_catalogue;   /* there is an El Torito boot catalogue */
	uint8_t platform;     /* of the default entry: 0 is BIOS, 0xef UEFI */
	uint8_t emulation;    /* of the default entry: one of enum boot_emulation if it is valid */
	uint32_t boot_sector; /* where its boot image begins, in sectors of 2048 bytes */
	uint32_t load_size;   /* how much of it is loaded, in bytes */
	bool boot_info_table; /* the boot image has a correct one */
	bool bios_elsewhere;  /* another entry than the default one is for BIOS */
	bool uefi;	      /* some entry is for UEFI */
	bool boots;	      /* memdisk can boot it, and it fits */
};

/* Room that iPXE and memdisk need beside the ISO: 7 to 9 MiB were measured. */
#define MEMDISK_ROOM (10u << 20)

/* The largest memory that counts: what lies below 4 GiB, without the gap for devices that
 * firmware leaves there. */
#define MEMDISK_MEMORY (3ull << 30)

/* Examines the image at `path`; reads a few sectors, however large it is. `target_ram` is the
 * memory of the machine that shall boot it, in bytes; 0: not known, only the limit of any machine
 * is checked. What keeps memdisk from booting it is added as FINDING_ERROR, what may go wrong as
 * FINDING_WARNING. Fails only if the file cannot be read (ERR_NO_INPUT) or is cut off meanwhile
 * (ERR_INPUT), never because of what it holds: then image->boots is false. */
int memdisk_examine(const char *path, uint64_t target_ram, struct memdisk_image *image,
		    struct findings *findings, struct error *err);

/* The same for signing: fails with ERR_INPUT, and with the first finding that is an error, unless
 * memdisk can boot the image. Warnings are added to `findings`. */
int memdisk_require(const char *path, uint64_t target_ram, struct findings *findings,
		    struct error *err);

#endif
