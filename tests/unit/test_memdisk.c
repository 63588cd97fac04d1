#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "iso/memdisk.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- an ISO made by hand ------------------------------------------------- */

enum { SECTORS = 40, CATALOGUE = 20, IMAGE = 24, IMAGE_LENGTH = 3001 };

static unsigned char iso[SECTORS * 2048];

static unsigned char *sector(unsigned int number)
{
	return iso + (size_t)number * 2048;
}

static void put16(unsigned char *at, unsigned int value)
{
	at[0] = value & 0xff;
	at[1] = value >> 8 & 0xff;
}

static void put32(unsigned char *at, uint32_t value)
{
	put16(at, value & 0xffff);
	put16(at + 2, value >> 16);
}

static void put_descriptor(unsigned int number, unsigned char type)
{
	sector(number)[0] = type;
	memcpy(sector(number) + 1, "CD001\1", 6);
}

static void put_boot_record(unsigned int number)
{
	put_descriptor(number, 0);
	memcpy(sector(number) + 7, "EL TORITO SPECIFICATION", 23);
	put32(sector(number) + 71, CATALOGUE);
}

static void seal_catalogue(void)
{
	unsigned int sum = 0;

	put16(sector(CATALOGUE) + 28, 0);
	for (size_t i = 0; i < 32; i += 2)
		sum += sector(CATALOGUE)[i] | (unsigned int)sector(CATALOGUE)[i + 1] << 8;
	put16(sector(CATALOGUE) + 28, (0x10000 - (sum & 0xffff)) & 0xffff);
}

static void put_table(void)
{
	unsigned char *image = sector(IMAGE);
	uint32_t sum = 0;

	put32(image + 8, 16);
	put32(image + 12, IMAGE);
	put32(image + 16, IMAGE_LENGTH);
	for (size_t i = 64; i < IMAGE_LENGTH; i += 4)
		for (size_t k = 0; k < 4 && i + k < IMAGE_LENGTH; k++)
			sum += (uint32_t)image[i + k] << (8 * k);
	put32(image + 20, sum);
}

/* What grub-mkrescue for BIOS makes, in small. */
static void make_iso(void)
{
	unsigned char *entry = sector(CATALOGUE);

	memset(iso, 0, sizeof(iso));
	put_descriptor(16, 1);
	memset(sector(16) + 40, ' ', 32);
	memcpy(sector(16) + 40, "MUEN\033", 5);
	put32(sector(16) + 80, SECTORS);
	put16(sector(16) + 128, 2048);
	put_boot_record(17);
	put_descriptor(18, 255);
	entry[0] = 1;
	entry[30] = 0x55;
	entry[31] = 0xaa;
	seal_catalogue();
	entry[32] = 0x88;
	put16(entry + 38, 4);
	put32(entry + 40, IMAGE);
	for (size_t i = 0; i < IMAGE_LENGTH; i++)
		sector(IMAGE)[i] = (unsigned char)(i * 7 + 1);
	put_table();
}

/* ---- examining it -------------------------------------------------------- */

static struct memdisk_image image;
static struct findings findings;

static void examine_bytes(size_t length, uint64_t target_ram)
{
	char path[] = "/tmp/memdiskXXXXXX";
	cleanup_close int fd = mkstemp(path);
	struct error err = { 0 };
	int result;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, iso, length), (ssize_t)length);
	findings_free(&findings);
	result = memdisk_examine(path, target_ram, &image, &findings, &err);
	unlink(path);
	ck_assert_msg(result == 0, "%s", err.message);
	ck_assert_uint_eq(image.size, length);
}

static void examine(void)
{
	examine_bytes(sizeof(iso), 0);
}

static bool found(enum severity severity, const char *text)
{
	for (size_t i = 0; i < findings.count; i++)
		if (findings.list[i].severity == severity && strstr(findings.list[i].text, text))
			return *findings.list[i].mend != '\0';
	return false;
}

static void expect_error(const char *text)
{
	examine();
	ck_assert_msg(!image.boots, "boots despite: %s", text);
	ck_assert_msg(found(FINDING_ERROR, text), "no such error: %s", text);
}

static void expect_warning(const char *text)
{
	examine();
	ck_assert_msg(image.boots, "does not boot because of: %s", text);
	ck_assert_msg(found(FINDING_WARNING, text), "no such warning: %s", text);
}

START_TEST(test_good)
{
	make_iso();
	examine();
	ck_assert_uint_eq(findings.count, 0);
	ck_assert(image.boots && image.is_iso && image.has_catalogue && image.boot_info_table);
	ck_assert_str_eq(image.volume_id, "MUEN?");
	ck_assert_uint_eq(image.volume_size, sizeof(iso));
	ck_assert_uint_eq(image.boot_sector, IMAGE);
	ck_assert_uint_eq(image.load_size, 2048);
	ck_assert(!image.uefi && !image.bios_elsewhere);
}
END_TEST

START_TEST(test_not_an_iso)
{
	make_iso();
	sector(16)[1] = 'X';
	expect_error("is not an ISO 9660 image");
	make_iso();
	examine_bytes(0, 0);
	ck_assert(!image.boots && found(FINDING_ERROR, "is not an ISO 9660 image"));
	examine_bytes(17 * 2048 - 1, 0);
	ck_assert(!image.boots && !image.is_iso);
}
END_TEST

START_TEST(test_truncated)
{
	make_iso();
	examine_bytes(sizeof(iso) - 1, 0);
	ck_assert(!image.boots && found(FINDING_ERROR, "is truncated"));
	/* Whatever is cut off, it is refused. */
	for (size_t length = 0; length < sizeof(iso); length += 512) {
		examine_bytes(length, 0);
		ck_assert_msg(!image.boots, "boots with %zu bytes", length);
	}
}
END_TEST

START_TEST(test_no_boot_record)
{
	make_iso();
	put_descriptor(17, 255);
	expect_error("has no El Torito boot record");
	make_iso();
	put_descriptor(17, 2);
	put_boot_record(18);
	expect_error("boot record is in sector 18");
	make_iso();
	sector(17)[7] = 'X';
	expect_error("has no El Torito boot record");
}
END_TEST

START_TEST(test_catalogue)
{
	make_iso();
	put32(sector(17) + 71, SECTORS);
	expect_error("behind the end of the file");
	put32(sector(17) + 71, 0xffffffff);
	expect_error("behind the end of the file");
	make_iso();
	sector(CATALOGUE)[30] = 0;
	expect_error("boot catalogue is not one");
	make_iso();
	sector(CATALOGUE)[4] = 'x';
	expect_warning("validation entry");
	make_iso();
	sector(CATALOGUE)[32] = 0;
	expect_warning("not bootable");
}
END_TEST

START_TEST(test_platforms)
{
	make_iso();
	sector(CATALOGUE)[1] = 0xef;
	seal_catalogue();
	expect_error("no El Torito entry for BIOS");
	ck_assert(image.uefi && !image.bios_elsewhere);
	sector(CATALOGUE)[64] = 0x90;
	sector(CATALOGUE)[65] = 0xef;
	put16(sector(CATALOGUE) + 66, 1);
	sector(CATALOGUE)[128] = 0x91;
	put16(sector(CATALOGUE) + 130, 1);
	expect_error("BIOS comes behind");
	ck_assert(image.bios_elsewhere);
	/* A section that says it has more entries than fit. */
	put16(sector(CATALOGUE) + 66, 0xffff);
	expect_error("no El Torito entry for BIOS");
	make_iso();
	sector(CATALOGUE)[64] = 0x91;
	sector(CATALOGUE)[65] = 0xef;
	put16(sector(CATALOGUE) + 66, 1);
	examine();
	ck_assert(image.boots && image.uefi);
}
END_TEST

START_TEST(test_default_entry)
{
	unsigned char *entry;

	make_iso();
	entry = sector(CATALOGUE) + 32;
	put16(entry + 6, 0);
	expect_error("nothing of the boot image");
	put16(entry + 6, 0xffff);
	expect_error("ends behind the end of the file");
	ck_assert(found(FINDING_ERROR, "do not fit in base memory"));
	put16(entry + 6, 4);
	put16(entry + 2, 0x8000);
	expect_warning("may not fit");
	put16(entry + 2, 0x9fc0);
	expect_error("do not fit in base memory");
	put16(entry + 2, 0);
	put32(entry + 8, SECTORS);
	expect_error("ends behind the end of the file");
	put32(entry + 8, 0xffffffff);
	expect_error("ends behind the end of the file");
	make_iso();
	entry[1] = 5;
	expect_error("media type 0x05");
	entry[1] = 0x10;
	expect_error("media type 0x10");
}
END_TEST

START_TEST(test_emulation_needs_no_table)
{
	make_iso();
	memset(sector(IMAGE) + 8, 0, 16);
	for (unsigned char emulation = 1; emulation <= 4; emulation++) {
		sector(CATALOGUE)[33] = emulation;
		examine();
		ck_assert_uint_eq(image.emulation, emulation);
		ck_assert_msg(image.boots, "emulation %u", emulation);
	}
	sector(CATALOGUE)[33] = 0;
	expect_error("no boot information table");
}
END_TEST

START_TEST(test_table)
{
	make_iso();
	put32(sector(IMAGE) + 8, 17);
	expect_error("no boot information table");
	make_iso();
	put32(sector(IMAGE) + 12, IMAGE + 1);
	expect_error("no boot information table");
	make_iso();
	put32(sector(IMAGE) + 16, 63);
	expect_error("length in it is wrong");
	put32(sector(IMAGE) + 16, sizeof(iso) - IMAGE * 2048 + 1);
	expect_error("length in it is wrong");
	put32(sector(IMAGE) + 16, 0xffffffff);
	expect_error("length in it is wrong");
	/* The last three bytes are part of the sum, what is behind them is not. */
	make_iso();
	sector(IMAGE)[IMAGE_LENGTH] ^= 1;
	examine();
	ck_assert_uint_eq(findings.count, 0);
	sector(IMAGE)[IMAGE_LENGTH - 1] ^= 1;
	expect_warning("checksum");
	ck_assert(image.boot_info_table);
}
END_TEST

START_TEST(test_memory)
{
	const uint64_t size = sizeof(iso), room = MEMDISK_ROOM;

	make_iso();
	examine_bytes(size, size + room - 1);
	ck_assert(!image.boots && found(FINDING_ERROR, "31008006"));
	examine_bytes(size, size + room);
	ck_assert(image.boots && found(FINDING_WARNING, "both may not fit"));
	examine_bytes(size, 2 * size + room);
	ck_assert(image.boots && findings.count == 0);
	examine_bytes(size, UINT64_MAX);
	ck_assert(image.boots && findings.count == 0);
}
END_TEST

/* A sparse file: its size counts, not its contents. */
START_TEST(test_too_large_for_any_machine)
{
	char path[] = "/tmp/memdiskXXXXXX";
	cleanup_close int fd = mkstemp(path);
	struct error err = { 0 };

	make_iso();
	ck_assert_int_eq(write(fd, iso, sizeof(iso)), (ssize_t)sizeof(iso));
	ck_assert_int_eq(ftruncate(fd, (off_t)MEMDISK_MEMORY), 0);
	findings_free(&findings);
	ck_assert_int_eq(memdisk_examine(path, 0, &image, &findings, &err), 0);
	ck_assert(!image.boots && found(FINDING_ERROR, "below 4 GiB there are at most 3 GiB"));
	unlink(path);
}
END_TEST

START_TEST(test_require)
{
	char path[] = "/tmp/memdiskXXXXXX";
	cleanup_close int fd = mkstemp(path);
	struct error err = { 0 };

	make_iso();
	sector(CATALOGUE)[32] = 0;
	findings_free(&findings);
	ck_assert_int_eq(pwrite(fd, iso, sizeof(iso), 0), (ssize_t)sizeof(iso));
	ck_assert_int_eq(memdisk_require(path, 0, &findings, &err), 0);
	ck_assert_uint_eq(findings_count(&findings, FINDING_WARNING), 1);
	sector(CATALOGUE)[1] = 0xef;
	ck_assert_int_eq(pwrite(fd, iso, sizeof(iso), 0), (ssize_t)sizeof(iso));
	ck_assert_int_eq(memdisk_require(path, 0, &findings, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "no El Torito entry for BIOS"));
	ck_assert_ptr_nonnull(strstr(err.mend, "GRUB2_PLATFORM=pc"));
	unlink(path);
	ck_assert_int_eq(memdisk_require(path, 0, &findings, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
}
END_TEST

/* ---- ISOs made by the usual tools ---------------------------------------- */

/* Runs a shell line in a new folder that has a boot image of 4 KiB and examines made.iso. */
static bool examine_made(const char *line)
{
	char folder[] = "/tmp/memdiskXXXXXX";
	cleanup_free char *command = NULL;
	cleanup_free char *path = NULL;
	struct error err = { 0 };
	int result = -1;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	command = xasprintf("cd %s && mkdir -p tree/boot && "
			    "seq 1 2000 | head -c 4096 >tree/boot/image && (%s) >log 2>&1",
			    folder, line);
	path = xasprintf("%s/made.iso", folder);
	findings_free(&findings);
	if (system(command) == 0)
		result = memdisk_examine(path, 0, &image, &findings, &err);
	free(command);
	command = xasprintf("rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
	return result == 0;
}

static bool have(const char *program)
{
	cleanup_free char *command = xasprintf("command -v %s >/dev/null", program);

	if (system(command) == 0)
		return true;
	printf("# SKIP %s is not installed\n", program);
	return false;
}

#define BIOS "-b boot/image -c boot/catalogue -no-emul-boot -boot-load-size 4"

START_TEST(test_made_by_xorriso)
{
	if (!have("xorriso"))
		return;
	ck_assert(examine_made("xorriso -as mkisofs " BIOS " -boot-info-table -o made.iso tree"));
	ck_assert(image.boots && findings.count == 0 && image.boot_info_table);
	ck_assert(examine_made("xorriso -as mkisofs " BIOS " -o made.iso tree"));
	ck_assert(!image.boots && found(FINDING_ERROR, "no boot information table"));
	ck_assert(examine_made("xorriso -as mkisofs -e boot/image -no-emul-boot -o made.iso tree"));
	ck_assert(!image.boots && found(FINDING_ERROR, "no El Torito entry for BIOS"));
	ck_assert(image.uefi);
	ck_assert(examine_made("xorriso -as mkisofs -o made.iso tree"));
	ck_assert(!image.boots && found(FINDING_ERROR, "has no El Torito boot record"));
	ck_assert(examine_made("xorriso -as mkisofs " BIOS " -boot-info-table -eltorito-alt-boot "
			       "-e boot/image -no-emul-boot -o made.iso tree"));
	ck_assert(image.boots && image.uefi);
}
END_TEST

START_TEST(test_made_by_genisoimage)
{
	if (!have("genisoimage"))
		return;
	ck_assert(examine_made("genisoimage " BIOS " -boot-info-table -o made.iso tree"));
	ck_assert(image.boots && findings.count == 0 && image.boot_info_table);
	ck_assert(examine_made("genisoimage " BIOS " -o made.iso tree"));
	ck_assert(!image.boots && found(FINDING_ERROR, "no boot information table"));
	ck_assert(examine_made("truncate -s 1440K tree/boot/floppy && "
			       "genisoimage -b boot/floppy -c boot/catalogue -o made.iso tree"));
	ck_assert(image.boots && image.emulation == BOOT_FLOPPY_1440);
}
END_TEST

START_TEST(test_made_by_grub_mkrescue)
{
	if (!have("grub-mkrescue") || !have("xorriso") || access("/usr/lib/grub/i386-pc", R_OK) < 0)
		return;
	ck_assert(examine_made("grub-mkrescue -d /usr/lib/grub/i386-pc -o made.iso tree"));
	ck_assert(image.boots && image.boot_info_table);
	ck_assert_uint_eq(findings_count(&findings, FINDING_ERROR), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memdisk");
	TCase *made = tcase_create("made by tools");
	TCase *cases = tcase_create("by hand");

	tcase_add_test(cases, test_good);
	tcase_add_test(cases, test_not_an_iso);
	tcase_add_test(cases, test_truncated);
	tcase_add_test(cases, test_no_boot_record);
	tcase_add_test(cases, test_catalogue);
	tcase_add_test(cases, test_platforms);
	tcase_add_test(cases, test_default_entry);
	tcase_add_test(cases, test_emulation_needs_no_table);
	tcase_add_test(cases, test_table);
	tcase_add_test(cases, test_memory);
	tcase_add_test(cases, test_too_large_for_any_machine);
	tcase_add_test(cases, test_require);
	suite_add_tcase(suite, cases);
	tcase_set_timeout(made, 60);
	tcase_add_test(made, test_made_by_xorriso);
	tcase_add_test(made, test_made_by_genisoimage);
	tcase_add_test(made, test_made_by_grub_mkrescue);
	suite_add_tcase(suite, made);
	return run_suite(suite);
}
