#include "image/standin_image.h"

#include "base/alloc.h"
#include "image/standin_layout.h"
#include "subject/subject_info.h"

#define KERNEL_FILE_MAX (16u << 20) /* bytes */

static void *own(struct standin_image *standin, size_t size)
{
	array_grow(standin->owned, standin->owned_count);
	standin->owned[standin->owned_count] = xcalloc(size, 1);
	return standin->owned[standin->owned_count++];
}

/* Contents, and zeroes up to `size`: a stream has some behind contents that are no multiple of its
 * unit. */
static void add_contents(struct standin_image *standin, uint64_t address, const void *bytes,
			 uint64_t length, uint64_t size, const char *what)
{
	uint64_t extent = (length + CSL_UNIT - 1) / CSL_UNIT * CSL_UNIT;

	memory_image_add(&standin->image, address, bytes, length, what);
	memory_image_fill(&standin->image, address + extent, size - extent, 0, what);
}

/* ---- a region's contents --------------------------------------------------------------------- */

static int outside(const struct world_region *region, const char *path, uint64_t size,
		   struct error *err)
{
	err_fail(err, ERR_INPUT,
		 "%s: '%s' (%s) begins at offset 0x%llx, but the file has only 0x%llx bytes", path,
		 region->name, region->origin, (unsigned long long)region->file_offset,
		 (unsigned long long)size);
	return err_mend(err, "take the file that the component's specification was made with");
}

/* A part of a file that is not the unikernel. */
static int add_file(struct standin_image *standin, const struct world_region *region,
		    uint64_t address, const char *what, struct error *err)
{
	uint64_t size, length;
	unsigned char *bytes;
	cleanup_close int fd = file_open(region->file, UINT64_MAX, &size, err);

	if (fd < 0)
		return -1;
	if (region->file_offset >= size)
		return outside(region, region->file, size, err);
	length = size - region->file_offset < region->size ? size - region->file_offset
							   : region->size;
	bytes = own(standin, length);
	if (file_pread(fd, region->file, bytes, length, region->file_offset, err) < 0)
		return -1;
	add_contents(standin, address, bytes, length, region->size, what);
	return 0;
}

static int add_image(struct standin_image *standin, const struct standin_guest *guest,
		     const struct world_region *region, uint64_t address, const char *what,
		     struct error *err)
{
	const char *path = guest->world->unikernel ? guest->world->unikernel : guest->world->name;
	uint64_t size = guest->file->size, length;

	if (region->file_offset >= size)
		return outside(region, path, size, err);
	length = size - region->file_offset < region->size ? size - region->file_offset
							   : region->size;
	add_contents(standin, address, guest->file->data + region->file_offset, length,
		     region->size, what);
	return 0;
}

static int add_region(struct standin_image *standin, const struct standin_guest *guest,
		      const struct world_region *region, uint64_t address, struct error *err)
{
	cleanup_free char *what = xasprintf("%s: %s", guest->world->name, region->name);
	unsigned char *page;

	if (region->role == WORLD_BOOT_INFO) {
		page = own(standin, MUEN_PAGE);
		boot_info_write(guest->world, page);
		add_contents(standin, address, page, MUEN_PAGE, region->size, what);
	} else if (region->role == WORLD_SINFO) {
		page = own(standin, MUEN_SINFO_SIZE);
		subject_info_write(guest->world, 0, page);
		add_contents(standin, address, page, MUEN_SINFO_SIZE, region->size, what);
	} else if (region->content != REGION_FILE) {
		memory_image_fill(&standin->image, address, region->size,
				  region->content == REGION_FILL ? region->pattern : 0, what);
	} else if (region->file) {
		return add_file(standin, region, address, what, err);
	} else {
		return add_image(standin, guest, region, address, what, err);
	}
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int add_guest(struct standin_image *standin, const struct standin_layout *layout,
		     size_t number, struct error *err)
{
	const struct standin_guest *guest = &layout->guests[number];
	const struct standin_place *place = &layout->places[number];
	cleanup_free char *what = xasprintf("%s: page tables", guest->world->name);
	unsigned char *tables = own(standin, place->tables_size);

	for (size_t i = 0; i < guest->world->count; i++)
		if (!place->shared[i] && add_region(standin, guest, &guest->world->regions[i],
						    place->physical[i], err) < 0)
			return -1;
	standin_layout_tables(layout, number, tables);
	memory_image_add(&standin->image, place->tables, tables, place->tables_size, what);
	return 0;
}

/* What the kernel needs before it could say anything. */
static void add_checks(struct memory_image *image)
{
	static const struct image_cpuid_check checks[] = {
		{ .leaf = 0x80000001,
		  .value = 1u << 29 | 1u << 20,
		  .mask = 1u << 29 | 1u << 20,
		  .result = 3,
		  .message = "Muen needs a 64-bit processor with no-execute pages (NX)" },
		{ .leaf = 1,
		  .value = 7u << 24 | 1u << 9,
		  .mask = 7u << 24 | 1u << 9,
		  .result = 3,
		  .message = "Muen needs a processor with a local APIC and SSE2" },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		memory_image_check_cpuid(image, &checks[i]);
}

int standin_image_build(struct standin_image *standin, const char *kernel,
			const struct standin_guest *guests, size_t count, struct error *err)
{
	cleanup_standin_layout struct standin_layout layout = { 0 };
	struct standin_handover *handover;

	if (standin_layout_make(&layout, guests, count, err) < 0 ||
	    file_read(kernel, KERNEL_FILE_MAX, 0, &standin->kernel, err) < 0)
		return -1;
	standin->image.standin = true;
	add_checks(&standin->image);
	if (memory_image_add_kernel(&standin->image, kernel, standin->kernel.data,
				    standin->kernel.size, err) < 0)
		return -1;
	handover = own(standin, layout.handover_size);
	standin_handover_write(&layout, handover);
	memory_image_add(&standin->image, STANDIN_HANDOVER, handover, layout.handover_size,
			 "stand-in kernel: handover");
	for (size_t i = 0; i < count; i++)
		if (add_guest(standin, &layout, i, err) < 0)
			return -1;
	return memory_image_settle(&standin->image, err);
}

void standin_image_free(struct standin_image *standin)
{
	memory_image_free(&standin->image);
	bytes_free(&standin->kernel);
	for (size_t i = 0; i < standin->owned_count; i++)
		free(standin->owned[i]);
	free(standin->owned);
	*standin = (struct standin_image){ 0 };
}
