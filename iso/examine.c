#include "iso/examine.h"

#include <unistd.h>

#define REBUILD "copy or build it again"

enum {
	BOOTABLE = 0x88,
	MBR_ESP = 0xef,
	GRUB_SKIPS = 4, /* blocks of the boot image that only a CD's BIOS needs */
};

struct examination {
	struct iso_reader reader;
	struct iso_image *image;
	struct findings *findings;
};

/* ---- as a CD -------------------------------------------------------------------------------- */

static void check_catalogue(const struct examination *of)
{
	const struct iso_catalogue *catalogue = &of->image->catalogue;

	if (!catalogue->inside)
		findings_add(
			of->findings, FINDING_ERROR, REBUILD,
			"%s: its boot catalogue is said to be in sector %u, which the file does "
			"not have",
			of->reader.path, of->image->volume.catalogue);
	else if (catalogue->header != 1 || catalogue->key[0] != 0x55 || catalogue->key[1] != 0xaa ||
		 catalogue->sum)
		findings_add(
			of->findings, FINDING_ERROR, REBUILD,
			"%s: its boot catalogue is damaged: it begins with %u and ends its "
			"first entry with %02x %02x, and sums up to 0x%04x; 1, 55 aa and 0 were "
			"expected",
			of->reader.path, catalogue->header, catalogue->key[0], catalogue->key[1],
			catalogue->sum);
}

static bool entry_is_inside(const struct examination *of, const struct iso_boot_entry *entry)
{
	return entry->load &&
	       iso_inside(&of->reader, (uint64_t)entry->sector * ISO_SECTOR, entry->load);
}

static int check_bios_entry(const struct examination *of, const struct iso_boot_entry *entry,
			    struct error *err)
{
	struct iso_boot_table *table = &of->image->table;

	if (entry->emulation != BOOT_NO_EMULATION) {
		of->image->bios_cd = true;
		return 0;
	}
	if (iso_boot_table_read(&of->reader, entry, table, err) < 0)
		return -1;
	of->image->bios_cd = !table->missing;
	if (table->missing)
		findings_add(of->findings, FINDING_WARNING, REBUILD,
			     "%s: its BIOS boot image has no boot information table (%s)",
			     of->reader.path, table->missing);
	else if (table->sum != table->recorded)
		findings_add(of->findings, FINDING_ERROR, REBUILD,
			     "%s: its BIOS boot image is damaged: its checksum is 0x%08x, its boot "
			     "information table says 0x%08x",
			     of->reader.path, table->sum, table->recorded);
	return 0;
}

/* Firmware takes a size of up to one block as "all that follows". */
static int check_uefi_entry(const struct examination *of, const struct iso_boot_entry *entry,
			    struct error *err)
{
	uint64_t offset = (uint64_t)entry->sector * ISO_SECTOR;
	uint64_t size = entry->load > ISO_BLOCK ? entry->load : of->reader.size - offset;
	int fat = iso_is_fat(&of->reader, offset, size, err);

	if (fat < 0)
		return -1;
	of->image->uefi_cd |= fat;
	if (!fat)
		findings_add(of->findings, FINDING_ERROR, REBUILD,
			     "%s: its UEFI boot image, in sector %u, is no FAT file system",
			     of->reader.path, entry->sector);
	return 0;
}

static int check_entry(const struct examination *of, const struct iso_boot_entry *entry,
		       struct error *err)
{
	if (entry->indicator != BOOTABLE)
		return 0;
	if (!entry_is_inside(of, entry)) {
		findings_add(
			of->findings, FINDING_ERROR, REBUILD,
			"%s: a boot image is said to be in sector %u, %u bytes long, which the "
			"file does not have",
			of->reader.path, entry->sector, entry->load);
		return 0;
	}
	if (entry->platform == ISO_PLATFORM_UEFI)
		return check_uefi_entry(of, entry, err);
	if (entry->platform == ISO_PLATFORM_BIOS && entry == of->image->catalogue.entries)
		return check_bios_entry(of, entry, err);
	return 0;
}

static int examine_catalogue(const struct examination *of, struct error *err)
{
	struct iso_catalogue *catalogue = &of->image->catalogue;

	if (!of->image->volume.boot_record)
		return 0;
	if (iso_catalogue_read(&of->reader, of->image->volume.catalogue, catalogue, err) < 0)
		return -1;
	check_catalogue(of);
	for (size_t i = 0; i < catalogue->count; i++)
		if (check_entry(of, &catalogue->entries[i], err) < 0)
			return -1;
	return 0;
}

/* ---- as a disk ------------------------------------------------------------------------------ */

static int check_system_partition(const struct examination *of, uint64_t first, uint64_t blocks,
				  struct error *err)
{
	int fat;

	if (first > of->reader.size / ISO_BLOCK || blocks > of->reader.size / ISO_BLOCK)
		return 0; /* told where it was read */
	fat = iso_is_fat(&of->reader, first * ISO_BLOCK, blocks * ISO_BLOCK, err);
	if (fat < 0)
		return -1;
	of->image->uefi_disk |= fat;
	if (!fat)
		findings_add(of->findings, FINDING_ERROR, REBUILD,
			     "%s: its EFI system partition, at block %llu, is no FAT file system",
			     of->reader.path, (unsigned long long)first);
	return 0;
}

/* GRUB's boot record holds the address of the rest of it. */
static void check_grub(const struct examination *of)
{
	const struct iso_disk *disk = &of->image->disk;
	const struct iso_catalogue *catalogue = &of->image->catalogue;
	uint64_t expected = (uint64_t)catalogue->entries[0].sector * 4 + GRUB_SKIPS;

	if (catalogue->count && catalogue->entries[0].platform == ISO_PLATFORM_BIOS &&
	    disk->grub_block == expected)
		return;
	of->image->bios_disk = false;
	findings_add(
		of->findings, FINDING_ERROR, REBUILD,
		"%s: GRUB's boot record goes on at block %llu, where its boot image does not go "
		"on",
		of->reader.path, (unsigned long long)disk->grub_block);
}

static int examine_disk(const struct examination *of, struct error *err)
{
	struct iso_disk *disk = &of->image->disk;

	if (iso_disk_read(&of->reader, disk, of->findings, err) < 0)
		return -1;
	of->image->bios_disk = disk->boot_code;
	if (disk->grub)
		check_grub(of);
	for (size_t i = 0; i < disk->count; i++) {
		const struct iso_partition *partition = &disk->partitions[i];

		if (partition->system && partition->first <= partition->last &&
		    check_system_partition(of, partition->first,
					   partition->last - partition->first + 1, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < 4; i++)
		if (disk->entries[i].type == MBR_ESP &&
		    check_system_partition(of, disk->entries[i].first, disk->entries[i].blocks,
					   err) < 0)
			return -1;
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int examine_volume(const struct examination *of, struct error *err)
{
	struct iso_volume *volume = &of->image->volume;

	if (iso_volume_read(&of->reader, volume, err) < 0)
		return -1;
	if (!volume->is_iso) {
		err_fail(err, ERR_INPUT,
			 "%s: is not an ISO 9660 image: no primary volume descriptor in sector %d",
			 of->reader.path, ISO_PRIMARY_SECTOR);
		return err_mend(err, "name an ISO image");
	}
	if (volume->size > of->reader.size)
		findings_add(
			of->findings, FINDING_ERROR, REBUILD,
			"%s: is truncated: its volume descriptor says %llu bytes, the file has "
			"%llu",
			of->reader.path, (unsigned long long)volume->size,
			(unsigned long long)of->reader.size);
	return 0;
}

static int examine(const struct examination *of, struct error *err)
{
	struct iso_image *image = of->image;

	if (examine_volume(of, err) < 0 || examine_catalogue(of, err) < 0 ||
	    examine_disk(of, err) < 0)
		return -1;
	if (iso_tree_read(&of->reader, &image->volume, &image->tree, of->findings, err) < 0 ||
	    iso_tree_digest(&of->reader, &image->tree, of->findings, err) < 0)
		return -1;
	if (image->volume.size > image->size)
		image->bios_cd = image->bios_disk = image->uefi_cd = image->uefi_disk = false;
	return memdisk_examine(of->reader.path, 0, &image->memdisk, &image->memdisk_findings, err);
}

int iso_examine(const char *path, struct iso_image *image, struct findings *findings,
		struct error *err)
{
	struct examination of = { .image = image, .findings = findings };
	int result;

	*image = (struct iso_image){ 0 };
	if (iso_reader_open(&of.reader, path, err) < 0)
		return -1;
	image->size = of.reader.size;
	result = examine(&of, err);
	close(of.reader.fd);
	return result;
}

void iso_image_free(struct iso_image *image)
{
	iso_tree_free(&image->tree);
	findings_free(&image->memdisk_findings);
}
