/* Every known way to be broken gives the outcome and the words that its table promises. */
#include "base/findings.h"
#include "tests/unit/broken_elf.h"
#include "tests/unit/elf_contract.h"
#include "tests/unit/support.h"

#include <string.h>

/* Whether one finding of that severity has the word in it. */
static bool told(const struct findings *findings, enum severity severity, const char *word)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].severity == severity && strstr(findings->list[i].text, word))
			return true;
	return false;
}

static void print(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		printf("# %s: %s\n", severity_name(findings->list[i].severity),
		       findings->list[i].text);
}

static void check_findings(const struct broken_elf *broken, const struct unikernel *unikernel)
{
	cleanup_findings struct findings findings = { 0 };
	size_t errors, warnings;
	const char *breach;

	unikernel_check_muen(unikernel, &findings);
	print(&findings);
	errors = findings_count(&findings, FINDING_ERROR);
	warnings = findings_count(&findings, FINDING_WARNING);
	breach = findings_breach(&findings);
	ck_assert_msg(!breach, "%s: breaks a promise: %s", broken->name, breach);
	switch (broken->outcome) {
	case BROKEN_REFUSED:
		ck_abort_msg("%s: was accepted", broken->name);
	case BROKEN_ERROR:
		ck_assert_msg(told(&findings, FINDING_ERROR, broken->word),
			      "%s: no error says '%s'", broken->name, broken->word);
		break;
	case BROKEN_WARNING:
		ck_assert_msg(errors == 0, "%s: has errors", broken->name);
		ck_assert_msg(told(&findings, FINDING_WARNING, broken->word),
			      "%s: no warning says '%s'", broken->name, broken->word);
		break;
	case BROKEN_NOT:
		ck_assert_msg(errors + warnings == 0, "%s: something was found", broken->name);
		break;
	}
}

START_TEST(test_variant)
{
	const struct broken_elf *broken = broken_elf_at((size_t)_i);
	cleanup_elf_image struct elf_image image = broken_elf_build(broken);
	cleanup_unikernel struct unikernel unikernel = { 0 };
	struct error err = { 0 };
	const char *breach;

	if (unikernel_parse(&unikernel, image.bytes, image.size, &err) == 0) {
		breach = unikernel_breach(&unikernel);
		ck_assert_msg(!breach, "%s: breaks a promise: %s", broken->name, breach);
		check_findings(broken, &unikernel);
		return;
	}
	ck_assert_msg(broken->outcome == BROKEN_REFUSED, "%s: was refused: %s", broken->name,
		      err.message);
	breach = error_breach(&err);
	ck_assert_msg(!breach, "%s: breaks a promise: %s", broken->name, breach);
	ck_assert_msg(strstr(err.message, broken->word), "%s: '%s' does not say '%s'", broken->name,
		      err.message, broken->word);
}
END_TEST

START_TEST(test_table)
{
	const struct broken_elf *broken = broken_elf_at((size_t)_i);

	ck_assert_msg(broken_elf_named(broken->name) == broken, "%s: the name is not unique",
		      broken->name);
	ck_assert_msg(!strcmp(broken->word, "") == (broken->outcome == BROKEN_NOT),
		      "%s: the word does not fit the outcome", broken->name);
	ck_assert_msg(!strpbrk(broken->word, "\t\n"), "%s: the word would break the list",
		      broken->name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("broken_elf");
	TCase *variants = tcase_create("variants"), *table = tcase_create("table");
	int count = (int)(broken_file_count + broken_note_count + broken_image_count);

	tcase_add_loop_test(variants, test_variant, 0, count);
	tcase_add_loop_test(table, test_table, 0, count);
	suite_add_tcase(suite, variants);
	suite_add_tcase(suite, table);
	return run_suite(suite);
}
