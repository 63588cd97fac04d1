#include "base/alloc.h"
#include "tests/unit/elf_builder.h"
#include "tests/unit/elf_contract.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

/* Parses an image that must be sound. */
static struct unikernel parse(const struct elf_image *image)
{
	struct unikernel unikernel;
	struct error err = { 0 };

	ck_assert_msg(unikernel_parse(&unikernel, image->bytes, image->size, &err) == 0, "%s",
		      err.message);
	ck_assert_ptr_null(unikernel_breach(&unikernel));
	return unikernel;
}

START_TEST(test_sound)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = { 0 };
	cleanup_unikernel struct unikernel unikernel = { 0 };

	elf_spec_device(&spec, "service0", SOLO5_NET_BASIC);
	elf_spec_device(&spec, "Disk9", SOLO5_BLOCK_BASIC);
	elf_spec_device(&spec, "x", 0x40000007);
	image = elf_build(&spec);
	unikernel = parse(&image);
	ck_assert_uint_eq(unikernel.target, SOLO5_MUEN);
	ck_assert_uint_eq(unikernel.abi_version, 4);
	ck_assert_uint_eq(unikernel.sinfo_revision, 5);
	ck_assert(!unikernel.sinfo_ambiguous);
	ck_assert_uint_eq(unikernel.elf.segment_count, PH_COUNT);
	ck_assert_uint_eq(unikernel.device_count, 3);
	ck_assert_str_eq(unikernel.devices[0].name, "service0");
	ck_assert_uint_eq(unikernel.devices[0].type, SOLO5_NET_BASIC);
	ck_assert_uint_eq(unikernel.devices[0].handle, 1);
	ck_assert_str_eq(unikernel.devices[1].name, "Disk9");
	ck_assert_uint_eq(unikernel.devices[1].type, SOLO5_BLOCK_BASIC);
	ck_assert_uint_eq(unikernel.devices[1].handle, 2);
	ck_assert_str_eq(unikernel.devices[2].name, "x");
	ck_assert_uint_eq(unikernel.devices[2].type, 0x40000007);
	ck_assert_uint_eq(unikernel.devices[2].handle, 3);
}
END_TEST

/* As many devices as there can be, with the longest names there can be. */
START_TEST(test_most_devices)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	char names[SOLO5_DEVICES_MAX][SOLO5_NAME_MAX + 1];
	cleanup_elf_image struct elf_image image = { 0 };
	cleanup_unikernel struct unikernel unikernel = { 0 };

	for (size_t i = 0; i < SOLO5_DEVICES_MAX; i++) {
		memset(names[i], 'a', SOLO5_NAME_MAX);
		snprintf(names[i] + SOLO5_NAME_MAX - 2, 3, "%02zu", i);
		elf_spec_device(&spec, names[i], SOLO5_NET_BASIC);
	}
	image = elf_build(&spec);
	unikernel = parse(&image);
	ck_assert_uint_eq(unikernel.device_count, SOLO5_DEVICES_MAX);
	for (size_t i = 0; i < SOLO5_DEVICES_MAX; i++)
		ck_assert_str_eq(unikernel.devices[i].name, names[i]);
}
END_TEST

/* What follows a name's NUL in the file is no part of the device. */
START_TEST(test_name_rest)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = { 0 };
	cleanup_unikernel struct unikernel unikernel = { 0 };
	const struct solo5_device expected = { "wan", SOLO5_NET_BASIC, 1 };

	elf_spec_device(&spec, "wan", SOLO5_NET_BASIC);
	image = elf_build(&spec);
	memset(image.bytes + image.note_manifest + 24 + 8 + 104 + 4, 'z', 60);
	unikernel = parse(&image);
	ck_assert_mem_eq(&unikernel.devices[0], &expected, sizeof(expected));
}
END_TEST

/* An ABI1 note without the two reserved words, as the first releases wrote it. */
START_TEST(test_short_abi)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = elf_build(&spec);
	cleanup_unikernel struct unikernel unikernel = { 0 };

	elf_image_patch(&image, image.note_abi + 4, 4, 8);
	unikernel = parse(&image);
	ck_assert_uint_eq(unikernel.target, SOLO5_MUEN);
	ck_assert_uint_eq(unikernel.abi_version, 4);
}
END_TEST

START_TEST(test_targets)
{
	for (uint32_t target = SOLO5_HVT; target <= SOLO5_XEN; target++) {
		struct elf_spec spec = elf_spec_of(target);
		cleanup_elf_image struct elf_image image = { 0 };
		cleanup_unikernel struct unikernel unikernel = { 0 };

		spec.sinfo_count = 1;
		spec.sinfo[0] = 4;
		image = elf_build(&spec);
		unikernel = parse(&image);
		ck_assert_uint_eq(unikernel.target, target);
		ck_assert_uint_eq(unikernel.abi_version, spec.abi_version);
		/* Bytes that look like subject info mean nothing elsewhere. */
		ck_assert_uint_eq(unikernel.sinfo_revision, target == SOLO5_MUEN ? 4 : 0);
	}
}
END_TEST

/* ---- subject info -------------------------------------------------------- */

static void put_magic(struct elf_image *image, uint64_t offset, uint8_t revision)
{
	elf_image_patch(image, offset, 8, 0x006f666e69756d | (uint64_t)revision << 56);
}

/* What is found in an image built without constants, after magics were put somewhere. */
static struct unikernel parse_with(unsigned program, const uint8_t *revisions, size_t count)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = { 0 };
	struct unikernel unikernel;

	spec.sinfo_count = 0;
	image = elf_build(&spec);
	for (size_t i = 0; i < count; i++)
		put_magic(&image, elf_image_program(&image, program)->p_offset + 0x100 + 8 * i,
			  revisions[i]);
	unikernel = parse(&image);
	elf_free(&unikernel.elf);
	return unikernel;
}

START_TEST(test_sinfo)
{
	static const struct {
		uint8_t revisions[6];
		size_t count;
		unsigned expected;
		bool ambiguous;
	} cases[] = {
		{ { 0 }, 0, 0, false },		{ { 2 }, 1, 2, false },
		{ { 3 }, 1, 3, false },		{ { 4, 4 }, 2, 4, false },
		{ { 5 }, 1, 5, false },		{ { 1 }, 1, 0, false },
		{ { 6, 0, 255 }, 3, 0, false }, { { 6, 3 }, 2, 3, false },
		{ { 3, 4, 4 }, 3, 4, true },	{ { 5, 3, 3, 5, 3 }, 5, 3, true },
		{ { 5, 4 }, 2, 5, true },	{ { 2, 3, 4, 5, 2, 3 }, 6, 3, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct unikernel found = parse_with(PH_TEXT, cases[i].revisions, cases[i].count);

		ck_assert_msg(found.sinfo_revision == cases[i].expected, "case %zu: %u", i,
			      found.sinfo_revision);
		ck_assert_msg(found.sinfo_ambiguous == cases[i].ambiguous, "case %zu", i);
	}
}
END_TEST

/* Read-only and writable data count only if the code has nothing. */
START_TEST(test_sinfo_in_data)
{
	static const uint8_t four = 4;
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = elf_build(&spec);
	cleanup_unikernel struct unikernel unikernel = { 0 };

	ck_assert_uint_eq(parse_with(PH_RODATA, &four, 1).sinfo_revision, 4);
	ck_assert_uint_eq(parse_with(PH_DATA, &four, 1).sinfo_revision, 4);
	put_magic(&image, elf_image_program(&image, PH_RODATA)->p_offset + 0x200, 4);
	unikernel = parse(&image);
	ck_assert_uint_eq(unikernel.sinfo_revision, 5);
	ck_assert(!unikernel.sinfo_ambiguous);
}
END_TEST

/* A constant at the very end of the code counts if its last byte is still code. */
START_TEST(test_sinfo_at_end)
{
	for (unsigned missing = 0; missing < 2; missing++) {
		struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
		cleanup_elf_image struct elf_image image = { 0 };
		cleanup_unikernel struct unikernel unikernel = { 0 };
		const Elf64_Phdr *text;

		spec.sinfo_count = 0;
		image = elf_build(&spec);
		text = elf_image_program(&image, PH_TEXT);
		put_magic(&image, text->p_offset + text->p_filesz - 8 + missing, 5);
		unikernel = parse(&image);
		ck_assert_uint_eq(unikernel.sinfo_revision, missing ? 0 : 5);
	}
}
END_TEST

/* Segments in any order, and bytes that several of them share, are each counted once. */
START_TEST(test_sinfo_shared)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = { 0 };
	cleanup_unikernel struct unikernel unikernel = { 0 };
	Elf64_Phdr text;

	spec.sinfo_count = 0;
	image = elf_build(&spec);
	text = *elf_image_program(&image, PH_TEXT);
	for (unsigned i = 0; i < 3; i++)
		put_magic(&image, text.p_offset + 0x1000 + 16 * i, 3);
	for (unsigned i = 0; i < 2; i++)
		put_magic(&image, text.p_offset + 0x2000 + 16 * i, 4);
	/* The second half, then all of it, then the second half once more. */
	elf_image_program(&image, PH_TEXT)->p_offset += 0x1800;
	elf_image_program(&image, PH_TEXT)->p_filesz -= 0x1800;
	*elf_image_program(&image, PH_EMPTY) = text;
	*elf_image_program(&image, PH_TLS) = *elf_image_program(&image, PH_TEXT);
	unikernel = parse(&image);
	ck_assert_uint_eq(unikernel.sinfo_revision, 3);
	ck_assert(unikernel.sinfo_ambiguous);
}
END_TEST

/* ---- names --------------------------------------------------------------- */

START_TEST(test_names)
{
	ck_assert_str_eq(solo5_target_name(0), "unknown");
	ck_assert_str_eq(solo5_target_name(SOLO5_HVT), "hvt");
	ck_assert_str_eq(solo5_target_name(SOLO5_SPT), "spt");
	ck_assert_str_eq(solo5_target_name(SOLO5_VIRTIO), "virtio");
	ck_assert_str_eq(solo5_target_name(SOLO5_MUEN), "muen");
	ck_assert_str_eq(solo5_target_name(SOLO5_GENODE), "genode");
	ck_assert_str_eq(solo5_target_name(SOLO5_XEN), "xen");
	ck_assert_str_eq(solo5_target_name(7), "unknown");
	ck_assert_str_eq(solo5_target_name(UINT32_MAX), "unknown");
	ck_assert_str_eq(solo5_device_type_name(SOLO5_NET_BASIC), "NET_BASIC");
	ck_assert_str_eq(solo5_device_type_name(SOLO5_BLOCK_BASIC), "BLOCK_BASIC");
	ck_assert_str_eq(solo5_device_type_name(0x40000000), "unknown");
}
END_TEST

START_TEST(test_revisions)
{
	ck_assert_uint_eq(muen_abi_sinfo_revisions(0), 0);
	ck_assert_uint_eq(muen_abi_sinfo_revisions(1), 0);
	ck_assert_uint_eq(muen_abi_sinfo_revisions(2), 1u << 3);
	ck_assert_uint_eq(muen_abi_sinfo_revisions(3), 1u << 3 | 1u << 4);
	ck_assert_uint_eq(muen_abi_sinfo_revisions(4), 1u << 5);
	ck_assert_uint_eq(muen_abi_sinfo_revisions(5), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unikernel");
	TCase *cases = tcase_create("unikernel");

	tcase_add_test(cases, test_sound);
	tcase_add_test(cases, test_most_devices);
	tcase_add_test(cases, test_name_rest);
	tcase_add_test(cases, test_short_abi);
	tcase_add_test(cases, test_targets);
	tcase_add_test(cases, test_sinfo);
	tcase_add_test(cases, test_sinfo_in_data);
	tcase_add_test(cases, test_sinfo_at_end);
	tcase_add_test(cases, test_sinfo_shared);
	tcase_add_test(cases, test_names);
	tcase_add_test(cases, test_revisions);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
