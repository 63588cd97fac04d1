#include "gencspec/layout.h"

#include "base/alloc.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Muen gives loaders the writable regions' originals from here up. */
#define LOADER_SOURCES 0x700000000000ull

/* Where Muen puts its own things in a native subject: the subject info and scheduling info by
 * expansion, the others by its component libraries' specifications. */
static const struct window {
	const char *name;
	uint64_t address, size;
	bool only_resettable;
} windows[] = {
	{ "Muen's initialiser muinit", 0x100000, 0x9000, true },
	{ "the subject info page", 0xe00000000, 0x8000, false },
	{ "the scheduling info page", 0xe00008000, 0x1000, false },
	{ "the timed event page", 0xe00010000, 0x1000, false },
	{ "the time info page", 0xfffd00000, 0x1000, false },
	{ "the status page", 0xfffff2000, 0x1000, true },
	{ "the control page", 0xfffff3000, 0x1000, true },
};

#define DEBUG_LOG 0xffff00000ull

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

static size_t collect(const struct component *component, uint64_t log_channel_size,
		      struct span *spans)
{
	size_t count = 0;

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
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
		if (component->resettable || !windows[i].only_resettable)
			spans[count++] = (struct span){ SPAN_MUEN, windows[i].name,
							windows[i].address, windows[i].size };
	spans[count++] =
		(struct span){ SPAN_MUEN, "the debug log channel", DEBUG_LOG, log_channel_size };
	return count;
}

int layout_check(const struct component *component, uint64_t log_channel_size, struct error *err)
{
	size_t most = component->region_count + component->channel_count +
		      sizeof(windows) / sizeof(windows[0]) + 1;
	cleanup_free struct span *spans = xcalloc(most, sizeof(*spans));
	size_t count = collect(component, log_channel_size, spans);
	char text[256];

	qsort(spans, count, sizeof(*spans), compare_spans);
	for (size_t i = 0; i < count; i++) {
		const struct span *span = &spans[i];

		if (span->size > LOADER_SOURCES || span->address > LOADER_SOURCES - span->size) {
			err_fail(err, ERR_INPUT,
				 "%s lies above 0x%llx, the end of what a subject can use",
				 describe(span, text, sizeof(text)), LOADER_SOURCES);
			return err_mend(err, "give the unikernel less RAM (--ram) or smaller "
					     "channels (--channel-size)");
		}
		if (i && spans[i - 1].address + spans[i - 1].size > span->address)
			return fail_overlap(&spans[i - 1], span, err);
	}
	return 0;
}
