#include "iso/memdisk.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <unistd.h>
#include <string.h>

/* Where real-mode code may lie: the stub of memdisk itself sits below the end of base memory,
 * which network cards' option ROMs make smaller. */
#define BASE_MEMORY_END 0x9fc00u
#define BASE_MEMORY_SAFE 0x80000u

struct examination {
	struct iso_reader reader;
	uint64_t target_ram;
	struct memdisk_image *image;
	struct findings *findings;
};

static void check_volume(const struct examination *of, const struct iso_volume *volume)
{
	struct memdisk_image *image = of->image;

	image->is_iso = volume->is_iso;
	if (!volume->is_iso) {
		findings_add(of->findings, FINDING_ERROR, "name the ISO image that shall be booted",
			     "%s: is not an ISO 9660 image: no primary volume descriptor in sector "
			     "16",
			     of->reader.path);
		return;
	}
	memcpy(image->volume_id, volume->label, sizeof(image->volume_id));
	image->volume_size = volume->size;
	if (volume->size > image->size)
		findings_add(of->findings, FINDING_ERROR, "copy or build it again",
			     "%s: is truncated: its volume descriptor says %llu bytes, the file "
			     "has %llu",
			     of->reader.path, (unsigned long long)volume->size,
			     (unsigned long long)image->size);
}

/* Tells a boot record that lies where memdisk does not look from one that is missing. */
static void add_no_boot_record(const struct examination *of, uint32_t sector)
{
	if (sector)
		findings_add(of->findings, FINDING_ERROR,
			     "make the ISO with xorriso, genisoimage or grub-mkrescue, which put "
			     "it there",
			     "%s: its El Torito boot record is in sector %u; memdisk looks in "
			     "sector 17 only",
			     of->reader.path, sector);
	else
		findings_add(of->findings, FINDING_ERROR,
			     "make it bootable on BIOS: grub-mkrescue with grub-pc-bin installed, "
			     "or xorriso -as mkisofs -b IMAGE -no-emul-boot -boot-load-size 4 "
			     "-boot-info-table",
			     "%s: has no El Torito boot record; memdisk would jump into its empty "
			     "first sector, without a message",
			     of->reader.path);
}

/* ---- the boot catalogue -------------------------------------------------- */

static void check_validation(const struct examination *of, const struct iso_catalogue *catalogue)
{
	if (catalogue->key[0] != 0x55 || catalogue->key[1] != 0xaa)
		findings_add(of->findings, FINDING_ERROR, "build the ISO again",
			     "%s: its boot catalogue is not one: it ends its first entry with "
			     "%02x %02x, not 55 aa",
			     of->reader.path, catalogue->key[0], catalogue->key[1]);
	else if (catalogue->header != 1 || catalogue->sum)
		findings_add(of->findings, FINDING_WARNING, "build the ISO again",
			     "%s: the validation entry of its boot catalogue is damaged (header "
			     "%u, sum 0x%04x; 1 and 0 expected): memdisk does not look, a BIOS "
			     "that reads it from a disc does",
			     of->reader.path, catalogue->header, catalogue->sum);
}

/* Entries behind the default one: only to say more precisely what is wrong. */
static void take_others(struct memdisk_image *image, const struct iso_catalogue *catalogue)
{
	image->uefi = catalogue->entries[0].platform == ISO_PLATFORM_UEFI;
	for (size_t i = 1; i < catalogue->count; i++) {
		image->bios_elsewhere |= catalogue->entries[i].platform == ISO_PLATFORM_BIOS;
		image->uefi |= catalogue->entries[i].platform == ISO_PLATFORM_UEFI;
	}
}

static void check_platform(const struct examination *of)
{
	const struct memdisk_image *image = of->image;

	if (image->platform == ISO_PLATFORM_BIOS)
		return;
	if (image->bios_elsewhere)
		findings_add(of->findings, FINDING_ERROR,
			     "put the BIOS boot image first when the ISO is made (xorriso: -b "
			     "before -eltorito-alt-boot)",
			     "%s: the default entry of its boot catalogue is for platform 0x%02x, "
			     "BIOS comes behind; memdisk tries the default entry only",
			     of->reader.path, image->platform);
	else
		findings_add(of->findings, FINDING_ERROR,
			     "build it for BIOS (bob-muen: GRUB2_PLATFORM=pc; grub-mkrescue: "
			     "install grub-pc-bin), or boot UEFI machines with one signed GRUB "
			     "file: muenbuild ipxe --platform uefi",
			     "%s: has no El Torito entry for BIOS, only for platform 0x%02x%s; "
			     "memdisk would hang",
			     of->reader.path, image->platform,
			     image->platform == ISO_PLATFORM_UEFI ? " (UEFI)" : "");
}

static void check_default_entry(const struct examination *of, const struct iso_boot_entry *entry)
{
	struct memdisk_image *image = of->image;
	uint32_t base = entry->segment ? (uint32_t)entry->segment << 4 : 0x7c00;

	if (entry->indicator != 0x88)
		findings_add(of->findings, FINDING_WARNING, "build the ISO again",
			     "%s: the default entry of its boot catalogue says 0x%02x, not "
			     "bootable (0x88): memdisk does not look, a BIOS does",
			     of->reader.path, entry->indicator);
	if (image->emulation > BOOT_HARD_DISK)
		findings_add(of->findings, FINDING_ERROR, "make the ISO with -no-emul-boot",
			     "%s: its boot catalogue asks for media type 0x%02x, which memdisk "
			     "does not know",
			     of->reader.path, image->emulation);
	if (!image->load_size)
		findings_add(of->findings, FINDING_ERROR, "make the ISO with -boot-load-size 4",
			     "%s: its boot catalogue says that nothing of the boot image is to be "
			     "loaded",
			     of->reader.path);
	else if (!iso_inside(&of->reader, (uint64_t)image->boot_sector * ISO_SECTOR,
			     image->load_size))
		findings_add(of->findings, FINDING_ERROR, "copy or build it again",
			     "%s: its boot image, %u bytes from sector %u on, ends behind the end "
			     "of the file",
			     of->reader.path, image->load_size, image->boot_sector);
	if (base + image->load_size > BASE_MEMORY_END)
		findings_add(of->findings, FINDING_ERROR, "make the ISO with -boot-load-size 4",
			     "%s: %u bytes of boot image at 0x%x do not fit in base memory "
			     "(memdisk: \"bootstrap too large to load\")",
			     of->reader.path, image->load_size, base);
	else if (base + image->load_size > BASE_MEMORY_SAFE)
		findings_add(of->findings, FINDING_WARNING, "make the ISO with -boot-load-size 4",
			     "%s: %u bytes of boot image at 0x%x may not fit in what firmware and "
			     "network card leave of base memory",
			     of->reader.path, image->load_size, base);
}

/* ---- the boot information table ------------------------------------------ */

static int check_table(const struct examination *of, const struct iso_boot_entry *entry,
		       struct error *err)
{
	struct iso_boot_table table;

	if (iso_boot_table_read(&of->reader, entry, &table, err) < 0)
		return -1;
	of->image->boot_info_table = !table.missing;
	if (table.missing)
		findings_add(of->findings, FINDING_ERROR, "make the ISO with -boot-info-table",
			     "%s: its boot image has no boot information table (%s): the loader in "
			     "it does not find its own rest, and nothing is shown",
			     of->reader.path, table.missing);
	else if (table.sum != table.recorded)
		findings_add(of->findings, FINDING_WARNING, "build the ISO again",
			     "%s: the boot image's checksum is 0x%08x, its boot information table "
			     "says 0x%08x: isolinux refuses that, GRUB does not look",
			     of->reader.path, table.sum, table.recorded);
	return 0;
}

/* ---- memory -------------------------------------------------------------- */

/* iPXE puts the ISO below 4 GiB, memdisk uses it in place, and the system inside is unpacked
 * beside it. */
static void check_memory(const struct examination *of)
{
	uint64_t size = of->image->size, needed = size + MEMDISK_ROOM;
	uint64_t memory = of->target_ram ? of->target_ram : MEMDISK_MEMORY;
	char size_text[32], memory_text[32], needed_text[32];
	bool capped = memory >= MEMDISK_MEMORY;

	if (capped)
		memory = MEMDISK_MEMORY;
	size_to_text(size, size_text);
	size_to_text(memory, memory_text);
	size_to_text(needed, needed_text);
	if (needed > memory)
		findings_add(
			of->findings, FINDING_ERROR,
			"make the ISO smaller, or give the machine more memory below 4 GiB",
			"%s: the ISO (%s) with what iPXE and memdisk need takes %s; %s %s (iPXE: "
			"\"Not enough space\", 31008006)",
			of->reader.path, size_text, needed_text,
			capped ? "below 4 GiB there are at most" : "the target has", memory_text);
	else if (of->target_ram && needed + size > memory)
		findings_add(of->findings, FINDING_WARNING,
			     "make the ISO smaller, or give the machine more memory",
			     "%s: the ISO (%s) stays in memory while the system in it is unpacked; "
			     "both may not fit in %s",
			     of->reader.path, size_text, memory_text);
}

/* ---- all of it ----------------------------------------------------------- */

static int examine_catalogue(const struct examination *of, uint32_t at, struct error *err)
{
	struct memdisk_image *image = of->image;
	struct iso_catalogue catalogue;
	const struct iso_boot_entry *entry = catalogue.entries;

	if (iso_catalogue_read(&of->reader, at, &catalogue, err) < 0)
		return -1;
	image->has_catalogue = catalogue.inside;
	if (!catalogue.inside) {
		findings_add(of->findings, FINDING_ERROR, "copy or build it again",
			     "%s: its boot record says that the boot catalogue is in sector %u, "
			     "behind the end of the file",
			     of->reader.path, at);
		return 0;
	}
	image->platform = entry->platform;
	image->emulation = entry->emulation;
	image->load_size = entry->load;
	image->boot_sector = entry->sector;
	take_others(image, &catalogue);
	check_validation(of, &catalogue);
	check_platform(of);
	check_default_entry(of, entry);
	if (image->platform == ISO_PLATFORM_BIOS && image->emulation == BOOT_NO_EMULATION)
		return check_table(of, entry, err);
	return 0;
}

static int examine(const struct examination *of, struct error *err)
{
	struct iso_volume volume;

	if (iso_volume_read(&of->reader, &volume, err) < 0)
		return -1;
	check_volume(of, &volume);
	if (!volume.is_iso)
		return 0;
	if (volume.boot_record != ISO_BOOT_RECORD_SECTOR)
		add_no_boot_record(of, volume.boot_record);
	else if (examine_catalogue(of, volume.catalogue, err) < 0)
		return -1;
	check_memory(of);
	return 0;
}

int memdisk_examine(const char *path, uint64_t target_ram, struct memdisk_image *image,
		    struct findings *findings, struct error *err)
{
	struct examination of = { .target_ram = target_ram, .image = image, .findings = findings };
	size_t errors = findings_count(findings, FINDING_ERROR);
	int result;

	*image = (struct memdisk_image){ 0 };
	if (iso_reader_open(&of.reader, path, err) < 0)
		return -1;
	image->size = of.reader.size;
	result = examine(&of, err);
	close(of.reader.fd);
	image->boots = result == 0 && findings_count(findings, FINDING_ERROR) == errors;
	return result;
}

int memdisk_require(const char *path, uint64_t target_ram, struct findings *findings,
		    struct error *err)
{
	cleanup_findings struct findings found = { 0 };
	struct memdisk_image image;

	if (memdisk_examine(path, target_ram, &image, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < found.count; i++) {
		const struct finding *finding = &found.list[i];

		if (finding->severity == FINDING_ERROR) {
			err_fail(err, ERR_INPUT, "%s", finding->text);
			return err_mend(err, "%s", finding->mend);
		}
		findings_add(findings, finding->severity, finding->mend, "%s", finding->text);
	}
	return 0;
}
