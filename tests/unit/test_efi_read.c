/* EFI programs: what efi_write() makes is read back; what is damaged is told. */
#include "base/alloc.h"
#include "base/endian.h"
#include "base/file.h"
#include "iso/efi_read.h"
#include "iso/grub_config.h"
#include "iso/iso.h"
#include "tests/unit/scratch.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

static struct error err;
static struct bytes made;
static struct efi_program program;
static struct findings findings;

static void examine_bytes(const void *bytes, size_t size)
{
	cleanup_free char *path = scratch_bytes("x.efi", bytes, size);

	efi_program_free(&program);
	findings_free(&findings);
	findings = (struct findings){ 0 };
	ck_assert(efi_recognise(path));
	ck_assert_msg(efi_examine(path, &program, &findings, &err) == 0, "%s", err.message);
}

static void release(void)
{
	efi_program_free(&program);
	findings_free(&findings);
	bytes_free(&made);
}

static void make(const char *config)
{
	const struct iso_file files[] = {
		{ .path = GRUB_PATH_LOADER, .bytes = "loader", .size = 6 },
		{ .path = GRUB_PATH_LOADER_STREAM, .bytes = "", .size = 0 },
	};
	const struct iso_contents contents = { .files = files,
					       .count = 2,
					       .grub_config = config,
					       .label = "TEST",
					       .modules = grub_config_modules(GRUB_LOADER),
					       .uefi = true };
	cleanup_free char *path = scratch_path("made.efi");

	ck_assert_msg(efi_write(&contents, path, &err) == 0, "%s", err.message);
	ck_assert_int_eq(file_read(path, SIZE_MAX, 0, &made, &err), 0);
}

static void expect_finding(const char *text)
{
	bool found = false;

	for (size_t i = 0; i < findings.count; i++)
		found |= strstr(findings.list[i].text, text) != NULL;
	ck_assert_msg(found, "no finding '%s'", text);
}

static unsigned char *find(const char *mark, size_t length)
{
	unsigned char *at = memmem(made.data, made.size, mark, length);

	ck_assert_ptr_nonnull(at);
	return at;
}

START_TEST(test_read_back)
{
	make("boot\n");
	examine_bytes(made.data, made.size);
	ck_assert_uint_eq(findings.count, 0);
	ck_assert_uint_eq(program.size, made.size);
	ck_assert_uint_eq(program.machine, EFI_MACHINE_X64);
	ck_assert(program.is_grub && program.has_archive && !program.has_key);
	ck_assert_uint_gt(program.module_count, 5);
	ck_assert_uint_eq(program.file_count, 3);
	ck_assert_str_eq(program.files[0].path, "boot/grub/grub.cfg");
	ck_assert_str_eq(program.files[1].path, "boot/loader");
	ck_assert_uint_eq(program.files[1].size, 6);
	ck_assert_mem_eq(made.data + program.files[1].offset, "loader", 6);
	/* printf loader | sha256sum */
	ck_assert_str_eq(program.files[1].sha256,
			 "d47712cceb4c780603026e6325221c1bcff90679ebc076baa51c71ebe796717c");
	release();
}
END_TEST

START_TEST(test_damaged)
{
	unsigned char *at;

	make("boot\n");
	examine_bytes(made.data, made.size - 5000);
	expect_finding("is truncated");

	at = find("boot/grub/grub.cfg", 18);
	at[0] = 'c';
	examine_bytes(made.data, made.size);
	expect_finding("has no boot/grub/grub.cfg");
	at[124] = '9';
	examine_bytes(made.data, made.size);
	expect_finding("the archive of files in it is damaged");
	memset(at + 124, '7', 11);
	examine_bytes(made.data, made.size);
	expect_finding("the archive of files in it is damaged");

	at = find("mimg\0\0\0\0", 8);
	put_le32(at + get_le32(at + 8) + 4, 7); /* of the first object */
	examine_bytes(made.data, made.size);
	expect_finding("the list of GRUB's modules in it is damaged");
	put_le64(at + 16, UINT64_MAX);
	examine_bytes(made.data, made.size);
	expect_finding("the list of GRUB's modules in it is damaged");
	at[0] = 'M';
	examine_bytes(made.data, made.size);
	ck_assert(!program.is_grub && !findings.count);
	release();
}
END_TEST

START_TEST(test_others)
{
	static const char text[200] = "MZ";
	cleanup_free char *none = scratch_path("none"), *path = NULL;

	path = scratch_bytes("dos", text, sizeof(text));
	ck_assert(!efi_recognise(path) && !efi_recognise(none));
	ck_assert_int_eq(efi_examine(path, &program, &findings, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_int_eq(efi_examine(none, &program, &findings, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	release();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("efi_read");
	TCase *cases = tcase_create("programs");

	tcase_add_unchecked_fixture(cases, scratch_make, scratch_remove);
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, test_read_back);
	tcase_add_test(cases, test_damaged);
	tcase_add_test(cases, test_others);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
