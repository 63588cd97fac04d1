/* What unikernel_check_muen() tells, where the table of broken unikernels does not reach: several
 * things at once, order, severities. */
#include "solo5/muen_ranges.h"
#include "tests/unit/elf_builder.h"
#include "tests/unit/elf_contract.h"
#include "tests/unit/support.h"

#include <string.h>

static void check(const struct elf_image *image, struct findings *findings)
{
	cleanup_unikernel struct unikernel unikernel = { 0 };
	struct error err = { 0 };

	ck_assert_msg(unikernel_parse(&unikernel, image->bytes, image->size, &err) == 0, "%s",
		      err.message);
	unikernel_check_muen(&unikernel, findings);
	ck_assert_ptr_null(findings_breach(findings));
}

/* How many findings of that severity have the word in them. */
static size_t count(const struct findings *findings, enum severity severity, const char *word)
{
	size_t found = 0;

	for (size_t i = 0; i < findings->count; i++)
		found += findings->list[i].severity == severity &&
			 strstr(findings->list[i].text, word) != NULL;
	return found;
}

START_TEST(test_sound)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = { 0 };
	cleanup_findings struct findings findings = { 0 };

	elf_spec_device(&spec, "service0", SOLO5_NET_BASIC);
	elf_spec_device(&spec, "service1", SOLO5_NET_BASIC);
	image = elf_build(&spec);
	check(&image, &findings);
	ck_assert_uint_eq(findings.count, 0);
}
END_TEST

/* A unikernel for another target is told just that: relinking changes the rest. */
START_TEST(test_other_target)
{
	struct elf_spec spec = elf_spec_of(SOLO5_HVT);
	cleanup_elf_image struct elf_image image = elf_build(&spec);
	cleanup_findings struct findings findings = { 0 };

	check(&image, &findings);
	ck_assert_uint_eq(findings.count, 1);
	ck_assert_uint_eq(findings.list[0].severity, FINDING_ERROR);
	ck_assert_ptr_nonnull(strstr(findings.list[0].text, "hvt"));
	ck_assert_ptr_nonnull(strstr(findings.list[0].mend, "mirage configure -t muen"));
}
END_TEST

/* Everything is listed, not only the first: also what rebuilding for Muen would not mend. */
START_TEST(test_all_at_once)
{
	struct elf_spec spec = elf_spec_of(SOLO5_HVT);
	cleanup_elf_image struct elf_image image = { 0 };
	cleanup_findings struct findings findings = { 0 };

	elf_spec_device(&spec, "disk1", SOLO5_BLOCK_BASIC);
	elf_spec_device(&spec, "disk2", SOLO5_BLOCK_BASIC);
	elf_spec_device(&spec, "gpu", 77);
	elf_spec_device(&spec, "a123456789b123456789c123456789d123456789e123456789f1234567890",
			SOLO5_NET_BASIC);
	image = elf_build(&spec);
	elf_image_header(&image)->e_machine = EM_RISCV;
	elf_image_header(&image)->e_type = ET_DYN;
	elf_image_header(&image)->e_entry = 4;
	elf_image_program(&image, PH_TEXT)->p_flags |= PF_W;
	elf_image_program(&image, PH_DATA)->p_flags |= PF_X;
	elf_image_program(&image, PH_DATA)->p_vaddr += 8;
	elf_image_program(&image, PH_BSS)->p_memsz = 6ull << 30;
	elf_image_program(&image, PH_RODATA)->p_memsz = 0x3000;
	check(&image, &findings);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "target hvt"), 1);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "for RISC-V"), 1);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "position independent"), 1);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "is a block device"), 2);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "unknown type 77"), 1);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "has 61 characters"), 1);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "both writable and executable"), 2);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "does not begin at a page"), 1);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "segment 6 (rw-, 0x108000"), 1);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "alone 6 GiB"), 1);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "overlap in page 0x107000"), 1);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "entry point 0x4"), 1);
	ck_assert_uint_eq(findings.count, findings_count(&findings, FINDING_ERROR));
}
END_TEST

/* Segments that lie in one of Muen's ranges are told together. */
START_TEST(test_range)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = { 0 };
	cleanup_findings struct findings findings = { 0 };

	spec.base = 0x100000;
	image = elf_build(&spec);
	check(&image, &findings);
	ck_assert_uint_eq(findings.count, 1);
	ck_assert_uint_eq(
		count(&findings, FINDING_WARNING, "and 3 more lie where Muen puts muinit"), 1);
}
END_TEST

START_TEST(test_range_limits)
{
	for (size_t i = 0; i < muen_range_count; i++) {
		const struct muen_range *range = &muen_ranges[i];
		uint64_t end = range->start + range->size;

		ck_assert_uint_eq(range->start % MUEN_PAGE, 0);
		ck_assert_uint_eq(range->size % MUEN_PAGE, 0);
		ck_assert_uint_le(end, MUEN_ADDRESS_END);
		ck_assert(!i || range->start >= range[-1].start + range[-1].size);
		ck_assert(!muen_range_overlaps(range, 0, range->start - 1));
		ck_assert(muen_range_overlaps(range, 0, range->start));
		ck_assert(muen_range_overlaps(range, end - 1, UINT64_MAX));
		ck_assert(!muen_range_overlaps(range, end, UINT64_MAX));
	}
}
END_TEST

/* 4 GiB in whole pages are accepted, a byte more is not. */
START_TEST(test_size_limit)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);

	for (unsigned more = 0; more < 2; more++) {
		cleanup_elf_image struct elf_image image = elf_build(&spec);
		cleanup_findings struct findings findings = { 0 };

		/* text, rodata and data take 8 pages. */
		elf_image_program(&image, PH_BSS)->p_memsz = (4ull << 30) - 8 * 4096 + more;
		check(&image, &findings);
		ck_assert_uint_eq(findings.count, more);
	}
}
END_TEST

/* All that one large segment covers, not only the next one. */
START_TEST(test_contained)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = elf_build(&spec);
	cleanup_findings struct findings findings = { 0 };

	elf_image_program(&image, PH_TEXT)->p_memsz = 0x100000;
	check(&image, &findings);
	ck_assert_uint_eq(count(&findings, FINDING_ERROR, "overlap in page"), 3);
	ck_assert_uint_eq(findings.count, 3);
}
END_TEST

/* A segment may end where the next one's page begins. */
START_TEST(test_touching)
{
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	cleanup_elf_image struct elf_image image = elf_build(&spec);
	cleanup_findings struct findings findings = { 0 };

	elf_image_program(&image, PH_RODATA)->p_memsz = 0x2000;
	check(&image, &findings);
	ck_assert_uint_eq(findings.count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("muen_check");
	TCase *cases = tcase_create("muen_check");

	tcase_add_test(cases, test_sound);
	tcase_add_test(cases, test_other_target);
	tcase_add_test(cases, test_all_at_once);
	tcase_add_test(cases, test_range);
	tcase_add_test(cases, test_range_limits);
	tcase_add_test(cases, test_size_limit);
	tcase_add_test(cases, test_contained);
	tcase_add_test(cases, test_touching);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
