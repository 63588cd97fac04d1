#include "iso/partitions.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/endian.h"

#include <stdio.h>
#include <string.h>

enum {
	MBR_TABLE = 446,
	GRUB_BLOCK_AT = 0x1b0, /* where GRUB's boot record has the address of the rest */
	PROTECTIVE = 0xee,
	HEADER_MIN = 92, /* bytes of a GPT header */
	ENTRY = 128,	 /* bytes of its entries */
	ENTRIES_MAX = 1024,
};

static const unsigned char esp_type[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
					    0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };

#define REBUILD "copy or build it again"

/* CRC-32 as Ethernet and GPT have it. */
static uint32_t crc32(const unsigned char *bytes, size_t length)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* ---- MBR ------------------------------------------------------------------------------------ */

static void take_mbr(struct iso_disk *disk, const unsigned char *block)
{
	static const unsigned char nothing[64];

	disk->mbr = block[510] == 0x55 && block[511] == 0xaa;
	if (!disk->mbr)
		return;
	disk->boot_code = memcmp(block, nothing, sizeof(nothing)) != 0;
	disk->grub = disk->boot_code && memmem(block, GRUB_BLOCK_AT, "GRUB ", 5);
	disk->grub_block = get_le64(block + GRUB_BLOCK_AT);
	for (size_t i = 0; i < 4; i++) {
		const unsigned char *entry = block + MBR_TABLE + 16 * i;

		disk->entries[i] = (struct iso_mbr_entry){ .status = entry[0],
							   .type = entry[4],
							   .first = get_le32(entry + 8),
							   .blocks = get_le32(entry + 12) };
	}
}

static void check_mbr(const struct iso_reader *reader, const struct iso_disk *disk,
		      struct findings *findings)
{
	for (size_t i = 0; i < 4; i++) {
		const struct iso_mbr_entry *entry = &disk->entries[i];
		uint64_t end = (uint64_t)entry->first + entry->blocks;

		if (entry->type && end * ISO_BLOCK > reader->size && entry->type != PROTECTIVE)
			findings_add(findings, FINDING_ERROR, REBUILD,
				     "%s: partition %zu of its MBR ends at block %llu, behind the "
				     "end of the image",
				     reader->path, i + 1, (unsigned long long)end);
	}
}

/* The entry that keeps others from taking the disk for an empty one. */
static void check_protective(const struct iso_reader *reader, const struct iso_disk *disk,
			     struct findings *findings)
{
	for (size_t i = 0; i < 4; i++)
		if (disk->entries[i].type == PROTECTIVE && disk->entries[i].first == 1)
			return;
	findings_add(
		findings, FINDING_WARNING, REBUILD,
		"%s: has a GPT, but its MBR has no protective partition: firmware may not look "
		"at the GPT",
		reader->path);
}

/* ---- GPT ------------------------------------------------------------------------------------ */

/* A header, and the entries that it names. */
struct gpt {
	const char *which;
	uint64_t own, other; /* blocks */
	uint64_t first_usable, last_usable;
	uint64_t entries_at; /* block */
	uint32_t count, entry_size, entries_crc;
	unsigned char guid[16];
};

static int __attribute__((format(printf, 4, 5)))
add_damage(const struct iso_reader *reader, const struct gpt *gpt, struct findings *findings,
	   const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list args;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	findings_add(findings, FINDING_ERROR, REBUILD, "%s: its %s GPT is damaged: %s",
		     reader->path, gpt->which, text);
	return 0;
}

static void take_header(struct gpt *gpt, const unsigned char *block)
{
	gpt->other = get_le64(block + 32);
	gpt->first_usable = get_le64(block + 40);
	gpt->last_usable = get_le64(block + 48);
	memcpy(gpt->guid, block + 56, 16);
	gpt->entries_at = get_le64(block + 72);
	gpt->count = get_le32(block + 80);
	gpt->entry_size = get_le32(block + 84);
	gpt->entries_crc = get_le32(block + 88);
}

/* 1 if it is good, 0 if not (told), -1 on failure. */
static int read_header(const struct iso_reader *reader, struct gpt *gpt, struct findings *findings,
		       struct error *err)
{
	unsigned char block[ISO_BLOCK];
	uint32_t length, recorded;

	if (gpt->own >= reader->size / ISO_BLOCK)
		return add_damage(reader, gpt, findings, "it lies behind the end of the image");
	if (iso_read(reader, gpt->own * ISO_BLOCK, block, sizeof(block), err) < 0)
		return -1;
	if (memcmp(block, "EFI PART", 8))
		return add_damage(reader, gpt, findings, "block %llu is no GPT header",
				  (unsigned long long)gpt->own);
	length = get_le32(block + 12);
	recorded = get_le32(block + 16);
	if (length < HEADER_MIN || length > sizeof(block))
		return add_damage(reader, gpt, findings, "its header has %u bytes", length);
	put_le32(block + 16, 0);
	if (crc32(block, length) != recorded)
		return add_damage(reader, gpt, findings,
				  "the checksum of its header is 0x%08x, 0x%08x is written there",
				  crc32(block, length), recorded);
	if (get_le64(block + 24) != gpt->own)
		return add_damage(reader, gpt, findings, "it says that it is in block %llu",
				  (unsigned long long)get_le64(block + 24));
	take_header(gpt, block);
	return 1;
}

/* The entries, owned by the caller; NULL if they cannot be used (told, or *result is -1). */
static unsigned char *read_entries(const struct iso_reader *reader, const struct gpt *gpt,
				   struct findings *findings, int *result, struct error *err)
{
	cleanup_free unsigned char *entries = NULL;
	size_t size;

	*result = 0;
	if (gpt->entry_size != ENTRY || gpt->count > ENTRIES_MAX) {
		add_damage(reader, gpt, findings, "it has %u entries of %u bytes", gpt->count,
			   gpt->entry_size);
		return NULL;
	}
	size = (size_t)gpt->count * ENTRY;
	if (gpt->entries_at > reader->size / ISO_BLOCK ||
	    !iso_inside(reader, gpt->entries_at * ISO_BLOCK, size)) {
		add_damage(reader, gpt, findings, "its entries lie behind the end of the image");
		return NULL;
	}
	entries = xcalloc(size, 1);
	*result = iso_read(reader, gpt->entries_at * ISO_BLOCK, entries, size, err);
	if (*result < 0)
		return NULL;
	if (crc32(entries, size) == gpt->entries_crc)
		return steal(entries);
	add_damage(reader, gpt, findings,
		   "the checksum of its entries is 0x%08x, 0x%08x is written there",
		   crc32(entries, size), gpt->entries_crc);
	return NULL;
}

static void take_partition(struct iso_disk *disk, const unsigned char *entry)
{
	struct iso_partition *partition = &disk->partitions[disk->count++];

	*partition = (struct iso_partition){ .first = get_le64(entry + 32),
					     .last = get_le64(entry + 40),
					     .system = !memcmp(entry, esp_type, 16) };
	memcpy(partition->type, entry, 16);
	for (size_t i = 0; i < 36; i++) {
		uint16_t letter = get_le16(entry + 56 + 2 * i);

		if (!letter)
			break;
		partition->name[i] = letter >= 0x20 && letter < 0x7f ? (char)letter : '?';
	}
}

static void take_partitions(struct iso_disk *disk, const struct gpt *gpt,
			    const unsigned char *entries)
{
	static const unsigned char unused[16];

	for (uint32_t i = 0; i < gpt->count && disk->count < ISO_PARTITIONS; i++)
		if (memcmp(entries + (size_t)i * ENTRY, unused, 16))
			take_partition(disk, entries + (size_t)i * ENTRY);
}

static void check_partitions(const struct iso_reader *reader, const struct iso_disk *disk,
			     const struct gpt *gpt, struct findings *findings)
{
	for (size_t i = 0; i < disk->count; i++) {
		const struct iso_partition *one = &disk->partitions[i];

		if (one->first > one->last || one->first < gpt->first_usable ||
		    one->last > gpt->last_usable || one->last >= reader->size / ISO_BLOCK)
			add_damage(reader, gpt, findings,
				   "partition %zu is from block %llu to %llu, which the image does "
				   "not have for it",
				   i + 1, (unsigned long long)one->first,
				   (unsigned long long)one->last);
		for (size_t k = 0; k < i; k++)
			if (one->first <= disk->partitions[k].last &&
			    disk->partitions[k].first <= one->last)
				add_damage(reader, gpt, findings, "partitions %zu and %zu overlap",
					   k + 1, i + 1);
	}
}

static int read_gpt(const struct iso_reader *reader, struct iso_disk *disk,
		    struct findings *findings, struct error *err)
{
	struct gpt gpt = { .which = "primary", .own = 1 };
	struct gpt backup = { .which = "backup" };
	cleanup_free unsigned char *entries = NULL;
	cleanup_free unsigned char *copies = NULL;
	const unsigned char *guid = gpt.guid;
	int result = read_header(reader, &gpt, findings, err);

	if (result <= 0)
		return result;
	snprintf(disk->guid, sizeof(disk->guid), "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 get_le32(guid), get_le16(guid + 4), get_le16(guid + 6), guid[8], guid[9], guid[10],
		 guid[11], guid[12], guid[13], guid[14], guid[15]);
	entries = read_entries(reader, &gpt, findings, &result, err);
	if (!entries)
		return result;
	take_partitions(disk, &gpt, entries);
	check_partitions(reader, disk, &gpt, findings);
	backup.own = gpt.other;
	result = read_header(reader, &backup, findings, err);
	if (result <= 0)
		return result;
	copies = read_entries(reader, &backup, findings, &result, err);
	if (copies &&
	    (backup.count != gpt.count || memcmp(copies, entries, (size_t)gpt.count * ENTRY)))
		add_damage(reader, &backup, findings,
			   "its entries are not those of the primary one");
	return result;
}

/* ---- all of it ------------------------------------------------------------------------------ */

int iso_disk_read(const struct iso_reader *reader, struct iso_disk *disk, struct findings *findings,
		  struct error *err)
{
	unsigned char blocks[2 * ISO_BLOCK];

	*disk = (struct iso_disk){ 0 };
	if (!iso_inside(reader, 0, sizeof(blocks)))
		return 0;
	if (iso_read(reader, 0, blocks, sizeof(blocks), err) < 0)
		return -1;
	take_mbr(disk, blocks);
	if (disk->mbr)
		check_mbr(reader, disk, findings);
	disk->gpt = !memcmp(blocks + ISO_BLOCK, "EFI PART", 8);
	if (!disk->gpt)
		return 0;
	check_protective(reader, disk, findings);
	return read_gpt(reader, disk, findings, err);
}

int iso_is_fat(const struct iso_reader *reader, uint64_t offset, uint64_t size, struct error *err)
{
	unsigned char block[ISO_BLOCK];
	uint64_t sectors;

	if (size < sizeof(block) || !iso_inside(reader, offset, size))
		return 0;
	if (iso_read(reader, offset, block, sizeof(block), err) < 0)
		return -1;
	sectors = get_le16(block + 19) ? get_le16(block + 19) : get_le32(block + 32);
	return block[510] == 0x55 && block[511] == 0xaa &&
	       (!memcmp(block + 54, "FAT", 3) || !memcmp(block + 82, "FAT", 3)) &&
	       sectors * get_le16(block + 11) <= size;
}
