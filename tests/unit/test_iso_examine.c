#include "base/alloc.h"
#include "base/endian.h"
#include "base/file.h"
#include "iso/examine.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- an ISO made by hand: folders, a FAT file system, an MBR and a GPT ---------------------- */

enum {
	SECTORS = 48,
	ROOT = 20,
	BOOT = 21,
	CONTINUATION = 22,
	FILE_AT = 24,
	FAT_AT = 26,
	CATALOGUE = 30
};
enum { BLOCKS = SECTORS * 4, FIRST_USABLE = 8 };

static unsigned char iso[SECTORS * 2048];

static unsigned char *sector(unsigned int number)
{
	return iso + (size_t)number * 2048;
}

static void put_descriptor(unsigned int number, unsigned char type)
{
	sector(number)[0] = type;
	memcpy(sector(number) + 1, "CD001\1", 6);
}

/* A record of a folder, with these fields of SUSP behind the name. Returns what comes behind. */
static unsigned char *put_record(unsigned char *at, const char *name, size_t name_length,
				 unsigned int where, uint32_t size, bool folder, const void *fields,
				 size_t fields_size)
{
	size_t use = 33 + name_length + !(name_length & 1);

	at[0] = (unsigned char)(use + fields_size + (fields_size & 1));
	put_le32(at + 2, where);
	put_le32(at + 10, size);
	memcpy(at + 18, "\x7b\x0b\x0e\x16\x0d\x14", 6); /* 2023-11-14 22:13:20 */
	at[25] = folder ? 2 : 0;
	at[32] = (unsigned char)name_length;
	memcpy(at + 33, name, name_length);
	memcpy(at + use, fields, fields_size);
	return at + at[0];
}

static void put_guid(unsigned char *at, unsigned char fill)
{
	memset(at, fill, 16);
}

static uint32_t checksum(const unsigned char *bytes, size_t size)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < size * 8; i++)
		crc = crc >> 1 ^ ((crc ^ (uint32_t)(bytes[i / 8] >> i % 8)) & 1 ? 0xedb88320u : 0);
	return ~crc;
}

/* Four entries; the header in block `own`, the entries behind or before it. */
static void put_gpt(uint64_t own, uint64_t other, uint64_t entries)
{
	static const unsigned char esp[16] = "\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9"
					     "\x3e\xc9\x3b";
	unsigned char *header = iso + own * 512, *entry = iso + entries * 512;

	memset(entry, 0, 4 * 128);
	memcpy(entry, esp, 16);
	put_guid(entry + 16, 0x22);
	put_le64(entry + 32, FAT_AT * 4);
	put_le64(entry + 40, FAT_AT * 4 + 7);
	memcpy(entry + 56, "E\0F\0I\0", 6);
	memset(header, 0, 512);
	memcpy(header, "EFI PART\0\0\1\0", 12);
	put_le32(header + 12, 92);
	put_le64(header + 24, own);
	put_le64(header + 32, other);
	put_le64(header + 40, FIRST_USABLE);
	put_le64(header + 48, BLOCKS - 4);
	put_guid(header + 56, 0x11);
	put_le64(header + 72, entries);
	put_le32(header + 80, 4);
	put_le32(header + 84, 128);
	put_le32(header + 88, checksum(entry, 512));
	put_le32(header + 16, checksum(header, 92));
}

static void put_catalogue(void)
{
	unsigned char *entry = sector(CATALOGUE);
	unsigned int sum = 0;

	entry[0] = 1;
	entry[1] = 0xef;
	entry[30] = 0x55;
	entry[31] = 0xaa;
	for (size_t i = 0; i < 32; i += 2)
		sum += get_le16(entry + i);
	put_le16(entry + 28, (uint16_t)(0x10000 - sum));
	entry[32] = 0x88;
	put_le16(entry + 38, 8);
	put_le32(entry + 40, FAT_AT);
}

static void put_fat(void)
{
	unsigned char *block = sector(FAT_AT);

	put_le16(block + 11, 512);
	put_le16(block + 19, 8);
	memcpy(block + 54, "FAT12", 5);
	block[510] = 0x55;
	block[511] = 0xaa;
}

static void put_folders(void)
{
	static const unsigned char sp[] = "SP\7\1\xbe\xef\0";
	unsigned char px[36] = "PX\x24\1", ce[28] = "CE\x1c\1";
	unsigned char *at = put_record(sector(ROOT), "\0", 1, ROOT, 2048, true, sp, 7);

	put_le32(px + 4, 0100644);
	put_le32(px + 20, 1000);
	put_le32(px + 28, 100);
	put_le32(ce + 4, CONTINUATION);
	put_le32(ce + 12, 100);
	put_le32(ce + 20, 6 + 8);
	at = put_record(at, "\1", 1, ROOT, 2048, true, "", 0);
	at = put_record(at, "BOOT", 4, BOOT, 2048, true, "NM\x09\1\0boot", 9);
	put_record(at, "PLAIN.;1", 8, FILE_AT, 5, false, px, sizeof(px));
	memcpy(sector(CONTINUATION) + 100,
	       "NM\6\1\1L"
	       "NM\x08\1\0ong",
	       14);
	at = put_record(sector(BOOT), "\0", 1, BOOT, 2048, true, "", 0);
	at = put_record(at, "\1", 1, ROOT, 2048, true, "", 0);
	put_record(at, "LONG.EFI;1", 10, FAT_AT, 4096, false, ce, sizeof(ce));
	memcpy(sector(FILE_AT), "hello", 5);
}

static void make_iso(void)
{
	unsigned char *primary = sector(16);

	memset(iso, 0, sizeof(iso));
	put_descriptor(16, 1);
	memset(primary + 40, ' ', 32);
	memcpy(primary + 40, "HAND", 4);
	put_le32(primary + 80, SECTORS);
	put_le16(primary + 128, 2048);
	put_record(primary + 156, "\0", 1, ROOT, 2048, true, "", 0);
	memcpy(primary + 813, "2023111422132000", 16);
	memcpy(primary + 830, "2023111422132000", 16);
	put_descriptor(17, 0);
	memcpy(sector(17) + 7, "EL TORITO SPECIFICATION", 23);
	put_le32(sector(17) + 71, CATALOGUE);
	put_descriptor(18, 255);
	put_catalogue();
	put_fat();
	put_folders();
	iso[446 + 4] = 0xee;
	put_le32(iso + 446 + 8, 1);
	put_le32(iso + 446 + 12, BLOCKS - 1);
	iso[510] = 0x55;
	iso[511] = 0xaa;
	put_gpt(1, BLOCKS - 1, 2);
	put_gpt(BLOCKS - 1, 1, BLOCKS - 3);
}

/* ---- examining it --------------------------------------------------------------------------- */

static struct iso_image image;
static struct findings findings;
static struct error err;

static int examine_bytes(size_t length)
{
	char path[] = "/tmp/isoXXXXXX";
	cleanup_close int fd = mkstemp(path);
	int result;

	ck_assert_int_eq(write(fd, iso, length), (ssize_t)length);
	iso_image_free(&image);
	findings_free(&findings);
	err = (struct error){ 0 };
	result = iso_examine(path, &image, &findings, &err);
	unlink(path);
	return result;
}

static void examine(void)
{
	ck_assert_msg(examine_bytes(sizeof(iso)) == 0, "%s", err.message);
}

static void expect(const char *word)
{
	examine();
	for (size_t i = 0; i < findings.count; i++)
		if (strstr(findings.list[i].text, word) && *findings.list[i].mend)
			return;
	ck_abort_msg("'%s' was not told; first: %s", word,
		     findings.count ? findings.list[0].text : "nothing");
}

static void expect_nothing(void)
{
	examine();
	ck_assert_msg(!findings.count, "%s", findings.list[0].text);
}

START_TEST(test_good)
{
	const struct iso_node *node;

	make_iso();
	expect_nothing();
	ck_assert_str_eq(image.volume.label, "HAND");
	ck_assert_str_eq(image.volume.created, "2023-11-14 22:13:20");
	ck_assert(image.uefi_cd && image.uefi_disk && !image.bios_cd && !image.bios_disk);
	ck_assert(!image.memdisk.boots && image.memdisk_findings.count);
	ck_assert_uint_eq(image.tree.count, 3);
	node = &image.tree.nodes[0];
	ck_assert_str_eq(node->path, "PLAIN");
	ck_assert(node->attributes && node->mode == 0100644 && node->uid == 1000 &&
		  node->gid == 100);
	ck_assert_str_eq(node->sha256,
			 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	ck_assert_str_eq(node->date, "2023-11-14 22:13:20");
	ck_assert_str_eq(node[1].path, "boot");
	ck_assert(node[1].folder && !*node[1].sha256);
	ck_assert_str_eq(node[2].path, "boot/Long");
	ck_assert_ptr_eq(iso_tree_at(&image.tree, FAT_AT), &node[2]);
	ck_assert_str_eq(image.disk.guid, "11111111-1111-1111-1111-111111111111");
	ck_assert_uint_eq(image.disk.count, 1);
	ck_assert_str_eq(image.disk.partitions[0].name, "EFI");
}
END_TEST

START_TEST(test_not_an_iso)
{
	make_iso();
	sector(16)[2] = 'X';
	ck_assert_int_eq(examine_bytes(sizeof(iso)), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_int_eq(examine_bytes(0), -1);
	make_iso();
	/* Whatever is cut off, it is told, and nothing boots. */
	for (size_t length = 17 * 2048; length < sizeof(iso); length += 512) {
		ck_assert_int_eq(examine_bytes(length), 0);
		ck_assert_uint_ge(findings_count(&findings, FINDING_ERROR), 1);
		ck_assert(!image.uefi_cd && !image.uefi_disk);
	}
}
END_TEST

START_TEST(test_folders)
{
	unsigned char *record;

	make_iso();
	record = sector(ROOT) + sector(ROOT)[0];
	record += record[0]; /* that of boot */
	put_le32(record + 10, 0xffffffff);
	expect("/boot: it ends behind the end of the image");
	put_le32(record + 10, 2048);
	put_le32(record + 2, ROOT);
	expect("nested too deeply");
	put_le32(record + 2, BOOT);
	record[0] = 33;
	expect("a record of this folder is damaged");
	make_iso();
	record[32] = 200;
	expect("a record of this folder is damaged");
	make_iso();
	record[25] |= 0x80;
	expect("in several parts");
	make_iso();
	put_le32(sector(16) + 156 + 2, SECTORS);
	expect("the root folder ends behind");
	make_iso();
	record += record[0]; /* that of PLAIN */
	put_le32(record + 2, FILE_AT - 20);
	put_le32(record + 10, (SECTORS - 10) * 2048);
	expect_nothing();
	put_le32(record + 10, (SECTORS - 4) * 2048);
	put_le32(sector(BOOT) + 2 * 34 + 10, 5 * 2048); /* that of boot/Long */
	expect("they overlap");
	ck_assert(!*image.tree.nodes[0].sha256);
}
END_TEST

/* A continuation that continues in itself, or lies elsewhere. */
START_TEST(test_continuations)
{
	unsigned char *fields = sector(CONTINUATION) + 100;

	make_iso();
	memcpy(fields, "CE\x1c\1", 4);
	put_le32(fields + 4, CONTINUATION);
	put_le32(fields + 12, 100);
	put_le32(fields + 20, 28);
	put_le32(sector(BOOT) + 2 * 34 + 33 + 10 + 1 + 20, 28);
	expect_nothing();
	ck_assert_str_eq(image.tree.nodes[2].path, "boot/LONG.EFI");
	put_le32(fields + 4, 0xffffffff);
	put_le32(fields + 12, 0xffffffff);
	expect_nothing();
	put_le32(fields + 20, 0xffffffff);
	expect_nothing();
	memcpy(fields, "NM\xff\1", 4);
	expect_nothing();
}
END_TEST

START_TEST(test_gpt)
{
	unsigned char *header = iso + 512;

	make_iso();
	header[40] ^= 1;
	expect("primary GPT is damaged: the checksum of its header");
	make_iso();
	iso[2 * 512 + 40] ^= 1;
	expect("primary GPT is damaged: the checksum of its entries");
	make_iso();
	iso[(BLOCKS - 1) * 512] = 'X';
	expect("backup GPT is damaged: block 191 is no GPT header");
	make_iso();
	iso[(BLOCKS - 3) * 512] ^= 1;
	expect("backup GPT is damaged: the checksum of its entries");
	make_iso();
	put_le32(header + 12, 600);
	expect("its header has 600 bytes");
	make_iso();
	put_le64(header + 32, UINT64_MAX);
	put_le32(header + 16, 0);
	put_le32(header + 16, checksum(header, 92));
	expect("backup GPT is damaged: it lies behind the end");
	make_iso();
	put_le64(header + 72, UINT64_MAX);
	put_le32(header + 16, 0);
	put_le32(header + 16, checksum(header, 92));
	expect("its entries lie behind the end");
	make_iso();
	put_le32(header + 80, UINT32_MAX);
	put_le32(header + 16, 0);
	put_le32(header + 16, checksum(header, 92));
	expect("it has 4294967295 entries of 128 bytes");
	make_iso();
	iso[446 + 4] = 0x83;
	expect("no protective partition");
}
END_TEST

/* Rewrites both tables with other partitions. */
static void set_partition(size_t index, uint64_t first, uint64_t last)
{
	const uint64_t own[] = { 1, BLOCKS - 1 }, entries[] = { 2, BLOCKS - 3 };

	for (size_t i = 0; i < 2; i++) {
		unsigned char *header = iso + own[i] * 512, *entry = iso + entries[i] * 512;

		memcpy(entry + 128 * index, entry, 16);
		put_le64(entry + 128 * index + 32, first);
		put_le64(entry + 128 * index + 40, last);
		put_le32(header + 88, checksum(entry, 512));
		put_le32(header + 16, 0);
		put_le32(header + 16, checksum(header, 92));
	}
}

START_TEST(test_partitions)
{
	make_iso();
	set_partition(1, FAT_AT * 4 + 7, FAT_AT * 4 + 8);
	expect("partitions 1 and 2 overlap");
	make_iso();
	set_partition(0, 4, 5);
	expect("partition 1 is from block 4 to 5");
	set_partition(0, 100, 99);
	expect("partition 1 is from block 100 to 99");
	set_partition(0, 100, UINT64_MAX);
	expect("partition 1 is from block 100");
	set_partition(0, UINT64_MAX - 1, UINT64_MAX);
	expect("partition 1 is from block");
	make_iso();
	set_partition(0, FAT_AT * 4 + 4, FAT_AT * 4 + 8);
	expect("EFI system partition, at block 108, is no FAT");
	ck_assert(!image.uefi_disk);
	make_iso();
	sector(FAT_AT)[19] = 9;
	expect("UEFI boot image, in sector 26, is no FAT");
	ck_assert(!image.uefi_cd);
}
END_TEST

START_TEST(test_mbr)
{
	make_iso();
	memset(iso, 0x90, 64);
	expect_nothing();
	ck_assert(image.bios_disk && !image.disk.grub);
	memcpy(iso + 300, "GRUB ", 5);
	expect("GRUB's boot record goes on at block 0");
	ck_assert(!image.bios_disk);
	make_iso();
	iso[446 + 16 + 4] = 0x83;
	put_le32(iso + 446 + 16 + 8, UINT32_MAX);
	put_le32(iso + 446 + 16 + 12, UINT32_MAX);
	expect("partition 2 of its MBR ends at block 8589934590");
	iso[446 + 16 + 4] = 0xef;
	expect("partition 2 of its MBR ends");
	memset(iso + 512, 0, 512);
	put_le32(iso + 446 + 16 + 8, FAT_AT * 4);
	put_le32(iso + 446 + 16 + 12, 8);
	expect_nothing();
	ck_assert(image.uefi_disk && !image.disk.gpt);
}
END_TEST

START_TEST(test_catalogue)
{
	make_iso();
	sector(CATALOGUE)[5] = 1;
	expect("boot catalogue is damaged");
	make_iso();
	put_le32(sector(CATALOGUE) + 40, SECTORS);
	expect("a boot image is said to be in sector 48");
	make_iso();
	put_le32(sector(17) + 71, SECTORS);
	expect("boot catalogue is said to be in sector 48");
	make_iso();
	sector(CATALOGUE)[32] = 0;
	expect_nothing();
	ck_assert(!image.uefi_cd && image.uefi_disk);
	put_le16(sector(CATALOGUE) + 38, 1);
	sector(CATALOGUE)[32] = 0x88;
	expect_nothing();
	ck_assert(image.uefi_cd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("iso_examine");
	TCase *all = tcase_create("by hand");

	tcase_add_test(all, test_good);
	tcase_add_test(all, test_not_an_iso);
	tcase_add_test(all, test_folders);
	tcase_add_test(all, test_continuations);
	tcase_add_test(all, test_gpt);
	tcase_add_test(all, test_partitions);
	tcase_add_test(all, test_mbr);
	tcase_add_test(all, test_catalogue);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
