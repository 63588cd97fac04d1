#include "base/alloc.h"
#include "base/file.h"
#include "iso/archive.h"
#include "iso/esp.h"
#include "iso/examine.h"
#include "iso/grub_config.h"
#include "iso/iso.h"
#include "tests/unit/scratch.h"
#include "tests/unit/support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct error err;
static struct iso_file files[3];
static struct iso_contents contents;

static void reset(void)
{
	err = (struct error){ 0 };
	files[0] = (struct iso_file){ .path = GRUB_PATH_LOADER, .bytes = "loader", .size = 6 };
	files[1] = (struct iso_file){ .path = GRUB_PATH_LOADER_STREAM, .bytes = "", .size = 0 };
	contents = (struct iso_contents){ .files = files,
					  .count = 2,
					  .grub_config = "boot\n",
					  .label = "TEST",
					  .modules = grub_config_modules(GRUB_LOADER),
					  .time = 1700000000,
					  .bios = true,
					  .uefi = true };
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool same_files(const char *one, const char *other)
{
	struct bytes a, b;
	bool same;

	ck_assert_int_eq(file_read(one, SIZE_MAX, 0, &a, &err), 0);
	ck_assert_int_eq(file_read(other, SIZE_MAX, 0, &b, &err), 0);
	same = a.size == b.size && !memcmp(a.data, b.data, a.size);
	bytes_free(&a);
	bytes_free(&b);
	return same;
}

/* Also one after the other in one process, and whatever the order in which files are named. */
START_TEST(test_same_bytes)
{
	cleanup_free char *one = scratch_path("one.iso");
	cleanup_free char *other = scratch_path("other.iso");
	struct iso_file first;

	reset();
	ck_assert_msg(iso_write(&contents, one, &err) == 0, "%s", err.message);
	first = files[0];
	files[0] = files[1];
	files[1] = first;
	ck_assert_msg(iso_write(&contents, other, &err) == 0, "%s", err.message);
	ck_assert(same_files(one, other));
	files[1].bytes = "LOADER";
	ck_assert_msg(iso_write(&contents, other, &err) == 0, "%s", err.message);
	ck_assert(!same_files(one, other));
	ck_assert_msg(efi_write(&contents, one, &err) == 0, "%s", err.message);
	ck_assert_msg(efi_write(&contents, other, &err) == 0, "%s", err.message);
	ck_assert(same_files(one, other));
}
END_TEST

static void examine(const char *path, struct iso_image *image)
{
	struct findings findings = { 0 };

	ck_assert_msg(iso_examine(path, image, &findings, &err) == 0, "%s", err.message);
	ck_assert_msg(!findings.count, "%s", findings.list[0].text);
}

START_TEST(test_read_back)
{
	cleanup_free char *path = scratch_path("read.iso");
	const uint64_t times[] = { 0, 1, 315532799, 951782400, 4102444800, 5869583999 };
	struct iso_image image;

	reset();
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		contents.time = times[i];
		ck_assert_msg(iso_write(&contents, path, &err) == 0, "%s", err.message);
		examine(path, &image);
		ck_assert_uint_eq(image.volume.size, image.size);
		ck_assert_uint_eq(image.catalogue.count, 2);
		ck_assert_str_eq(image.tree.nodes[image.tree.count - 1].date, image.volume.created);
		ck_assert_str_eq(image.volume.label, "TEST");
		iso_image_free(&image);
	}
	contents.label = "A2345678901234567890123456789_32";
	contents.bios = contents.uefi = false;
	ck_assert_msg(iso_write(&contents, path, &err) == 0, "%s", err.message);
	examine(path, &image);
	ck_assert_str_eq(image.volume.label, contents.label);
	ck_assert(!image.catalogue.count && !image.disk.gpt && !image.bios_disk);
	iso_image_free(&image);
}
END_TEST

/* ---- refusals ------------------------------------------------------------------------------- */

static void refuse(enum error_kind kind, const char *word)
{
	cleanup_free char *path = scratch_path("refused");

	ck_assert_int_eq(iso_write(&contents, path, &err), -1);
	ck_assert_msg(err.kind == kind && strstr(err.message, word), "%d: %s", err.kind,
		      err.message);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(efi_write(&contents, path, &err), -1);
	ck_assert_msg(err.kind == kind && strstr(err.message, word), "%d: %s", err.kind,
		      err.message);
	ck_assert_int_eq(access(path, F_OK), -1);
	reset();
}

START_TEST(test_labels)
{
	reset();
	contents.label = "";
	refuse(ERR_USAGE, "cannot be the label");
	contents.label = "lower";
	refuse(ERR_USAGE, "cannot be the label");
	contents.label = "A23456789012345678901234567890123";
	refuse(ERR_USAGE, "cannot be the label");
}
END_TEST

START_TEST(test_paths)
{
	static const char *const bad[] = { "",	     "/boot/x",	   "boot/",	 "boot//x", "../x",
					   "a/../b", "boot/.hide", "with blank", "\xc3\xa4" };
	static const char *const taken[] = { "boot/loader",	   "boot/loader/x",	 "boot",
					     "boot/grub/grub.cfg", "boot/grub/bios.img", "EFI" };
	char longest[101];

	reset();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		files[1].path = bad[i];
		refuse(ERR_USAGE, "cannot be a path");
	}
	memset(longest, 'a', sizeof(longest));
	longest[100] = '\0';
	files[1].path = longest;
	refuse(ERR_USAGE, "cannot be a path");
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		files[1].path = taken[i];
		/* Sorts between a file and what is in a folder of its name. */
		files[2] = (struct iso_file){ .path = "boot/loader-2", .bytes = "", .size = 0 };
		contents.count = 3;
		refuse(ERR_USAGE, "cannot both be");
	}
}
END_TEST

START_TEST(test_places)
{
	cleanup_free char *large = NULL;

	reset();
	files[0].source = "/nowhere/loader";
	refuse(ERR_NO_INPUT, "/nowhere/loader");
	ck_assert_int_eq(iso_write(&contents, "/nowhere/x.iso", &err), -1);
	ck_assert_int_eq(err.kind, ERR_CANT_CREATE);
	ck_assert_int_eq(efi_write(&contents, "/nowhere/x.efi", &err), -1);
	ck_assert_int_eq(err.kind, ERR_CANT_CREATE);
	large = scratch_file("large", "", 0644);
	ck_assert_int_eq(truncate(large, (2ll << 30) + 1), 0);
	files[0].source = large;
	refuse(ERR_INPUT, "boot/loader has 2.0 GiB");
	files[0].source = NULL;
	contents.grub_dir = "/nowhere";
	refuse(ERR_MISSING, "/nowhere");
	contents.modules = (const char *const[]){ "no_such_module", NULL };
	refuse(ERR_MISSING, "no_such_module");
}
END_TEST

/* The thread that makes the image is stopped when its reader stops. */
START_TEST(test_no_room)
{
	const size_t size = 64 << 20;
	cleanup_free char *large = xcalloc(size, 1);

	reset();
	contents.time = 1ull << 40;
	ck_assert_int_eq(iso_write(&contents, "/tmp/never.iso", &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	reset();
	files[0].bytes = large;
	files[0].size = size;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 8 << 20, RLIM_INFINITY }), 0);
	signal(SIGXFSZ, SIG_IGN);
	refuse(ERR_IO, "cannot write");
}
END_TEST

/* ---- the parts ------------------------------------------------------------------------------ */

START_TEST(test_config)
{
	cleanup_free char *text = grub_config_text(&(struct grub_menu){
		.start = GRUB_LOADER, .title = "a \"b\" $c \\ \xc3\xa4\n", .standin = true });
	cleanup_free char *plain =
		grub_config_text(&(struct grub_menu){ .start = GRUB_SBS, .title = "unipi" });

	ck_assert_ptr_nonnull(strstr(text,
				     "menuentry \"a \\\"b\\\" \\$c \\\\ ???: stand-in kernel, "
				     "not for production\" {\n"));
	ck_assert_ptr_nonnull(strstr(text, "\tmultiboot /boot/loader\n\tmodule /boot/muen.csl\n}"));
	ck_assert_ptr_nonnull(strstr(plain, "menuentry \"unipi\" {\n"));
	ck_assert_ptr_nonnull(strstr(plain, "\tsbs_init\n\tcsl /boot/kernel.sbs\n\tboot\n}"));
	ck_assert_ptr_null(strstr(plain, "stand-in"));
	ck_assert_str_eq(grub_config_modules(GRUB_SBS)[1], "sbs");
	ck_assert_str_eq(grub_config_modules(GRUB_CSL)[0], "csl");
	ck_assert_ptr_null(grub_config_modules(GRUB_CSL)[1]);
}
END_TEST

/* tar itself reads it. */
START_TEST(test_archive)
{
	static const char block[512];
	struct buffer archive = { 0 };
	cleanup_free char *path = NULL;
	cleanup_free char *line = NULL;

	archive_add(&archive, "boot/loader", "abc", 3, 1700000000);
	archive_add(&archive, "boot/grub/grub.cfg", "", 0, 1700000000);
	archive_add(&archive, "top", block, sizeof(block), 1700000000);
	archive_end(&archive);
	ck_assert_uint_eq(archive.length % 512, 0);
	path = scratch_bytes("files.tar", archive.data, archive.length);
	line = xasprintf("test \"$(LC_ALL=C TZ=UTC tar --numeric-owner -tvf %s | tr -s ' ')\" = "
			 "'drwxr-xr-x 0/0 0 2023-11-14 22:13 boot/\n"
			 "-rw-r--r-- 0/0 3 2023-11-14 22:13 boot/loader\n"
			 "drwxr-xr-x 0/0 0 2023-11-14 22:13 boot/grub/\n"
			 "-rw-r--r-- 0/0 0 2023-11-14 22:13 boot/grub/grub.cfg\n"
			 "-rw-r--r-- 0/0 512 2023-11-14 22:13 top'",
			 path);
	ck_assert_int_eq(system(line), 0);
	buffer_free(&archive);
}
END_TEST

START_TEST(test_esp)
{
	const size_t sizes[] = { 0, 1, 2047, 2048, 700000, 9 << 20 };
	unsigned char *program = xcalloc(9 << 20, 1);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct bytes view = { .data = program, .size = sizes[i] };
		struct bytes image = { 0 };

		ck_assert_msg(esp_make(&view, 0x12345678, 0, &image, &err) == 0, "%zu: %s",
			      sizes[i], err.message);
		ck_assert_uint_eq(image.size % 2048, 0);
		ck_assert_mem_eq(image.data + 510, "\x55\xaa", 2);
		ck_assert_mem_eq(image.data + 39, "\x78\x56\x34\x12", 4);
		bytes_free(&image);
	}
	free(program);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("iso_write");
	TCase *whole = tcase_create("whole");
	TCase *parts = tcase_create("parts");

	tcase_add_unchecked_fixture(whole, scratch_make, scratch_remove);
	tcase_set_timeout(whole, 120);
	tcase_add_test(whole, test_same_bytes);
	tcase_add_test(whole, test_read_back);
	tcase_add_test(whole, test_labels);
	tcase_add_test(whole, test_paths);
	tcase_add_test(whole, test_places);
	tcase_add_test(whole, test_no_room);
	tcase_add_test(whole, test_archive);
	tcase_add_test(parts, test_config);
	tcase_add_test(parts, test_esp);
	suite_add_tcase(suite, whole);
	suite_add_tcase(suite, parts);
	return run_suite(suite);
}
