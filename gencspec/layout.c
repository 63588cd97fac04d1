#include "gencspec/layout.h"

#include "base/alloc.h"
#include "solo5/muen_ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum span_kind { SPAN_REGION, SPAN_CHANNEL, SPAN_MUEN };

struct span {
	enum span_kind kind;
	const char *name;
	uint64_t address, size;
};

static const char *describe(const struct span *span, char *text, size_t size)
{
	static const char *const kinds[] = { "region '", "channel '", "" };

	snprintf(text, size, "%s%s%s [0x%" PRIx64 ", 0x%" PRIx64 ")", kinds[span->kind], span->name,
		 span->kind == SPAN_MUEN ? "" : "'", span->address, span->address + span->size);
	return text;
}

static int fail_overlap(const struct span *left, const struct span *right, struct error *err)
{
	char left_text[256], right_text[256];

	err_fail(err, ERR_INPUT, "%s and %s overlap in the subject's address space",
		 describe(left, left_text, sizeof(left_text)),
		 describe(right, right_text, sizeof(right_text)));
	if (left->kind == SPAN_MUEN && right->kind == SPAN_MUEN)
		return err_mend(err, "make the debug log smaller: debug: log-channel-size: in the "
				     "recipe");
	if (!strcmp(left->name, "ram") || !strcmp(right->name, "ram") ||
	    left->kind == SPAN_CHANNEL || right->kind == SPAN_CHANNEL)
		return err_mend(err, "give the unikernel less RAM (--ram) or smaller channels "
				     "(--channel-size)");
	return err_mend(err, "link the unikernel at 0x200000 with Solo5's own linker script");
}

static int compare_spans(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

/* Whether the component provides what lies there itself, as source specifications have the boot
 * info page. */
static bool is_own(const struct component *component, const struct muen_range *range)
{
	for (size_t i = 0; i < component->region_count && range->start == MUEN_BOOT_INFO; i++)
		if (component->regions[i].address == range->start &&
		    component->regions[i].size == range->size)
			return true;
	return false;
}

static size_t collect_muen(const struct component *component, uint64_t log_channel_size,
			   struct span *spans)
{
	size_t count = 0;

	for (size_t i = 0; i < muen_range_count; i++) {
		const struct muen_range *range = &muen_ranges[i];
		uint64_t size = range->start == MUEN_DEBUG_LOG ? log_channel_size : range->size;

		if ((range->reset_only && !component->resettable) || is_own(component, range))
			continue;
		spans[count++] = (struct span){ SPAN_MUEN, range->what, range->start, size };
	}
	return count;
}

static size_t collect(const struct component *component, uint64_t log_channel_size,
		      struct span *spans)
{
	size_t count = collect_muen(component, log_channel_size, spans);

	for (size_t i = 0; i < component->region_count; i++) {
		const struct component_region *region = &component->regions[i];

		spans[count++] = (struct span){ SPAN_REGION, region->logical, region->address,
						region->size };
	}
	for (size_t i = 0; i < component->channel_count; i++) {
		const struct component_channel *channel = &component->channels[i];

		if (channel->placed)
			spans[count++] = (struct span){ SPAN_CHANNEL, channel->logical,
							channel->address, channel->size };
	}
	return count;
}

int layout_check(const struct component *component, uint64_t log_channel_size, struct error *err)
{
	size_t most = component->region_count + component->channel_count + muen_range_count;
	cleanup_free struct span *spans = xcalloc(most, sizeof(*spans));
	size_t count = collect(component, log_channel_size, spans);

	qsort(spans, count, sizeof(*spans), compare_spans);
	for (size_t i = 1; i < count; i++)
		if (spans[i - 1].address + spans[i - 1].size > spans[i].address)
			return fail_overlap(&spans[i - 1], &spans[i], err);
	return 0;
}
