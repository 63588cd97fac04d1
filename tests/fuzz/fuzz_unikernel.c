/* Any bytes: reading them as a unikernel and judging it for Muen touches nothing outside of
 * them, and every promise of the headers is kept. */
#include "tests/unit/elf_contract.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void demand_none(const char *breach)
{
	demand(!breach, breach);
}

/* Reads all that the segments and sections say they have. */
static void touch(const struct elf *elf)
{
	volatile unsigned sum = 0;

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];

		if (segment->filesz)
			sum += elf->bytes[segment->offset] +
			       elf->bytes[segment->offset + segment->filesz - 1];
	}
	for (size_t i = 0; i < elf->section_count; i++) {
		const struct elf_section *section = &elf->sections[i];

		sum += (unsigned)strlen(section->name);
		if (section->size && section->type != SHT_NOBITS && section->type != SHT_NULL)
			sum += elf->bytes[section->offset] +
			       elf->bytes[section->offset + section->size - 1];
	}
	(void)sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_unikernel struct unikernel unikernel = { 0 };
	cleanup_findings struct findings findings = { 0 };
	struct error err = { 0 };

	if (unikernel_parse(&unikernel, data, size, &err) < 0) {
		demand_none(error_breach(&err));
		return 0;
	}
	demand_none(unikernel_breach(&unikernel));
	touch(&unikernel.elf);
	unikernel_check_muen(&unikernel, &findings);
	demand_none(findings_breach(&findings));
	return 0;
}
