/* Which revision of Muen's subject info a unikernel expects.
 *
 * The muen bindings compare the magic of the subject info with a constant: the bytes
 * "muinfo\0" and the revision, an immediate operand in their code (Solo5's
 * bindings/muen/musinfo.h).
 */
#include "solo5/internal.h"

#include "base/alloc.h"

#include <string.h>

#define MAGIC "muinfo" /* and its NUL */

/* How often each revision occurs. */
struct occurrences {
	size_t count[SINFO_REVISION_MAX + 1];
};

static void count_in(const unsigned char *bytes, size_t size, struct occurrences *found)
{
	const unsigned char *end = bytes + size;
	const unsigned char *hit;

	while ((hit = memmem(bytes, (size_t)(end - bytes), MAGIC, sizeof(MAGIC)))) {
		bytes = hit + sizeof(MAGIC);
		if (bytes < end && *bytes >= SINFO_REVISION_MIN && *bytes <= SINFO_REVISION_MAX)
			found->count[*bytes]++;
	}
}

static int by_offset(const void *left, const void *right)
{
	const struct elf_segment *a = *(const struct elf_segment *const *)left;
	const struct elf_segment *b = *(const struct elf_segment *const *)right;

	return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Searches the loaded segments that are executable, or those that are not. Segments that
 * share bytes of the file, as only a hostile file has many, are read once. */
static void count_in_segments(const struct elf *elf, bool executable, struct occurrences *found)
{
	cleanup_free const struct elf_segment **order =
		xcalloc(elf->segment_count, sizeof(const struct elf_segment *));
	size_t count = 0;
	uint64_t done = 0;

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];

		if (segment->type == PT_LOAD && segment->filesz &&
		    !!(segment->flags & PF_X) == executable)
			order[count++] = segment;
	}
	qsort(order, count, sizeof(const struct elf_segment *), by_offset);
	for (size_t i = 0; i < count; i++) {
		uint64_t start = order[i]->offset > done ? order[i]->offset : done;
		uint64_t end = order[i]->offset + order[i]->filesz;

		if (end <= start)
			continue;
		count_in(elf->bytes + start, end - start, found);
		done = end;
	}
}

static void settle(struct unikernel *unikernel, const struct occurrences *found)
{
	size_t most = 0;
	unsigned revisions = 0;

	for (unsigned revision = SINFO_REVISION_MIN; revision <= SINFO_REVISION_MAX; revision++) {
		if (!found->count[revision])
			continue;
		revisions++;
		if (found->count[revision] < most)
			continue;
		/* Of two that are equally frequent, the newer one. */
		most = found->count[revision];
		unikernel->sinfo_revision = revision;
	}
	unikernel->sinfo_ambiguous = revisions > 1;
}

void sinfo_find(struct unikernel *unikernel)
{
	struct occurrences found = { 0 };

	count_in_segments(&unikernel->elf, true, &found);
	settle(unikernel, &found);
	if (unikernel->sinfo_revision)
		return;
	/* A compiler may put the constant into read-only data as well. */
	count_in_segments(&unikernel->elf, false, &found);
	settle(unikernel, &found);
}
