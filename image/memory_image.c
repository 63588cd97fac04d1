#include "image/memory_image.h"

#include "base/alloc.h"
#include "image/csl_rules.h"

#include <inttypes.h>
#include <string.h>

void memory_image_free(struct memory_image *image)
{
	for (size_t i = 0; i < image->count; i++)
		free(image->pieces[i].what);
	free(image->pieces);
	free(image->checks);
	*image = (struct memory_image){ 0 };
}

static void add_piece(struct memory_image *image, struct image_piece piece, const char *what)
{
	if (!piece.size)
		return;
	piece.what = xstrdup(what);
	array_grow(image->pieces, image->count);
	image->pieces[image->count++] = piece;
}

void memory_image_add(struct memory_image *image, uint64_t address, const void *bytes,
		      uint64_t size, const char *what)
{
	add_piece(image, (struct image_piece){ .address = address, .size = size, .bytes = bytes },
		  what);
}

void memory_image_fill(struct memory_image *image, uint64_t address, uint64_t size, uint8_t pattern,
		       const char *what)
{
	add_piece(image,
		  (struct image_piece){ .address = address, .size = size, .pattern = pattern },
		  what);
}

void memory_image_check_cpuid(struct memory_image *image, const struct image_cpuid_check *check)
{
	array_grow(image->checks, image->check_count);
	image->checks[image->check_count++] = *check;
}

uint64_t image_piece_extent(const struct image_piece *piece)
{
	return piece->bytes ? (piece->size + CSL_UNIT - 1) / CSL_UNIT * CSL_UNIT : piece->size;
}

/* ---- settling ------------------------------------------------------------ */

static int fail_overlap(const struct image_piece *first, const struct image_piece *second,
			struct error *err)
{
	err_fail(err, ERR_INPUT,
		 "%s, in memory from 0x%" PRIx64 " to 0x%" PRIx64 ", overlaps %s, from 0x%" PRIx64
		 " to 0x%" PRIx64,
		 second->what, second->address, second->address + image_piece_extent(second) - 1,
		 first->what, first->address, first->address + image_piece_extent(first) - 1);
	return err_mend(err, "lay them out apart, contents in multiples of 8 bytes");
}

static int check_entry(const struct memory_image *image, const struct csl_target *targets,
		       struct error *err)
{
	struct line why = { 0 };

	if (image->entry > UINT32_MAX) {
		err_fail(err, ERR_INPUT,
			 "the entry point 0x%" PRIx64
			 " is above 4 GiB, where no loader can start a system",
			 image->entry);
		return err_mend(err, "place the kernel below 4 GiB");
	}
	if (csl_entry_is_written((uint32_t)image->entry, targets, image->count, &why))
		return 0;
	err_fail(err, ERR_INPUT, "%s", why.text);
	return err_mend(err, "check the kernel's entry point");
}

static int check_checks(const struct memory_image *image, struct error *err)
{
	for (size_t i = 0; i < image->check_count; i++) {
		const struct image_cpuid_check *check = &image->checks[i];

		if (*check->message && check->result <= 3)
			continue;
		err_fail(err, ERR_INPUT, "the check of CPUID leaf 0x%x has %s", check->leaf,
			 *check->message ? "none of the registers 0 to 3 (eax, ebx, ecx, edx)"
					 : "no message for who boots on the wrong processor");
		return err_mend(err, "say what the processor must have");
	}
	return 0;
}

static int list_targets(const struct memory_image *image, struct csl_target *targets,
			struct error *err)
{
	for (size_t i = 0; i < image->count; i++) {
		const struct image_piece *piece = &image->pieces[i];
		struct csl_target *target = &targets[i];

		*target = (struct csl_target){ .start = piece->address, .number = (uint32_t)i };
		if (piece->size > UINT64_MAX - CSL_UNIT ||
		    __builtin_add_overflow(piece->address, image_piece_extent(piece),
					   &target->end)) {
			err_fail(err, ERR_INPUT,
				 "%s, 0x%" PRIx64 " bytes in memory from 0x%" PRIx64
				 " on, goes beyond the end of the address space",
				 piece->what, piece->size, piece->address);
			return err_mend(err, "place it lower");
		}
	}
	return 0;
}

int memory_image_settle(const struct memory_image *image, struct error *err)
{
	cleanup_free struct csl_target *targets = xcalloc(image->count + 1, sizeof(*targets));
	size_t bad;

	if (list_targets(image, targets, err) < 0)
		return -1;
	csl_targets_sort(targets, image->count);
	bad = csl_targets_overlap(targets, image->count);
	if (bad < image->count)
		return fail_overlap(&image->pieces[targets[bad].number],
				    &image->pieces[targets[bad + 1].number], err);
	if (check_entry(image, targets, err) < 0)
		return -1;
	return check_checks(image, err);
}
