#include "iso/volume.h"

#include "base/endian.h"

#include <stdio.h>
#include <string.h>

enum {
	DESCRIPTORS_MAX = 32, /* more than any ISO has before its terminator */
	CATALOGUE_ENTRIES = ISO_SECTOR / 32,
	TABLE_OFFSET = 8,	/* of the boot information table in the boot image */
	TABLE_SUM_OFFSET = 64,	/* where the bytes begin that its checksum covers */
	BOOT_FILE_MAX = 1 << 26 /* 64 MiB: real-mode loaders are far smaller */
};

/* ---- volume descriptors --------------------------------------------------------------------- */

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

static void take_label(struct iso_volume *volume, const unsigned char *field)
{
	size_t length = 32;

	while (length && (field[length - 1] == ' ' || !field[length - 1]))
		length--;
	for (size_t i = 0; i < length; i++)
		volume->label[i] = field[i] >= 0x20 && field[i] < 0x7f ? (char)field[i] : '?';
}

/* Sixteen digits, YYYYMMDDhhmmsscc, and a time zone (ECMA-119 8.4.26.1). */
static void take_date(char date[20], const unsigned char *field)
{
	for (size_t i = 0; i < 16; i++)
		if (field[i] < '0' || field[i] > '9')
			return;
	if (!memcmp(field, "0000", 4))
		return;
	snprintf(date, 20, "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", field, field + 4, field + 6, field + 8,
		 field + 10, field + 12);
}

static void take_primary(struct iso_volume *volume, const unsigned char *sector)
{
	take_label(volume, sector + 40);
	volume->size = (uint64_t)get_le32(sector + 80) * get_le16(sector + 128);
	volume->root_sector = get_le32(sector + 156 + 2);
	volume->root_size = get_le32(sector + 156 + 10);
	take_date(volume->created, sector + 813);
	take_date(volume->modified, sector + 830);
	volume->utc = !sector[813 + 16] && !sector[830 + 16];
}

/* In the sector where it belongs, or in another one of the descriptors. */
static int find_boot_record(const struct iso_reader *reader, struct iso_volume *volume,
			    struct error *err)
{
	unsigned char sector[ISO_SECTOR];

	for (uint32_t i = ISO_BOOT_RECORD_SECTOR; i < ISO_PRIMARY_SECTOR + DESCRIPTORS_MAX; i++) {
		int found = iso_read_sector(reader, i, sector, err);

		if (found < 0)
			return -1;
		if (!found || (i > ISO_BOOT_RECORD_SECTOR && !is_descriptor(sector)))
			return 0;
		if (!is_boot_record(sector))
			continue;
		volume->boot_record = i;
		volume->catalogue = get_le32(sector + 71);
		return 0;
	}
	return 0;
}

int iso_volume_read(const struct iso_reader *reader, struct iso_volume *volume, struct error *err)
{
	unsigned char sector[ISO_SECTOR];
	int found = iso_read_sector(reader, ISO_PRIMARY_SECTOR, sector, err);

	*volume = (struct iso_volume){ 0 };
	if (found < 0)
		return -1;
	volume->is_iso = found && is_descriptor(sector) && sector[0] == 1;
	if (!volume->is_iso)
		return 0;
	take_primary(volume, sector);
	return find_boot_record(reader, volume, err);
}

/* ---- the boot catalogue --------------------------------------------------------------------- */

static void take_entry(struct iso_catalogue *catalogue, uint8_t platform,
		       const unsigned char *entry)
{
	if (catalogue->count == ISO_BOOT_ENTRIES)
		return;
	catalogue->entries[catalogue->count++] =
		(struct iso_boot_entry){ .platform = platform,
					 .indicator = entry[0],
					 .emulation = entry[1],
					 .segment = get_le16(entry + 2),
					 .sector = get_le32(entry + 8),
					 .load = (uint32_t)get_le16(entry + 6) * 512 };
}

/* The sections behind the default entry (El Torito 1.0, figures 4 to 6). */
static void take_sections(struct iso_catalogue *catalogue, const unsigned char *sector)
{
	unsigned int index = 2;

	while (index < CATALOGUE_ENTRIES) {
		const unsigned char *header = sector + (size_t)index * 32;
		unsigned int end = index + 1 + get_le16(header + 2);

		if (header[0] != 0x90 && header[0] != 0x91)
			return;
		for (unsigned int i = index + 1; i < end && i < CATALOGUE_ENTRIES; i++)
			take_entry(catalogue, header[1], sector + (size_t)i * 32);
		if (header[0] == 0x91)
			return;
		index = end;
	}
}

int iso_catalogue_read(const struct iso_reader *reader, uint32_t sector,
		       struct iso_catalogue *catalogue, struct error *err)
{
	unsigned char bytes[ISO_SECTOR];
	int found = iso_read_sector(reader, sector, bytes, err);

	*catalogue = (struct iso_catalogue){ .inside = found > 0 };
	if (found <= 0)
		return found;
	catalogue->header = bytes[0];
	catalogue->key[0] = bytes[30];
	catalogue->key[1] = bytes[31];
	for (size_t i = 0; i < 32; i += 2)
		catalogue->sum = (uint16_t)(catalogue->sum + get_le16(bytes + i));
	take_entry(catalogue, bytes[1], bytes + 32);
	take_sections(catalogue, bytes);
	return 0;
}

/* ---- the boot information table ------------------------------------------------------------- */

/* The sum of the boot file's 32-bit words behind its first 64 bytes; a last, shorter one is
 * filled with zeroes. */
static int sum_boot_file(const struct iso_reader *reader, uint64_t offset, uint32_t length,
			 uint32_t *sum, struct error *err)
{
	unsigned char chunk[16 * ISO_SECTOR];

	*sum = 0;
	for (uint32_t done = TABLE_SUM_OFFSET; done < length;) {
		size_t step = length - done < sizeof(chunk) ? length - done : sizeof(chunk);

		memset(chunk + step, 0, sizeof(chunk) - step);
		if (iso_read(reader, offset + done, chunk, step, err) < 0)
			return -1;
		for (size_t i = 0; i < step; i += 4)
			*sum += get_le32(chunk + i);
		done += (uint32_t)step;
	}
	return 0;
}

int iso_boot_table_read(const struct iso_reader *reader, const struct iso_boot_entry *entry,
			struct iso_boot_table *table, struct error *err)
{
	unsigned char head[TABLE_SUM_OFFSET];
	const unsigned char *at = head + TABLE_OFFSET;
	uint64_t offset = (uint64_t)entry->sector * ISO_SECTOR;

	*table = (struct iso_boot_table){ .missing = "it lies behind the end of the file" };
	if (!iso_inside(reader, offset, sizeof(head)))
		return 0;
	if (iso_read(reader, offset, head, sizeof(head), err) < 0)
		return -1;
	table->length = get_le32(at + 8);
	table->recorded = get_le32(at + 12);
	table->missing = "it names neither the volume descriptor nor the image";
	if (get_le32(at) != ISO_PRIMARY_SECTOR || get_le32(at + 4) != entry->sector)
		return 0;
	table->missing = "the length in it is wrong";
	if (table->length < TABLE_SUM_OFFSET || table->length > BOOT_FILE_MAX ||
	    !iso_inside(reader, offset, table->length))
		return 0;
	table->missing = NULL;
	return sum_boot_file(reader, offset, table->length, &table->sum, err);
}
