#include "sign/memdisk.h"

#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"
#include "base/text.h"

#include <stddef.h>
#include <string.h>

enum {
	SECTOR = 2048,
	PRIMARY_SECTOR = 16, /* where the volume descriptors begin */
	BOOT_RECORD_SECTOR = 17,
	DESCRIPTORS_MAX = 32, /* more than any ISO has before its terminator */
	CATALOGUE_ENTRIES = SECTOR / 32,
	PLATFORM_BIOS = 0,
	PLATFORM_UEFI = 0xef,
	TABLE_OFFSET = 8,	/* of the boot information table in the boot image */
	TABLE_SUM_OFFSET = 64,	/* where the bytes begin that its checksum covers */
	BOOT_FILE_MAX = 1 << 26 /* 64 MiB: real-mode loaders are far smaller */
};

/* Where real-mode code may lie: the stub of memdisk itself sits below the end of base memory,
 * which network cards' option ROMs make smaller. */
#define BASE_MEMORY_END 0x9fc00u
#define BASE_MEMORY_SAFE 0x80000u

struct iso {
	int fd;
	const char *path;
	uint64_t target_ram;
	struct memdisk_image *image;
	struct findings *findings;
};

/* ---- reading ------------------------------------------------------------- */

static bool inside(const struct iso *iso, uint64_t offset, uint64_t length)
{
	return length <= iso->image->size && offset <= iso->image->size - length;
}

/* Reads bytes that are inside the file. */
static int read_at(const struct iso *iso, uint64_t offset, unsigned char *bytes, size_t length,
		   struct error *err)
{
	return file_pread(iso->fd, iso->path, bytes, length, offset, err);
}

/* 1 if the sector was read, 0 if the file does not have it, -1 on failure. */
static int read_sector(const struct iso *iso, uint32_t sector, unsigned char *bytes,
		       struct error *err)
{
	uint64_t offset = (uint64_t)sector * SECTOR;

	if (!inside(iso, offset, SECTOR))
		return 0;
	return read_at(iso, offset, bytes, SECTOR, err) < 0 ? -1 : 1;
}

/* ---- volume descriptors -------------------------------------------------- */

static bool is_descriptor(const unsigned char *sector)
{
	return !memcmp(sector + 1, "CD001", 5);
}

static bool is_boot_record(const unsigned char *sector)
{
	static const char system[32] = "EL TORITO SPECIFICATION";

	return is_descriptor(sector) && sector[0] == 0 && sector[6] == 1 &&
	       !memcmp(sector + 7, system, sizeof(system));
}

static void add_not_an_iso(const struct iso *iso)
{
	findings_add(iso->findings, FINDING_ERROR, "name the ISO image that shall be booted",
		     "%s: is not an ISO 9660 image: no primary volume descriptor in sector 16",
		     iso->path);
}

static void take_volume_id(struct memdisk_image *image, const unsigned char *field)
{
	size_t length = 32;

	while (length && (field[length - 1] == ' ' || !field[length - 1]))
		length--;
	for (size_t i = 0; i < length; i++)
		image->volume_id[i] = field[i] >= 0x20 && field[i] < 0x7f ? (char)field[i] : '?';
}

static int examine_primary(const struct iso *iso, struct error *err)
{
	unsigned char sector[SECTOR];
	struct memdisk_image *image = iso->image;
	int found = read_sector(iso, PRIMARY_SECTOR, sector, err);

	if (found < 0)
		return -1;
	image->is_iso = found && is_descriptor(sector) && sector[0] == 1;
	if (!image->is_iso) {
		add_not_an_iso(iso);
		return 0;
	}
	take_volume_id(image, sector + 40);
	image->volume_size = (uint64_t)get_le32(sector + 80) * get_le16(sector + 128);
	if (image->volume_size > image->size)
		findings_add(iso->findings, FINDING_ERROR, "copy or build it again",
			     "%s: is truncated: its volume descriptor says %llu bytes, the file "
			     "has %llu",
			     iso->path, (unsigned long long)image->volume_size,
			     (unsigned long long)image->size);
	return 0;
}

/* Tells a boot record that lies where memdisk does not look from one that is missing. */
static int explain_no_boot_record(const struct iso *iso, struct error *err)
{
	unsigned char sector[SECTOR];

	for (uint32_t i = BOOT_RECORD_SECTOR + 1; i < PRIMARY_SECTOR + DESCRIPTORS_MAX; i++) {
		int found = read_sector(iso, i, sector, err);

		if (found < 0)
			return -1;
		if (!found || !is_descriptor(sector))
			break;
		if (!is_boot_record(sector))
			continue;
		findings_add(iso->findings, FINDING_ERROR,
			     "make the ISO with xorriso, genisoimage or grub-mkrescue, which put "
			     "it there",
			     "%s: its El Torito boot record is in sector %u; memdisk looks in "
			     "sector 17 only",
			     iso->path, i);
		return 0;
	}
	findings_add(iso->findings, FINDING_ERROR,
		     "make it bootable on BIOS: grub-mkrescue with grub-pc-bin installed, or "
		     "xorriso -as mkisofs -b IMAGE -no-emul-boot -boot-load-size 4 "
		     "-boot-info-table",
		     "%s: has no El Torito boot record; memdisk would jump into its empty first "
		     "sector, without a message",
		     iso->path);
	return 0;
}

/* ---- the boot catalogue -------------------------------------------------- */

static void check_validation(const struct iso *iso, const unsigned char *entry)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < 32; i += 2)
		sum = (uint16_t)(sum + get_le16(entry + i));
	if (entry[30] != 0x55 || entry[31] != 0xaa)
		findings_add(iso->findings, FINDING_ERROR, "build the ISO again",
			     "%s: its boot catalogue is not one: it ends its first entry with "
			     "%02x %02x, not 55 aa",
			     iso->path, entry[30], entry[31]);
	else if (entry[0] != 1 || sum)
		findings_add(iso->findings, FINDING_WARNING, "build the ISO again",
			     "%s: the validation entry of its boot catalogue is damaged (header "
			     "%u, sum 0x%04x; 1 and 0 expected): memdisk does not look, a BIOS "
			     "that reads it from a disc does",
			     iso->path, entry[0], sum);
}

/* Looks for entries behind the default one (El Torito 1.0, figures 4 to 6): only to say more
 * precisely what is wrong, or that UEFI could boot it. */
static void scan_sections(struct memdisk_image *image, const unsigned char *catalogue)
{
	unsigned int index = 2;

	while (index < CATALOGUE_ENTRIES) {
		const unsigned char *header = catalogue + (size_t)index * 32;

		if (header[0] != 0x90 && header[0] != 0x91)
			return;
		image->bios_elsewhere |= header[1] == PLATFORM_BIOS && get_le16(header + 2) > 0;
		image->uefi |= header[1] == PLATFORM_UEFI && get_le16(header + 2) > 0;
		if (header[0] == 0x91)
			return;
		index += 1u + get_le16(header + 2);
	}
}

static void check_platform(const struct iso *iso)
{
	const struct memdisk_image *image = iso->image;

	if (image->platform == PLATFORM_BIOS)
		return;
	if (image->bios_elsewhere)
		findings_add(iso->findings, FINDING_ERROR,
			     "put the BIOS boot image first when the ISO is made (xorriso: -b "
			     "before -eltorito-alt-boot)",
			     "%s: the default entry of its boot catalogue is for platform 0x%02x, "
			     "BIOS comes behind; memdisk tries the default entry only",
			     iso->path, image->platform);
	else
		findings_add(iso->findings, FINDING_ERROR,
			     "build it for BIOS (bob-muen: GRUB2_PLATFORM=pc; grub-mkrescue: "
			     "install grub-pc-bin), or boot UEFI machines with one signed GRUB "
			     "file: muenbuild ipxe --platform uefi",
			     "%s: has no El Torito entry for BIOS, only for platform 0x%02x%s; "
			     "memdisk would hang",
			     iso->path, image->platform,
			     image->platform == PLATFORM_UEFI ? " (UEFI)" : "");
}

static void check_default_entry(const struct iso *iso, const unsigned char *entry)
{
	struct memdisk_image *image = iso->image;
	uint32_t base = get_le16(entry + 2) ? (uint32_t)get_le16(entry + 2) << 4 : 0x7c00;

	if (entry[0] != 0x88)
		findings_add(iso->findings, FINDING_WARNING, "build the ISO again",
			     "%s: the default entry of its boot catalogue says 0x%02x, not "
			     "bootable (0x88): memdisk does not look, a BIOS does",
			     iso->path, entry[0]);
	if (image->emulation > BOOT_HARD_DISK)
		findings_add(iso->findings, FINDING_ERROR, "make the ISO with -no-emul-boot",
			     "%s: its boot catalogue asks for media type 0x%02x, which memdisk "
			     "does not know",
			     iso->path, image->emulation);
	if (!image->load_size)
		findings_add(iso->findings, FINDING_ERROR, "make the ISO with -boot-load-size 4",
			     "%s: its boot catalogue says that nothing of the boot image is to be "
			     "loaded",
			     iso->path);
	else if (!inside(iso, (uint64_t)image->boot_sector * SECTOR, image->load_size))
		findings_add(iso->findings, FINDING_ERROR, "copy or build it again",
			     "%s: its boot image, %u bytes from sector %u on, ends behind the end "
			     "of the file",
			     iso->path, image->load_size, image->boot_sector);
	if (base + image->load_size > BASE_MEMORY_END)
		findings_add(iso->findings, FINDING_ERROR, "make the ISO with -boot-load-size 4",
			     "%s: %u bytes of boot image at 0x%x do not fit in base memory "
			     "(memdisk: \"bootstrap too large to load\")",
			     iso->path, image->load_size, base);
	else if (base + image->load_size > BASE_MEMORY_SAFE)
		findings_add(iso->findings, FINDING_WARNING, "make the ISO with -boot-load-size 4",
			     "%s: %u bytes of boot image at 0x%x may not fit in what firmware and "
			     "network card leave of base memory",
			     iso->path, image->load_size, base);
}

/* ---- the boot information table ------------------------------------------ */

/* The sum of the boot file's 32-bit words behind its first 64 bytes; a last, shorter one is
 * filled with zeroes. */
static int sum_boot_file(const struct iso *iso, uint64_t offset, uint32_t length, uint32_t *sum,
			 struct error *err)
{
	unsigned char chunk[16 * SECTOR];

	*sum = 0;
	for (uint32_t done = TABLE_SUM_OFFSET; done < length;) {
		size_t step = length - done < sizeof(chunk) ? length - done : sizeof(chunk);

		memset(chunk + step, 0, sizeof(chunk) - step);
		if (read_at(iso, offset + done, chunk, step, err) < 0)
			return -1;
		for (size_t i = 0; i < step; i += 4)
			*sum += get_le32(chunk + i);
		done += (uint32_t)step;
	}
	return 0;
}

static void add_no_table(const struct iso *iso, const char *what)
{
	findings_add(iso->findings, FINDING_ERROR, "make the ISO with -boot-info-table",
		     "%s: its boot image has no boot information table (%s): the loader in it "
		     "does not find its own rest, and nothing is shown",
		     iso->path, what);
}

static int check_table(const struct iso *iso, struct error *err)
{
	unsigned char head[TABLE_SUM_OFFSET];
	const unsigned char *table = head + TABLE_OFFSET;
	struct memdisk_image *image = iso->image;
	uint64_t offset = (uint64_t)image->boot_sector * SECTOR;
	uint32_t length, sum;

	if (!inside(iso, offset, sizeof(head))) {
		add_no_table(iso, "it lies behind the end of the file");
		return 0;
	}
	if (read_at(iso, offset, head, sizeof(head), err) < 0)
		return -1;
	length = get_le32(table + 8);
	if (get_le32(table) != PRIMARY_SECTOR || get_le32(table + 4) != image->boot_sector) {
		add_no_table(iso, "it names neither the volume descriptor nor the image");
		return 0;
	}
	if (length < TABLE_SUM_OFFSET || length > BOOT_FILE_MAX || !inside(iso, offset, length)) {
		add_no_table(iso, "the length in it is wrong");
		return 0;
	}
	image->boot_info_table = true;
	if (sum_boot_file(iso, offset, length, &sum, err) < 0)
		return -1;
	if (sum != get_le32(table + 12))
		findings_add(iso->findings, FINDING_WARNING, "build the ISO again",
			     "%s: the boot image's checksum is 0x%08x, its boot information table "
			     "says 0x%08x: isolinux refuses that, GRUB does not look",
			     iso->path, sum, get_le32(table + 12));
	return 0;
}

/* ---- memory -------------------------------------------------------------- */

/* iPXE puts the ISO below 4 GiB, memdisk uses it in place, and the system inside is unpacked
 * beside it. */
static void check_memory(const struct iso *iso)
{
	uint64_t size = iso->image->size, needed = size + MEMDISK_ROOM;
	uint64_t memory = iso->target_ram ? iso->target_ram : MEMDISK_MEMORY;
	char size_text[32], memory_text[32], needed_text[32];
	bool capped = memory >= MEMDISK_MEMORY;

	if (capped)
		memory = MEMDISK_MEMORY;
	size_to_text(size, size_text);
	size_to_text(memory, memory_text);
	size_to_text(needed, needed_text);
	if (needed > memory)
		findings_add(
			iso->findings, FINDING_ERROR,
			"make the ISO smaller, or give the machine more memory below 4 GiB",
			"%s: the ISO (%s) with what iPXE and memdisk need takes %s; %s %s (iPXE: "
			"\"Not enough space\", 31008006)",
			iso->path, size_text, needed_text,
			capped ? "below 4 GiB there are at most" : "the target has", memory_text);
	else if (iso->target_ram && needed + size > memory)
		findings_add(iso->findings, FINDING_WARNING,
			     "make the ISO smaller, or give the machine more memory",
			     "%s: the ISO (%s) stays in memory while the system in it is unpacked; "
			     "both may not fit in %s",
			     iso->path, size_text, memory_text);
}

/* ---- all of it ----------------------------------------------------------- */

static int examine_catalogue(const struct iso *iso, uint32_t at, struct error *err)
{
	unsigned char catalogue[SECTOR];
	const unsigned char *entry = catalogue + 32;
	struct memdisk_image *image = iso->image;
	int found = read_sector(iso, at, catalogue, err);

	if (found < 0)
		return -1;
	if (!found) {
		findings_add(iso->findings, FINDING_ERROR, "copy or build it again",
			     "%s: its boot record says that the boot catalogue is in sector %u, "
			     "behind the end of the file",
			     iso->path, at);
		return 0;
	}
	image->has_catalogue = true;
	image->platform = catalogue[1];
	image->uefi = catalogue[1] == PLATFORM_UEFI;
	image->emulation = entry[1];
	image->load_size = (uint32_t)get_le16(entry + 6) * 512;
	image->boot_sector = get_le32(entry + 8);
	scan_sections(image, catalogue);
	check_validation(iso, catalogue);
	check_platform(iso);
	check_default_entry(iso, entry);
	if (image->platform == PLATFORM_BIOS && image->emulation == BOOT_NO_EMULATION)
		return check_table(iso, err);
	return 0;
}

static int examine_boot(const struct iso *iso, struct error *err)
{
	unsigned char sector[SECTOR];
	int found = read_sector(iso, BOOT_RECORD_SECTOR, sector, err);

	if (found < 0)
		return -1;
	if (!found || !is_boot_record(sector))
		return explain_no_boot_record(iso, err);
	return examine_catalogue(iso, get_le32(sector + 71), err);
}

int memdisk_examine(const char *path, uint64_t target_ram, struct memdisk_image *image,
		    struct findings *findings, struct error *err)
{
	uint64_t size = 0;
	cleanup_close int fd = file_open(path, INT64_MAX, &size, err);
	struct iso iso = { .fd = fd,
			   .path = path,
			   .target_ram = target_ram,
			   .image = image,
			   .findings = findings };
	size_t errors = findings_count(findings, FINDING_ERROR);

	*image = (struct memdisk_image){ .size = size };
	if (fd < 0 || examine_primary(&iso, err) < 0)
		return -1;
	if (image->is_iso && examine_boot(&iso, err) < 0)
		return -1;
	if (image->is_iso)
		check_memory(&iso);
	image->boots = findings_count(findings, FINDING_ERROR) == errors;
	return 0;
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
