#include "cli/iso_report.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/image_report.h"
#include "cli/report.h"
#include "cli/standin.h"
#include "iso/examine.h"
#include "digest/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MARK_AT = 32769 };
static const char mark[] = "CD001";

bool iso_recognise(const char *path)
{
	struct error err;
	char found[sizeof(mark) - 1];
	uint64_t size;
	cleanup_close int fd = file_open(path, INT64_MAX, &size, &err);

	return fd >= 0 && size >= MARK_AT + sizeof(found) &&
	       file_pread(fd, path, found, sizeof(found), MARK_AT, &err) == 0 &&
	       !memcmp(found, mark, sizeof(found));
}

static const char *platform_name(uint8_t platform, char number[static 8])
{
	if (platform == ISO_PLATFORM_BIOS)
		return "BIOS";
	if (platform == ISO_PLATFORM_UEFI)
		return "UEFI";
	snprintf(number, 8, "0x%02x", platform);
	return number;
}

static const char *emulation_name(uint8_t emulation)
{
	static const char *const names[] = { [BOOT_NO_EMULATION] = "none",
					     [BOOT_FLOPPY_1200] = "floppy 1.2",
					     [BOOT_FLOPPY_1440] = "floppy 1.44",
					     [BOOT_FLOPPY_2880] = "floppy 2.88",
					     [BOOT_HARD_DISK] = "hard disk" };

	return emulation <= BOOT_HARD_DISK ? names[emulation] : "unknown";
}

/* The file that a boot image is, or NULL. */
static const char *file_at(const struct iso_image *image, uint32_t sector)
{
	const struct iso_node *node = iso_tree_at(&image->tree, sector);

	return node ? node->path : NULL;
}

/* ---- for people ----------------------------------------------------------------------------- */

static void print_boots(const struct iso_image *image)
{
	const struct {
		bool boots;
		const char *how;
	} ways[] = {
		{ image->bios_cd, "BIOS from a CD" },
		{ image->bios_disk, "BIOS from a disk" },
		{ image->memdisk.boots, "BIOS through iPXE and memdisk" },
		{ image->uefi_cd, "UEFI from a CD" },
		{ image->uefi_disk, "UEFI from a disk" },
	};
	size_t printed = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (ways[i].boots)
			printf("  %-8s  %s\n", printed++ ? "" : "boots", ways[i].how);
	if (!printed)
		puts("  boots     nothing");
}

static void print_catalogue(const struct iso_image *image)
{
	const struct iso_catalogue *catalogue = &image->catalogue;

	if (catalogue->count)
		puts("  El Torito platform  emulation    sector     loaded  file");
	for (size_t i = 0; i < catalogue->count; i++) {
		const struct iso_boot_entry *entry = &catalogue->entries[i];
		const char *file = file_at(image, entry->sector);
		char number[8];

		printf("            %-9s %-11s %7" PRIu32 " %10" PRIu32 "  %s\n",
		       platform_name(entry->platform, number), emulation_name(entry->emulation),
		       entry->sector, entry->load, file ? file : "-");
	}
}

static void print_disk(const struct iso_disk *disk)
{
	if (disk->mbr)
		printf("  MBR       %s\n", disk->grub	     ? "GRUB's"
					   : disk->boot_code ? "with boot code"
							     : "without boot code");
	if (!disk->gpt)
		return;
	printf("  GPT       disk %s\n", disk->guid);
	for (size_t i = 0; i < disk->count; i++)
		printf("            %" PRIu64 "..%" PRIu64 "  %s%s\n", disk->partitions[i].first,
		       disk->partitions[i].last, disk->partitions[i].name,
		       disk->partitions[i].system ? " (EFI system partition)" : "");
}

static void print_files(const struct iso_tree *tree)
{
	print_files_head();
	for (size_t i = 0; i < tree->count; i++)
		if (!tree->nodes[i].folder)
			print_file(tree->nodes[i].size, tree->nodes[i].sha256, tree->nodes[i].path);
}

struct iso_inspection {
	const char *path;
	struct iso_image image;
	struct findings findings;
	char sha256[DIGEST_HEX_SIZE];
};

static void print(const struct iso_inspection *inspection)
{
	const struct iso_image *image = &inspection->image;
	char size[32];

	printf("%s: an ISO 9660 image\n", inspection->path);
	printf("  label     %s\n", image->volume.label);
	printf("  size      %s (%" PRIu64 " bytes)\n", size_to_text(image->size, size),
	       image->size);
	printf("  sha-256   %s\n", inspection->sha256);
	if (*image->volume.created)
		printf("  created   %s%s\n", image->volume.created,
		       image->volume.utc ? " UTC" : "");
	print_boots(image);
	print_catalogue(image);
	print_disk(&image->disk);
	print_files(&image->tree);
	print_image_findings("image", &inspection->findings);
	print_image_findings("memdisk", &image->memdisk_findings);
	if (!inspection->findings.count && !image->memdisk_findings.count)
		puts("  image     nothing is wrong with it");
}

/* ---- for programs --------------------------------------------------------------------------- */

static json_t *text_or_null(const char *text)
{
	return text && *text ? report_any_text(text) : json_null();
}

static json_t *report_catalogue(const struct iso_image *image)
{
	json_t *array = json_array();

	for (size_t i = 0; i < image->catalogue.count; i++) {
		const struct iso_boot_entry *entry = &image->catalogue.entries[i];
		char number[8];

		json_array_append_new(array,
				      json_pack("{s:s, s:s, s:b, s:I, s:I, s:o}", "platform",
						platform_name(entry->platform, number), "emulation",
						emulation_name(entry->emulation), "bootable",
						entry->indicator == 0x88, "sector",
						(json_int_t)entry->sector, "loaded",
						(json_int_t)entry->load, "file",
						text_or_null(file_at(image, entry->sector))));
	}
	return array;
}

static json_t *report_disk(const struct iso_disk *disk)
{
	json_t *partitions = json_array();

	for (size_t i = 0; i < disk->count; i++) {
		const struct iso_partition *partition = &disk->partitions[i];

		json_array_append_new(partitions,
				      json_pack("{s:s, s:I, s:I, s:b}", "name", partition->name,
						"first", (json_int_t)partition->first, "last",
						(json_int_t)partition->last, "efi_system",
						partition->system));
	}
	return json_pack("{s:b, s:b, s:b, s:o, s:o}", "mbr", disk->mbr, "boot_code",
			 disk->boot_code, "gpt", disk->gpt, "guid", text_or_null(disk->guid),
			 "partitions", partitions);
}

static json_t *report_files(const struct iso_tree *tree)
{
	json_t *array = json_array();

	for (size_t i = 0; i < tree->count; i++) {
		const struct iso_node *node = &tree->nodes[i];
		json_t *file;

		if (node->folder)
			continue;
		file = json_pack("{s:o, s:I, s:o, s:o}", "path", report_any_text(node->path),
				 "size", (json_int_t)node->size, "sha256",
				 text_or_null(node->sha256), "date", text_or_null(node->date));
		if (node->attributes)
			json_object_update_new(file, json_pack("{s:I, s:I, s:I}", "mode",
							       (json_int_t)node->mode, "uid",
							       (json_int_t)node->uid, "gid",
							       (json_int_t)node->gid));
		json_array_append_new(array, file);
	}
	return array;
}

static json_t *report(const struct iso_inspection *inspection)
{
	const struct iso_image *image = &inspection->image;
	json_t *document = report_new("inspect");

	json_object_update_new(
		document,
		json_pack("{s:o, s:s, s:I, s:s, s:o, s:o, s:{s:b, s:b, s:b, s:b, s:b}, s:o, s:o, "
			  "s:o, "
			  "s:b, s:o, s:o}",
			  "path", report_any_text(inspection->path), "kind", "iso", "size",
			  (json_int_t)image->size, "sha256", inspection->sha256, "label",
			  text_or_null(image->volume.label), "created",
			  text_or_null(image->volume.created), "boots", "bios_cd", image->bios_cd,
			  "bios_disk", image->bios_disk, "memdisk", image->memdisk.boots, "uefi_cd",
			  image->uefi_cd, "uefi_disk", image->uefi_disk, "el_torito",
			  report_catalogue(image), "disk", report_disk(&image->disk), "files",
			  report_files(&image->tree), "intact",
			  findings_count(&inspection->findings, FINDING_ERROR) == 0, "findings",
			  report_findings(&inspection->findings), "memdisk_findings",
			  report_findings(&image->memdisk_findings)));
	return document;
}

/* ---- both ----------------------------------------------------------------------------------- */

static int examine(struct iso_inspection *inspection, struct error *err)
{
	struct digest digest = { .algorithm = DIGEST_SHA256 };
	bool standin;

	if (digest_file(inspection->path, &digest, 1, NULL, err) < 0)
		return -1;
	digest_hex(&digest, inspection->sha256);
	if (iso_examine(inspection->path, &inspection->image, &inspection->findings, err) < 0 ||
	    standin_find(inspection->path, &standin, err) < 0)
		return -1;
	if (standin)
		standin_warn(inspection->path, &inspection->findings);
	return 0;
}

int iso_inspect(const char *path, bool json, struct error *err)
{
	struct iso_inspection inspection = { .path = path };
	int status = examine(&inspection, err);

	if (status == 0 && json)
		status = report_print(report(&inspection), err);
	else if (status == 0)
		print(&inspection);
	iso_image_free(&inspection.image);
	findings_free(&inspection.findings);
	return status;
}
