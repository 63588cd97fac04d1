/* Whether the image of a unikernel can become the memory regions of a Muen subject: one
 * region of whole pages per segment, named after the sections in it. */
#include "solo5/internal.h"

#include "base/alloc.h"
#include "base/text.h"
#include "solo5/muen_ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* More memory than this is a damaged header rather than a unikernel. */
#define IMAGE_MAX (4ull << 30)

#define MEND_LINK                                                                                  \
	"link it with Solo5's own linker script for muen, as `mirage configure -t muen` does"
#define MEND_RESET "disable reset for it, or link it with Solo5's own linker script for muen"

#define PAGE_MASK (MUEN_PAGE - 1)

/* A segment that takes memory, in whole pages. */
struct region {
	const struct elf_segment *segment;
	uint64_t start; /* of its first page */
	uint64_t last;	/* last byte of its last page: cannot overflow */
	char text[80];	/* what findings call it */
};

struct image {
	const struct elf *elf;
	struct region *regions; /* in the order of the program headers */
	size_t count;
};

static bool contains(const struct elf_segment *segment, uint64_t address)
{
	return address >= segment->vaddr && address - segment->vaddr < segment->memsz;
}

static struct image image_of(const struct elf *elf)
{
	struct image image = { .elf = elf };

	image.regions = xcalloc(elf->segment_count, sizeof(*image.regions));
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		struct region *region = &image.regions[image.count];
		char permissions[4];

		if (segment->type != PT_LOAD || !segment->memsz)
			continue;
		region->segment = segment;
		region->start = segment->vaddr & ~PAGE_MASK;
		region->last = (segment->vaddr + segment->memsz - 1) | PAGE_MASK;
		snprintf(region->text, sizeof(region->text),
			 "segment %zu (%s, %#" PRIx64 " to %#" PRIx64 ")", segment->index,
			 elf_permissions(segment->flags, permissions), segment->vaddr,
			 segment->vaddr + segment->memsz - 1);
		image.count++;
	}
	return image;
}

/* ---- each segment -------------------------------------------------------- */

static void check_segment(const struct region *region, struct findings *findings)
{
	const uint32_t both = PF_W | PF_X;

	if ((region->segment->flags & both) == both)
		findings_add(findings, FINDING_ERROR,
			     "keep code and writable data in different segments, as Solo5's own "
			     "linker script does",
			     "%s is both writable and executable", region->text);
	if (region->segment->vaddr & PAGE_MASK)
		findings_add(findings, FINDING_ERROR, MEND_LINK,
			     "%s does not begin at a page: its address is no multiple of %u",
			     region->text, (unsigned)MUEN_PAGE);
	if (region->last >= MUEN_ADDRESS_END)
		findings_add(findings, FINDING_ERROR, MEND_LINK,
			     "%s lies outside of the addresses that a subject can have, which end "
			     "below %#llx",
			     region->text, MUEN_ADDRESS_END);
}

/* ---- the segments together ----------------------------------------------- */

static void check_range(const struct image *image, const struct muen_range *range,
			struct findings *findings)
{
	const struct region *first = NULL;
	size_t more = 0;
	char others[32] = "";

	for (size_t i = 0; i < image->count; i++) {
		const struct region *region = &image->regions[i];

		/* Of one that is far too large, check_size() tells enough. */
		if (!muen_range_overlaps(range, region->start, region->last) ||
		    region->last - region->start >= IMAGE_MAX)
			continue;
		if (first)
			more++;
		else
			first = region;
	}
	if (!first)
		return;
	if (more)
		snprintf(others, sizeof(others), " and %zu more", more);
	findings_add(findings, range->reset_only ? FINDING_WARNING : FINDING_ERROR,
		     range->reset_only ? MEND_RESET : MEND_LINK,
		     "%s%s %s where Muen puts %s (%#" PRIx64 " to %#" PRIx64 ")%s", first->text,
		     others, more ? "lie" : "lies", range->what, range->start,
		     range->start + range->size - 1,
		     range->reset_only ? ": it cannot be reset" : "");
}

static void check_ranges(const struct image *image, bool reset, struct findings *findings)
{
	for (size_t i = 0; i < muen_range_count; i++)
		if (reset || !muen_ranges[i].reset_only)
			check_range(image, &muen_ranges[i], findings);
}

static int by_start(const void *left, const void *right)
{
	const struct region *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->segment->index > b->segment->index) - (a->segment->index < b->segment->index);
}

static void check_order(const struct image *image, struct findings *findings)
{
	for (size_t i = 1; i < image->count; i++) {
		const struct region *before = &image->regions[i - 1], *region = &image->regions[i];

		if (region->segment->vaddr < before->segment->vaddr)
			findings_add(findings, FINDING_WARNING, MEND_LINK,
				     "%s stands behind %s, but has the lower address: program "
				     "headers are to ascend",
				     region->text, before->text);
	}
}

static void check_overlaps(const struct image *image, struct findings *findings)
{
	cleanup_free struct region *sorted = xcalloc(image->count, sizeof(*sorted));
	const struct region *highest = NULL;

	if (image->count)
		memcpy(sorted, image->regions, image->count * sizeof(*sorted));
	qsort(sorted, image->count, sizeof(*sorted), by_start);
	for (size_t i = 0; i < image->count; i++) {
		const struct region *region = &sorted[i];

		if (highest && region->start <= highest->last)
			findings_add(findings, FINDING_ERROR, MEND_LINK,
				     "%s and %s overlap in page %#" PRIx64
				     ": each page can belong to one segment only",
				     highest->text, region->text, region->start);
		if (!highest || region->last > highest->last)
			highest = region;
	}
}

static void check_size(const struct image *image, struct findings *findings)
{
	const struct region *largest = NULL;
	uint64_t total = 0;
	char total_text[32], largest_text[32], most_text[32];

	for (size_t i = 0; i < image->count; i++) {
		const struct region *region = &image->regions[i];

		if (__builtin_add_overflow(total, region->last - region->start + 1, &total))
			total = UINT64_MAX;
		if (!largest || region->segment->memsz > largest->segment->memsz)
			largest = region;
	}
	if (total <= IMAGE_MAX)
		return;
	findings_add(findings, FINDING_ERROR,
		     "build it again; if its data is really that large, read it over the network "
		     "instead",
		     "its image takes %s of memory (%s alone %s), at most %s are accepted",
		     size_to_text(total, total_text), largest->text,
		     size_to_text(largest->segment->memsz, largest_text),
		     size_to_text(IMAGE_MAX, most_text));
}

/* ---- entry point --------------------------------------------------------- */

static void check_entry(const struct image *image, struct findings *findings)
{
	const uint64_t entry = image->elf->entry;
	bool executable = false;

	for (size_t i = 0; i < image->count; i++) {
		const struct region *region = &image->regions[i];
		const struct elf_segment *segment = region->segment;

		executable |= !!(segment->flags & PF_X);
		if (!contains(segment, entry))
			continue;
		if (!(segment->flags & PF_X))
			findings_add(findings, FINDING_ERROR, MEND_LINK,
				     "its entry point %#" PRIx64 " lies in %s, which is not "
				     "executable",
				     entry, region->text);
		else if (entry - segment->vaddr >= segment->filesz)
			findings_add(findings, FINDING_ERROR, MEND_LINK,
				     "its entry point %#" PRIx64 " lies in the zeroed rest of %s, "
				     "behind the %#" PRIx64 " bytes that the file holds",
				     entry, region->text, segment->filesz);
		return;
	}
	if (!image->count)
		findings_add(findings, FINDING_ERROR, "build it again",
			     "it has no segment to load (PT_LOAD)");
	else if (!executable)
		findings_add(findings, FINDING_ERROR, MEND_LINK, "it has no executable segment");
	else
		findings_add(findings, FINDING_ERROR, MEND_LINK,
			     "its entry point %#" PRIx64 " lies in none of its segments", entry);
}

/* ---- sections ------------------------------------------------------------ */

/* Whether a name can be part of a region's, which stands in an XML document. */
static bool is_usable(const char *name)
{
	for (; *name; name++)
		if (*name < ' ' || *name > '~')
			return false;
	return true;
}

static void check_names(const struct elf *elf, struct findings *findings)
{
	const struct elf_section *first = NULL;
	size_t count = 0;
	char shown[64], others[32] = "";

	for (size_t i = 0; i < elf->section_count; i++) {
		const struct elf_section *section = &elf->sections[i];

		if (!(section->flags & SHF_ALLOC) || is_usable(section->name))
			continue;
		if (!count++)
			first = section;
	}
	if (!first)
		return;
	if (count > 1)
		snprintf(others, sizeof(others), " and %zu more", count - 1);
	text_printable(first->name, strnlen(first->name, sizeof(shown)), shown, sizeof(shown));
	findings_add(findings, FINDING_ERROR, "give sections names of printable ASCII characters",
		     "section '%s'%s cannot give a memory region of Muen its name", shown, others);
}

static bool has_section(const struct image *image, const struct elf_segment *segment)
{
	for (size_t i = 0; i < image->elf->section_count; i++) {
		const struct elf_section *section = &image->elf->sections[i];

		if (section->flags & SHF_ALLOC && *section->name &&
		    contains(segment, section->addr))
			return true;
	}
	return false;
}

static void check_sections(const struct image *image, struct findings *findings)
{
	if (!image->elf->section_count) {
		findings_add(findings, FINDING_ERROR,
			     "take the file as the build left it: strip may remove symbols and "
			     "debugging information, but not the section headers",
			     "it has no section headers: Muen's memory regions are named after "
			     "sections");
		return;
	}
	check_names(image->elf, findings);
	for (size_t i = 0; i < image->count; i++) {
		const struct region *region = &image->regions[i];

		if (!has_section(image, region->segment))
			findings_add(findings, FINDING_ERROR,
				     "take the file as the build left it, or link it with Solo5's "
				     "own linker script for muen",
				     "%s has no section with a name: Muen's memory regions are "
				     "named after "
				     "sections, so it would be left out",
				     region->text);
	}
}

/* ---- what a reset needs -------------------------------------------------- */

static const struct elf_segment *segment_of(const struct image *image,
					    const struct elf_section *section)
{
	for (size_t i = 0; i < image->count; i++)
		if (contains(image->regions[i].segment, section->addr))
			return image->regions[i].segment;
	return NULL;
}

/* What is in the way between .interp and .text, both in `segment`: NULL if nothing is. */
static const struct elf_section *section_between(const struct image *image,
						 const struct elf_section *interp,
						 const struct elf_section *text)
{
	for (size_t i = 0; i < image->elf->section_count; i++) {
		const struct elf_section *section = &image->elf->sections[i];

		if (section != interp && section->flags & SHF_ALLOC && section->size &&
		    section->addr >= interp->addr && section->addr < text->addr)
			return section;
	}
	return NULL;
}

/* muinit, which a unikernel that can be reset starts with, jumps to the first byte of the
 * region "text". That must be the entry point, or .interp, of which NOPs are made up to
 * the start of .text, which must then be the entry point. */
static void check_reset(const struct image *image, struct findings *findings)
{
	const struct elf_section *interp = elf_section_named(image->elf, ".interp");
	const struct elf_section *text = elf_section_named(image->elf, ".text");
	const struct elf_segment *segment = text ? segment_of(image, text) : NULL;
	const struct elf_section *between;
	char name[64];

	if (!image->elf->section_count)
		return; /* check_sections() told */
	if (!text) {
		findings_add(findings, FINDING_WARNING, MEND_RESET,
			     "it has no section .text: it cannot be reset, because Muen's muinit "
			     "looks for the region of that section");
		return;
	}
	if (!segment || !(segment->flags & PF_X)) {
		findings_add(findings, FINDING_WARNING, MEND_RESET,
			     "its section .text (%#" PRIx64 ") lies in no executable segment: it "
			     "cannot be reset, because Muen's muinit jumps there",
			     text->addr);
		return;
	}
	if (image->elf->entry == segment->vaddr)
		return;
	if (!interp || interp->addr != segment->vaddr || text->addr < interp->addr) {
		findings_add(findings, FINDING_WARNING, MEND_RESET,
			     "its segment %zu does not begin with section .interp before .text: it "
			     "cannot be reset, because Muen's muinit jumps to the first byte "
			     "(%#" PRIx64 ") and not to the entry point (%#" PRIx64 ")",
			     segment->index, segment->vaddr, image->elf->entry);
		return;
	}
	between = section_between(image, interp, text);
	if (between)
		findings_add(findings, FINDING_WARNING, MEND_RESET,
			     "its section %s lies between .interp and .text: it cannot be reset, "
			     "because what is there is replaced by NOPs",
			     text_printable(between->name, strnlen(between->name, sizeof(name)),
					    name, sizeof(name)));
	if (image->elf->entry != text->addr && contains(segment, image->elf->entry))
		findings_add(findings, FINDING_WARNING, MEND_RESET,
			     "its entry point (%#" PRIx64 ") is not the start of .text (%#" PRIx64
			     "): it cannot be reset, because Muen's muinit starts it there",
			     image->elf->entry, text->addr);
}

void check_muen_image(const struct unikernel *unikernel, struct findings *findings)
{
	struct image image = image_of(&unikernel->elf);
	/* What keeps a unikernel for another target from being reset is its target. */
	bool reset = unikernel->target == SOLO5_MUEN;

	for (size_t i = 0; i < image.count; i++)
		check_segment(&image.regions[i], findings);
	check_ranges(&image, reset, findings);
	check_order(&image, findings);
	check_overlaps(&image, findings);
	check_size(&image, findings);
	check_entry(&image, findings);
	check_sections(&image, findings);
	if (reset)
		check_reset(&image, findings);
	free(image.regions);
}
