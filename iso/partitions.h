/* What an image is as a disk: its MBR and its GUID partition table (UEFI 2.10, chapter 5). What is
 * wrong is a finding. */
#ifndef ISO_PARTITIONS_H
#define ISO_PARTITIONS_H

#include "base/findings.h"
#include "iso/reader.h"

enum { ISO_PARTITIONS = 128, ISO_BLOCK = 512 };

struct iso_mbr_entry {
	uint8_t status, type; /* type 0: unused */
	uint32_t first, blocks;
};

struct iso_partition {
	char name[37];		/* printable ASCII */
	unsigned char type[16]; /* GUID, as it is stored */
	uint64_t first, last;	/* blocks of 512 bytes */
	bool system;		/* an EFI system partition */
};

struct iso_disk {
	bool mbr;	     /* block 0 ends with the mark of an MBR */
	bool boot_code;	     /* and begins with a program */
	bool grub;	     /* which is GRUB's */
	uint64_t grub_block; /* where GRUB's goes on, in blocks */
	struct iso_mbr_entry entries[4];
	bool gpt;      /* there is a GPT, which may be damaged: findings tell */
	char guid[37]; /* of the disk: "9b89a7ce-..." */
	size_t count;
	struct iso_partition partitions[ISO_PARTITIONS];
};

int iso_disk_read(const struct iso_reader *reader, struct iso_disk *disk, struct findings *findings,
		  struct error *err);

/* Whether a FAT file system of at most `size` bytes begins at this offset: 1, 0, or -1 as
 * iso_read(). */
int iso_is_fat(const struct iso_reader *reader, uint64_t offset, uint64_t size, struct error *err);

#endif
