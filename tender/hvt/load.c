#include "tender/hvt/load.h"

#include "base/text.h"
#include "tender/hvt/boot.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

/* ---- is it one of ours? ----------------------------------------------------------- */

int hvt_memory_size(uint64_t wanted, bool ring, uint64_t *size, struct error *err)
{
	uint64_t top = ring ? HVT_MEMORY_MAX - HVT_RING_AREA : HVT_MEMORY_MAX;
	uint64_t rounded = wanted & ~(GUEST_LARGE_PAGE - 1);

	if (wanted > HVT_MEMORY_MAX) {
		err_fail(err, ERR_USAGE,
			 "--mem: %" PRIu64 " MiB are more than an hvt guest can have: 4096 MiB",
			 wanted >> 20);
		return err_mend(err, "give at most --mem=4096");
	}
	if (rounded == 0)
		rounded = GUEST_LARGE_PAGE;
	*size = rounded > top ? top : rounded;
	return 0;
}

static int check_version(const struct unikernel *unikernel, struct error *err)
{
	bool old = unikernel->abi_version < HVT_ABI_VERSION;

	if (unikernel->abi_version == HVT_ABI_VERSION)
		return 0;
	err_fail(err, ERR_INPUT,
		 "was linked for version %" PRIu32 " of the hvt ABI (Solo5 %s), this "
		 "tender runs version %d (Solo5 0.8.0 and later)",
		 unikernel->abi_version, old ? "0.7 or older" : "newer than 0.12", HVT_ABI_VERSION);
	return err_mend(err,
			old ? "build it again with Solo5 0.8.0 or later" : "use a newer muenbuild");
}

int hvt_check(const struct unikernel *unikernel, struct error *err)
{
	const struct elf *elf = &unikernel->elf;
	Elf64_Ehdr header;

	if (check_version(unikernel, err) < 0)
		return -1;
	if (elf->type != ET_EXEC)
		return err_fail(err, ERR_INPUT,
				"ELF type %u, an executable (ET_EXEC, 2) was "
				"expected",
				elf->type);
	if (elf->machine != EM_X86_64)
		return err_fail(err, ERR_INPUT, "is for ELF machine %u, x86-64 (62) was expected",
				elf->machine);
	memcpy(&header, elf->bytes, sizeof(header));
	if (header.e_version != EV_CURRENT || header.e_ehsize != sizeof(Elf64_Ehdr) ||
	    header.e_phentsize != sizeof(Elf64_Phdr))
		return err_fail(err, ERR_INPUT,
				"ELF header: version %u, header size %u and program header size "
				"%u; 1, 64 and 56 were expected",
				header.e_version, header.e_ehsize, header.e_phentsize);
	return 0;
}

void hvt_manifest_from(const struct unikernel *unikernel, struct hvt_manifest *manifest)
{
	*manifest = (struct hvt_manifest){
		.version = HVT_MANIFEST_VERSION,
		.entries = (uint32_t)unikernel->device_count + 1,
	};
	manifest->entry[0].type = HVT_RESERVED_FIRST;
	for (size_t i = 0; i < unikernel->device_count; i++) {
		struct hvt_manifest_entry *entry = &manifest->entry[i + 1];

		memcpy(entry->name, unikernel->devices[i].name, sizeof(entry->name));
		entry->type = unikernel->devices[i].type;
	}
}

/* ---- segments ----------------------------------------------------------------------- */

struct loader {
	struct hvt_image *image;
	const struct elf *elf;
	uint64_t used_end; /* end of everything that the file wants in memory */
	struct hvt_range ranges[2 * ELF_SEGMENTS_MAX + 2];
	size_t count;
};

/* Rounds up to a power of two; -1 if that is beyond 64 bits. */
static int round_up(uint64_t value, uint64_t alignment, uint64_t *rounded)
{
	if (value > UINT64_MAX - (alignment - 1))
		return -1;
	*rounded = (value + alignment - 1) & ~(alignment - 1);
	return 0;
}

static int segment_fail(const struct elf_segment *segment, struct error *err, const char *problem)
{
	return err_fail(err, ERR_INPUT,
			"segment %zu (address 0x%" PRIx64 ", %" PRIu64
			" bytes in the file, %" PRIu64 " in memory, alignment 0x%" PRIx64 "): %s",
			segment->index, segment->vaddr, segment->filesz, segment->memsz,
			segment->align, problem);
}

static int memory_too_small(const struct elf_segment *segment, uint64_t size, struct error *err)
{
	char text[32];

	err_fail(err, ERR_INPUT,
		 "segment %zu ends at 0x%" PRIx64 ", beyond the guest's memory of %s",
		 segment->index, segment->vaddr + segment->memsz, size_to_text(size, text));
	return err_mend(err, "give it more memory: --mem=N (in MiB)");
}

/* Computes the aligned range of a segment and checks it against the rules. */
static int segment_range(const struct elf_segment *segment, uint64_t previous_end, uint64_t size,
			 struct hvt_range *range, struct error *err)
{
	uint64_t align = segment->align;

	if (align == 0 || (align & (align - 1)))
		return segment_fail(segment, err, "the alignment must be a power of two");
	range->start = segment->vaddr & ~(align - 1);
	if (segment->vaddr < HVT_IMAGE || range->start < HVT_IMAGE)
		return segment_fail(segment, err,
				    "starts, aligned, below 0x100000, where the tender's own "
				    "data lies");
	if (range->start < previous_end)
		return segment_fail(segment, err,
				    "overlaps the segment before it, or is not in ascending order");
	if (segment->memsz < segment->filesz)
		return segment_fail(segment, err, "is larger in the file than in memory");
	if (segment->memsz > UINT64_MAX - segment->vaddr ||
	    round_up(segment->vaddr + segment->memsz, align, &range->end) < 0)
		return segment_fail(segment, err, "ends beyond the 64-bit address space");
	if (range->end > size)
		return memory_too_small(segment, size, err);
	if (range->start % GUEST_PAGE || range->end % GUEST_PAGE)
		return segment_fail(segment, err, "must begin and end at pages of 4 KiB");
	return 0;
}

static int segment_permission(const struct elf_segment *segment, struct hvt_range *range,
			      struct error *err)
{
	if ((segment->flags & PF_W) && (segment->flags & PF_X))
		return segment_fail(segment, err, "is writable and executable: refused");
	/* A segment without any flag has data that nothing may change. */
	range->permission = segment->flags & PF_X   ? HVT_RANGE_EXECUTE
			    : segment->flags & PF_W ? HVT_RANGE_WRITE
						    : HVT_RANGE_READ;
	return 0;
}

static void add_range(struct loader *loader, uint64_t start, uint64_t end, int permission)
{
	if (start < end)
		loader->ranges[loader->count++] = (struct hvt_range){ start, end, permission };
}

static uint64_t ranges_end(const struct loader *loader)
{
	return loader->count ? loader->ranges[loader->count - 1].end : HVT_IMAGE;
}

static int load_segment(struct loader *loader, const struct elf_segment *segment, struct error *err)
{
	struct hvt_image *image = loader->image;
	uint64_t previous_end = ranges_end(loader);
	struct hvt_range range = { 0 };

	if (segment_range(segment, previous_end, image->memory_size, &range, err) < 0 ||
	    segment_permission(segment, &range, err) < 0)
		return -1;
	memcpy(image->ram.host + segment->vaddr, loader->elf->bytes + segment->offset,
	       segment->filesz);
	add_range(loader, previous_end, range.start, HVT_RANGE_WRITE);
	add_range(loader, range.start, range.end, range.permission);
	image->kernel_end = range.end;
	if (range.end > loader->used_end)
		loader->used_end = range.end;
	return 0;
}

/* Segments without bytes in the file are the bss: plain memory, which is zero anyway. */
static int check_bss(struct loader *loader, const struct elf_segment *segment, struct error *err)
{
	uint64_t size = loader->image->memory_size;

	if (segment->memsz == 0)
		return 0;
	if (segment->memsz > size || segment->vaddr > size - segment->memsz)
		return memory_too_small(segment, size, err);
	if (segment->vaddr + segment->memsz > loader->used_end)
		loader->used_end = segment->vaddr + segment->memsz;
	return 0;
}

static int load_segments(struct loader *loader, struct error *err)
{
	uint64_t end;

	for (size_t i = 0; i < loader->elf->segment_count; i++) {
		const struct elf_segment *segment = &loader->elf->segments[i];

		if (segment->type != PT_LOAD)
			continue;
		if ((segment->filesz ? load_segment(loader, segment, err)
				     : check_bss(loader, segment, err)) < 0)
			return -1;
	}
	end = ranges_end(loader);
	add_range(loader, end, loader->image->ram.size, HVT_RANGE_WRITE);
	return 0;
}

static int check_entry(const struct loader *loader, struct error *err)
{
	uint64_t entry = loader->elf->entry;

	for (size_t i = 0; i < loader->count; i++) {
		const struct hvt_range *range = &loader->ranges[i];

		if (entry >= range->start && entry < range->end &&
		    range->permission == HVT_RANGE_EXECUTE)
			return 0;
	}
	return err_fail(err, ERR_INPUT, "its entry point 0x%" PRIx64 " is not in its code", entry);
}

/* ---- protection ------------------------------------------------------------------------ */

static const char *range_name(const struct hvt_range *range)
{
	return range->permission == HVT_RANGE_EXECUTE ? "text"
	       : range->permission == HVT_RANGE_READ  ? "read-only data"
						      : "memory";
}

/* The second line behind the page tables, for a guest that changes those; also the map for
 * the tender's own accesses. */
static int protect(const struct loader *loader, struct error *err)
{
	struct hvt_image *image = loader->image;
	const struct guest_region boot = { 0, HVT_IMAGE, image->ram.host, false, "boot area" };

	if (guest_memory_add(&image->memory, &boot, err) < 0)
		return -1;
	for (size_t i = 0; i < loader->count; i++) {
		const struct hvt_range *range = &loader->ranges[i];
		uint64_t end = range->end > image->memory_size ? image->memory_size : range->end;

		struct guest_region region = {
			.address = range->start,
			.size = end - range->start,
			.host = image->ram.host + range->start,
			.writable = range->permission == HVT_RANGE_WRITE,
			.name = range_name(range),
		};

		if (range->start == end) /* the ring's area, which is not the guest's memory */
			continue;
		if (guest_memory_add(&image->memory, &region, err) < 0)
			return -1;
		if (!region.writable && mprotect(region.host, region.size, PROT_READ) < 0)
			return err_fail_errno(err, ERR_MISSING, errno,
					      "cannot protect the guest's %s", region.name);
	}
	return 0;
}

/* Large pages help a heap; what the image and the first stack pages touch is better served by
 * small ones, which cost less to clear. */
static void advise_large_pages(const struct loader *loader)
{
	const struct hvt_image *image = loader->image;
	uint64_t top = image->memory_size - GUEST_LARGE_PAGE, start;

	if (round_up(loader->used_end, GUEST_LARGE_PAGE, &start) == 0 && start < top)
		(void)madvise(image->ram.host + start, top - start, MADV_HUGEPAGE);
}

static int load(struct loader *loader, const struct hvt_setup *setup, struct error *err)
{
	struct hvt_image *image = loader->image;

	if (strlen(setup->command_line) > HVT_COMMAND_LINE_MAX)
		return err_fail(err, ERR_USAGE,
				"Guest command line too long: %zu characters, at most %d",
				strlen(setup->command_line), HVT_COMMAND_LINE_MAX);
	image->memory_size = setup->memory_size;
	if (guest_ram_new(&image->ram, setup->memory_size + (setup->ring ? HVT_RING_AREA : 0),
			  err) < 0)
		return -1;
	if (setup->ring)
		image->ring = (struct hvt_ring *)(void *)(image->ram.host + setup->memory_size);
	if (load_segments(loader, err) < 0 || check_entry(loader, err) < 0)
		return -1;
	image->entry = loader->elf->entry;
	if (hvt_write_page_tables(&image->ram, loader->ranges, loader->count, err) < 0)
		return -1;
	hvt_write_gdt(&image->ram);
	hvt_write_boot_info(image, setup);
	advise_large_pages(loader);
	return protect(loader, err);
}

int hvt_load(struct hvt_image *image, const struct unikernel *unikernel,
	     const struct hvt_setup *setup, struct error *err)
{
	struct loader loader = { .image = image, .elf = &unikernel->elf };

	*image = (struct hvt_image){ 0 };
	if (load(&loader, setup, err) == 0)
		return 0;
	hvt_image_free(image);
	return -1;
}

void hvt_image_free(struct hvt_image *image)
{
	guest_memory_free(&image->memory);
	guest_ram_free(&image->ram);
	*image = (struct hvt_image){ 0 };
}
