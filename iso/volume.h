/* An ISO image's volume descriptors and its El Torito boot catalogue, as they are: nothing is
 * judged here.
 *
 * Formats: ECMA-119 8.2 and 8.4 (volume descriptors), El Torito 1.0 (boot record, catalogue), the
 * boot information table of mkisofs' and xorriso's -boot-info-table. All little endian where it
 * matters; sectors are of 2048 bytes.
 */
#ifndef ISO_VOLUME_H
#define ISO_VOLUME_H

#include "iso/reader.h"

enum {
	ISO_PRIMARY_SECTOR = 16,     /* where the volume descriptors begin */
	ISO_BOOT_RECORD_SECTOR = 17, /* where a boot record belongs */
	ISO_BOOT_ENTRIES = 62,	     /* more than one sector of a catalogue holds */
	ISO_PLATFORM_BIOS = 0,
	ISO_PLATFORM_UEFI = 0xef,
};

/* What a boot entry emulates (El Torito 1.0, figure 3). */
enum boot_emulation {
	BOOT_NO_EMULATION = 0,
	BOOT_FLOPPY_1200 = 1,
	BOOT_FLOPPY_1440 = 2,
	BOOT_FLOPPY_2880 = 3,
	BOOT_HARD_DISK = 4,
};

/* Without `is_iso` nothing else is set. */
struct iso_volume {
	bool is_iso;	      /* there is a primary volume descriptor */
	uint64_t size;	      /* what it says, in bytes */
	char label[33];	      /* printable, without the padding */
	char created[20];     /* "2026-11-22 01:45:32", UTC if `utc`; "" if there is none */
	char modified[20];    /* likewise */
	bool utc;	      /* both are in UTC */
	uint32_t root_sector; /* of the root folder */
	uint32_t root_size;   /* bytes */
	uint32_t boot_record; /* the sector of the first El Torito boot record; 0: there is none */
	uint32_t catalogue;   /* the sector that it names */
};

int iso_volume_read(const struct iso_reader *reader, struct iso_volume *volume, struct error *err);

struct iso_boot_entry {
	uint8_t platform;  /* ISO_PLATFORM_* or another */
	uint8_t indicator; /* 0x88: bootable */
	uint8_t emulation; /* one of enum boot_emulation if it is valid */
	uint16_t segment;  /* where it is loaded; 0: 0x7c0 */
	uint32_t sector;   /* where the boot image begins */
	uint32_t load;	   /* how much of it is loaded, in bytes */
};

struct iso_catalogue {
	bool inside;	/* the file has its sector; else nothing is set */
	uint8_t header; /* the first byte of its validation entry: 1 */
	uint8_t key[2]; /* the last two: 55 aa */
	uint16_t sum;	/* of its 16-bit words: 0 */
	size_t count;
	struct iso_boot_entry entries[ISO_BOOT_ENTRIES]; /* the first one is the default */
};

int iso_catalogue_read(const struct iso_reader *reader, uint32_t sector,
		       struct iso_catalogue *catalogue, struct error *err);

/* The table that tells a loader where the rest of it is. */
struct iso_boot_table {
	const char *missing; /* why there is none, or NULL */
	uint32_t length;     /* of the boot image, in bytes */
	uint32_t recorded;   /* the checksum in it */
	uint32_t sum;	     /* the checksum of the image */
};

int iso_boot_table_read(const struct iso_reader *reader, const struct iso_boot_entry *entry,
			struct iso_boot_table *table, struct error *err);

#endif
