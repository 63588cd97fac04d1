/* Any bytes that are a unikernel are converted or refused; every region with file contents lies in
 * the component's file, whole pages of it, and its last page ends in zeroes. */
#include "gencspec/convert.h"
#include "gencspec/placement.h"
#include "tests/unit/elf_contract.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* The segment whose bytes the region shows; NULL for a region of the source specification. */
static const struct elf_segment *segment_of(const struct elf *elf,
					    const struct component_region *region)
{
	for (size_t i = 0; i < elf->segment_count; i++)
		if (elf->segments[i].type == PT_LOAD && elf->segments[i].filesz &&
		    elf->segments[i].vaddr == region->address)
			return &elf->segments[i];
	return NULL;
}

static void check_region(const struct component_region *region, const struct elf *elf,
			 const struct bytes *bytes)
{
	const struct elf_segment *segment = segment_of(elf, region);

	if (region->content != REGION_FILE || !strcmp(region->logical, "boot_info"))
		return;
	demand(segment != NULL, "a region has a segment");
	demand(region->size == muen_page_up(segment->filesz), "a region's size");
	demand(region->file_offset <= bytes->size &&
		       region->size <= bytes->size - region->file_offset,
	       "a region lies in the file");
	for (uint64_t i = segment->filesz; i < region->size; i++)
		demand(!bytes->data[region->file_offset + i], "zeroes behind the end");
}

static void convert(const struct unikernel *unikernel, struct bytes *bytes, bool resettable)
{
	const struct conversion_options options = { .file = "fuzz.muen",
						    .bootparams = "x",
						    .ram = 1 << 20,
						    .channel_size = 1 << 12,
						    .log_channel_size = 1 << 17,
						    .resettable = resettable };
	cleanup_component struct component *component = NULL;
	cleanup_findings struct findings findings = { 0 };
	struct error err = { 0 };

	component = gencspec_convert(unikernel, &options, &findings, &err);
	demand(findings_breach(&findings) == NULL, "the findings");
	if (!component) {
		demand(err.kind == ERR_INPUT && *err.message && *err.mend, "the error");
		return;
	}
	if (bytes->size + component->region_count * MUEN_PAGE > 1 << 26)
		return; /* too slow to fuzz */
	gencspec_patch_binary(unikernel, component, bytes);
	for (size_t i = 0; i < component->region_count; i++)
		check_region(&component->regions[i], &unikernel->elf, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int resettable = 0; resettable < 2; resettable++) {
		cleanup_unikernel struct unikernel unikernel = { 0 };
		cleanup_bytes struct bytes bytes = { malloc(size + 1), size, 0 };
		struct error err = { 0 };

		if (!bytes.data)
			return 0;
		if (size)
			memcpy(bytes.data, data, size);
		if (unikernel_parse(&unikernel, bytes.data, bytes.size, &err) == 0)
			convert(&unikernel, &bytes, resettable);
	}
	return 0;
}
