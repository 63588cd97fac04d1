#include "tender/muen/load.h"

#include "base/alloc.h"
#include "base/file.h"
#include "subject/clock_pages.h"
#include "subject/paging.h"
#include "subject/subject_info.h"
#include "tender/muen/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A world on its way into memory. */
struct loader {
	struct muen_image *image;
	const struct subject_world *world;
	const struct bytes *binary;
	uint64_t tsc_hz;
};

/* ---- places -------------------------------------------------------------------------- */

unsigned char *muen_host(const struct muen_image *image, const struct subject_world *world,
			 const struct world_region *region)
{
	return image->ram.host + image->physical[region - world->regions];
}

/* Everything but the scheduling info has memory, behind its page. Returns the end. */
static uint64_t place(struct loader *loader)
{
	const struct subject_world *world = loader->world;
	cleanup_free bool *leave = xcalloc(world->count, sizeof(*leave));
	uint64_t *physical = xcalloc(world->count, sizeof(*physical));

	for (size_t i = 0; i < world->count; i++) {
		leave[i] = world->regions[i].role == WORLD_SCHEDULE;
		physical[i] = MUEN_SCHEDULE_PHYSICAL;
	}
	loader->image->physical = physical;
	return world_place(world, MUEN_SCHEDULE_PHYSICAL + MUEN_PAGE, leave, physical);
}

static struct paging_mapping *make_mappings(const struct loader *loader)
{
	const struct subject_world *world = loader->world;
	struct paging_mapping *mappings = xcalloc(world->count, sizeof(*mappings));

	for (size_t i = 0; i < world->count; i++) {
		const struct world_region *region = &world->regions[i];

		mappings[i] = (struct paging_mapping){
			.address = region->address,
			.physical = loader->image->physical[i],
			.size = region->size,
			.writable = region->writable,
			.executable = region->executable,
		};
	}
	return mappings;
}

static int make_memory(struct loader *loader, struct error *err)
{
	struct muen_image *image = loader->image;
	const uint64_t end = place(loader);
	cleanup_free struct paging_mapping *mappings = make_mappings(loader);
	const uint64_t size = paging_size(mappings, loader->world->count);

	if (guest_ram_new(&image->ram, end + size, err) < 0)
		return -1;
	image->tables = end;
	/* They stay writable for the host: to nested paging every walk through them is a write. */
	paging_write(mappings, loader->world->count, end, image->ram.host + end);
	return 0;
}

/* ---- contents ------------------------------------------------------------------------- */

static int too_short(const struct world_region *region, const char *file, uint64_t size,
		     struct error *err)
{
	return err_fail(err, ERR_INPUT,
			"region '%s' (%s) is filled from offset 0x%" PRIx64 " of %s, which has "
			"%" PRIu64 " bytes: %" PRIu64 " more were expected",
			region->name, region->origin, region->file_offset, file, size,
			region->size);
}

/* Whether the region's bytes lie in a file of that size. */
static bool fits(const struct world_region *region, uint64_t size)
{
	return region->file_offset <= size && region->size <= size - region->file_offset;
}

static int fill_from_file(const struct loader *loader, const struct world_region *region,
			  unsigned char *to, struct error *err)
{
	const char *unikernel = loader->world->unikernel;
	cleanup_close int fd = -1;
	uint64_t size;

	if (!region->file) {
		if (!fits(region, loader->binary->size))
			return too_short(region, unikernel ? unikernel : "the unikernel",
					 loader->binary->size, err);
		memcpy(to, loader->binary->data + region->file_offset, region->size);
		return 0;
	}
	fd = file_open(region->file, WORLD_MEMORY_MAX, &size, err);
	if (fd < 0)
		return err_within(err, "region '%s' (%s)", region->name, region->origin);
	if (!fits(region, size))
		return too_short(region, region->file, size, err);
	return file_pread(fd, region->file, to, region->size, region->file_offset, err);
}

static void write_time_info(unsigned char *page)
{
	const struct time_info info = { .base = muen_time_base(), .rate = MUEN_TICK_RATE };

	memcpy(page, &info, sizeof(info));
}

/* The event solo5_exit would be caused by a VMCALL, which hosts swallow or choke on: without it
 * Solo5 ends with HLT. */
static void write_subject_info(const struct loader *loader, unsigned char *page)
{
	struct subject_world world = *loader->world;

	world.exit_event = -1;
	subject_info_write(&world, (uint32_t)(loader->tsc_hz / 1000), page);
}

static int fill(const struct loader *loader, const struct world_region *region, struct error *err)
{
	unsigned char *to = muen_host(loader->image, loader->world, region);

	switch (region->role) {
	case WORLD_BOOT_INFO:
		boot_info_write(loader->world, to);
		return 0;
	case WORLD_SINFO:
		write_subject_info(loader, to);
		return 0;
	case WORLD_TIME_INFO:
		write_time_info(to);
		return 0;
	case WORLD_SCHEDULE:
		return 0;
	default:
		break;
	}
	if (region->content == REGION_FILE)
		return fill_from_file(loader, region, to, err);
	if (region->content == REGION_FILL && region->pattern)
		memset(to, region->pattern, region->size);
	return 0;
}

/* What the tender itself looks after is never shared. */
static bool is_shared(const struct world_region *region)
{
	return region->shared_fd >= 0 &&
	       (region->role == WORLD_CHANNEL || region->role == WORLD_MEMORY);
}

/* Memory that another process has as well, in the place of ours. */
static int share(const struct loader *loader, const struct world_region *region, struct error *err)
{
	unsigned char *to = muen_host(loader->image, loader->world, region);
	int protection = PROT_READ | (region->writable ? PROT_WRITE : 0);
	struct stat status;

	if (fstat(region->shared_fd, &status) < 0)
		return err_fail_errno(err, ERR_MISSING, errno,
				      "region '%s' (%s): descriptor %d is no shared memory",
				      region->name, region->origin, region->shared_fd);
	if (status.st_size < 0 || (uint64_t)status.st_size != region->size)
		return err_fail(err, ERR_INPUT,
				"region '%s' (%s): the shared memory has %lld bytes, %" PRIu64
				" were expected",
				region->name, region->origin, (long long)status.st_size,
				region->size);
	if (mmap(to, region->size, protection, MAP_SHARED | MAP_FIXED, region->shared_fd, 0) ==
	    MAP_FAILED)
		return err_fail_errno(err, ERR_MISSING, errno,
				      "region '%s' (%s): cannot map the shared memory",
				      region->name, region->origin);
	return 0;
}

/* ---- protection ------------------------------------------------------------------------- */

/* What the tender itself writes while the guest runs. */
static bool stays_open(const struct world_region *region)
{
	return region->writable || region->role == WORLD_TIME_INFO ||
	       region->role == WORLD_SCHEDULE || region->role == WORLD_CHANNEL;
}

/* The second line behind the page tables, for a guest that loads others; also the map for the
 * tender's own accesses. */
static int protect(struct loader *loader, const struct world_region *region, struct error *err)
{
	struct guest_region own = {
		.address = region->address,
		.size = region->size,
		.host = muen_host(loader->image, loader->world, region),
		.writable = region->writable,
		.name = region->name,
	};

	if (!is_shared(region) && !stays_open(region) &&
	    mprotect(own.host, own.size, PROT_READ) < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "cannot protect the region '%s'",
				      region->name);
	return guest_memory_add(&loader->image->memory, &own, err);
}

/* Large pages help a heap; the stack's first pages are better served by small ones. */
static void advise_large_pages(const struct loader *loader)
{
	const struct world_region *ram = world_region_of(loader->world, WORLD_RAM);
	uintptr_t start, end;

	if (!ram || ram->size <= 2 * GUEST_LARGE_PAGE)
		return;
	start = (uintptr_t)muen_host(loader->image, loader->world, ram);
	end = start + ram->size - GUEST_LARGE_PAGE;
	start = (start + GUEST_LARGE_PAGE - 1) & ~(uintptr_t)(GUEST_LARGE_PAGE - 1);
	if (start < end)
		(void)madvise((void *)start, end - start, MADV_HUGEPAGE);
}

static int load(struct loader *loader, struct error *err)
{
	const struct subject_world *world = loader->world;

	if (make_memory(loader, err) < 0)
		return -1;
	for (size_t i = 0; i < world->count; i++) {
		const struct world_region *region = &world->regions[i];

		if ((is_shared(region) ? share(loader, region, err) : fill(loader, region, err)) <
			    0 ||
		    protect(loader, region, err) < 0)
			return -1;
	}
	advise_large_pages(loader);
	return 0;
}

int muen_load(struct muen_image *image, const struct subject_world *world,
	      const struct bytes *binary, uint64_t tsc_hz, struct error *err)
{
	struct loader loader = { image, world, binary, tsc_hz };

	*image = (struct muen_image){ 0 };
	if (load(&loader, err) == 0)
		return 0;
	muen_image_free(image);
	return -1;
}

void muen_image_free(struct muen_image *image)
{
	guest_memory_free(&image->memory);
	guest_ram_free(&image->ram);
	free(image->physical);
	*image = (struct muen_image){ 0 };
}

int muen_map(const struct muen_image *image, struct vm *vm, struct error *err)
{
	const uint64_t start = MUEN_SCHEDULE_PHYSICAL + MUEN_PAGE;

	return vm_map(vm, start, image->ram.host + start, image->ram.size - start, err);
}

/* ---- the CPU ------------------------------------------------------------------------------ */

/* As Muen's profile `native` has it, without VMXE, which no guest of KVM has. */
#define CR0_NATIVE 0x80010033ull /* PG WP NE ET MP PE */
#define CR4_NATIVE 0x660ull	 /* OSXMMEXCPT OSFXSR MCE PAE */
#define EFER_NATIVE 0xd00ull	 /* NXE LMA LME */

void muen_entry_state(const struct subject_world *world, const struct muen_image *image,
		      struct vm_registers *registers)
{
	const struct vm_segment code = vm_code_segment(true), data = vm_data_segment();

	*registers = (struct vm_registers){
		.rip = world->entry,
		.rflags = 2,
		.cs = code,
		.ss = data,
		.ds = data,
		.es = data,
		.task = { .selector = 0x18, .limit = 0xffff, .type = 11, .present = true },
		.cr0 = CR0_NATIVE,
		.cr3 = image->tables,
		.cr4 = CR4_NATIVE,
		.efer = EFER_NATIVE,
	};
	registers->gpr[VM_RDI] = world->boot_info;
	registers->gpr[VM_RSP] = world->stack;
}
