#include "tender/guest_memory.h"

#include "base/alloc.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int guest_memory_add(struct guest_memory *memory, const struct guest_region *region,
		     struct error *err)
{
	const struct guest_region *last =
		memory->count ? &memory->regions[memory->count - 1] : NULL;

	if (region->size == 0 || region->size > UINT64_MAX - region->address)
		return err_fail(err, ERR_INTERNAL,
				"guest region %s at 0x%" PRIx64
				" has the impossible size 0x%" PRIx64,
				region->name, region->address, region->size);
	if (last && region->address - last->address < last->size)
		return err_fail(err, ERR_INTERNAL, "guest region %s at 0x%" PRIx64 " overlaps %s",
				region->name, region->address, last->name);
	if (last && region->address < last->address)
		return err_fail(err, ERR_INTERNAL,
				"guest region %s at 0x%" PRIx64 " comes after %s", region->name,
				region->address, last->name);
	array_grow(memory->regions, memory->count);
	memory->regions[memory->count++] = *region;
	return 0;
}

void guest_memory_free(struct guest_memory *memory)
{
	free(memory->regions);
	*memory = (struct guest_memory){ 0 };
}

/* For bsearch(): where an address lies, seen from a region. */
static int address_to_region(const void *key, const void *element)
{
	const uint64_t address = *(const uint64_t *)key;
	const struct guest_region *region = element;

	if (address < region->address)
		return -1;
	return address - region->address >= region->size;
}

const struct guest_region *guest_memory_region(const struct guest_memory *memory, uint64_t address)
{
	if (!memory->count)
		return NULL;
	return bsearch(&address, memory->regions, memory->count, sizeof(*memory->regions),
		       address_to_region);
}

static bool follows(const struct guest_region *next, const struct guest_region *region)
{
	return next->address == region->address + region->size &&
	       next->host == region->host + region->size;
}

void *guest_memory_at(const struct guest_memory *memory, uint64_t address, uint64_t length,
		      enum guest_access access)
{
	const struct guest_region *region = guest_memory_region(memory, address);
	const struct guest_region *end = memory->regions + memory->count;
	uint64_t offset, available;
	void *host;

	if (!region)
		return NULL;
	offset = address - region->address;
	available = region->size - offset;
	host = region->host + offset;
	while (!(access == GUEST_WRITE && !region->writable)) {
		if (length <= available)
			return host;
		if (region + 1 == end || !follows(region + 1, region))
			return NULL;
		length -= available;
		region++;
		available = region->size;
	}
	return NULL;
}

int guest_memory_read(const struct guest_memory *memory, uint64_t address, void *to, size_t length)
{
	const void *from = guest_memory_at(memory, address, length, GUEST_READ);

	if (!from)
		return -1;
	memcpy(to, from, length);
	return 0;
}

int guest_memory_write(const struct guest_memory *memory, uint64_t address, const void *from,
		       size_t length)
{
	void *to = guest_memory_at(memory, address, length, GUEST_WRITE);

	if (!to)
		return -1;
	memcpy(to, from, length);
	return 0;
}

/* Copies into one region; a region that is not writable is mapped so as well. */
static int patch_region(const struct guest_region *region, uint64_t offset, const void *from,
			size_t length)
{
	uint64_t start = offset & ~(GUEST_PAGE - 1);
	size_t size = offset - start + length;

	if (!region->writable && mprotect(region->host + start, size, PROT_READ | PROT_WRITE) < 0)
		return -1;
	memcpy(region->host + offset, from, length);
	return region->writable ? 0 : mprotect(region->host + start, size, PROT_READ);
}

int guest_memory_patch(const struct guest_memory *memory, uint64_t address, const void *from,
		       size_t length)
{
	const unsigned char *next = from;

	if (!guest_memory_at(memory, address, length, GUEST_READ))
		return -1;
	while (length) {
		const struct guest_region *region = guest_memory_region(memory, address);
		uint64_t offset = address - region->address;
		size_t part = region->size - offset < length ? region->size - offset : length;

		if (patch_region(region, offset, next, part) < 0)
			return -1;
		address += part;
		next += part;
		length -= part;
	}
	return 0;
}

/* ---- the memory itself ------------------------------------------------------ */

int guest_ram_new(struct guest_ram *ram, uint64_t size, struct error *err)
{
	char text[32];
	uintptr_t start;

	*ram = (struct guest_ram){ .size = size };
	/* One large page more to align in, and at least a page on either side that stays
	 * inaccessible. */
	ram->mapping_size = size + 2 * GUEST_LARGE_PAGE;
	ram->mapping = mmap(NULL, ram->mapping_size, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram->mapping == MAP_FAILED) {
		ram->mapping = NULL;
		err_fail_errno(err, ERR_MISSING, errno, "cannot reserve %s for the guest",
			       size_to_text(size, text));
		return err_mend(err, "give the guest less with --mem, or raise this user's limit "
				     "on address space (ulimit -v)");
	}
	start = ((uintptr_t)ram->mapping + GUEST_PAGE + GUEST_LARGE_PAGE - 1) &
		~(uintptr_t)(GUEST_LARGE_PAGE - 1);
	ram->host = (unsigned char *)start;
	if (mprotect(ram->host, size, PROT_READ | PROT_WRITE) < 0) {
		err_fail_errno(err, ERR_MISSING, errno, "cannot open %s for the guest",
			       size_to_text(size, text));
		guest_ram_free(ram);
		return err_mend(err, "give the guest less with --mem");
	}
	return 0;
}

void guest_ram_free(struct guest_ram *ram)
{
	if (ram->mapping)
		munmap(ram->mapping, ram->mapping_size);
	*ram = (struct guest_ram){ 0 };
}
