#include "tender/hvt/boot.h"

#include <string.h>

/* Intel SDM vol. 3, 4.5. */
#define PTE_PRESENT 1ull
#define PTE_WRITABLE 2ull
#define PTE_LARGE 0x80ull
#define PTE_NO_EXECUTE (1ull << 63)

#define ENTRIES 512
#define DIRECTORIES 4
#define TABLES_LOW ((HVT_BOOT_INFO - HVT_TABLES) / GUEST_PAGE)
/* Boot info, the largest manifest and the longest command line end well below this. */
#define TABLES_HIGH 0x20000ull
#define TABLES_MAX (TABLES_LOW + (HVT_IMAGE - TABLES_HIGH) / GUEST_PAGE)

_Static_assert(HVT_BOOT_INFO + sizeof(struct hvt_boot_info) + sizeof(struct hvt_manifest) +
			       HVT_COMMAND_LINE_MAX + 1 <=
		       TABLES_HIGH,
	       "boot info runs into the page tables");

static void put_entry(struct guest_ram *ram, uint64_t table, size_t index, uint64_t value)
{
	memcpy(ram->host + table + index * sizeof(value), &value, sizeof(value));
}

static uint64_t permission_bits(const struct hvt_range *range)
{
	switch (range->permission) {
	case HVT_RANGE_READ:
		return PTE_PRESENT | PTE_NO_EXECUTE;
	case HVT_RANGE_WRITE:
		return PTE_PRESENT | PTE_WRITABLE | PTE_NO_EXECUTE;
	case HVT_RANGE_EXECUTE:
		return PTE_PRESENT;
	case HVT_RANGE_NONE:
	default:
		return 0;
	}
}

/* Walks the ranges upwards. */
struct walk {
	const struct hvt_range *range;
};

static const struct hvt_range *range_at(struct walk *walk, uint64_t address)
{
	while (address >= walk->range->end)
		walk->range++;
	return walk->range;
}

/* The n-th page table: first those below boot info, then down from the image. */
static uint64_t table_address(size_t number)
{
	if (number < TABLES_LOW)
		return HVT_TABLES + number * GUEST_PAGE;
	return HVT_IMAGE - (number - TABLES_LOW + 1) * GUEST_PAGE;
}

static void fill_table(struct guest_ram *ram, struct walk *walk, uint64_t table, uint64_t block)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		uint64_t page = block + i * GUEST_PAGE;
		uint64_t bits = permission_bits(range_at(walk, page));

		put_entry(ram, table, i, bits ? page | bits : 0);
	}
}

/* Whether one entry of 2 MiB can map the block. */
static bool is_uniform(struct walk *walk, uint64_t block)
{
	return range_at(walk, block)->end >= block + GUEST_LARGE_PAGE;
}

static size_t count_tables(const struct hvt_range *ranges, uint64_t size)
{
	struct walk walk = { ranges };
	size_t tables = 0;

	for (uint64_t block = 0; block < size; block += GUEST_LARGE_PAGE)
		if (!is_uniform(&walk, block))
			tables++;
	return tables;
}

static void fill_directories(struct guest_ram *ram, const struct hvt_range *ranges)
{
	struct walk walk = { ranges };
	size_t tables = 0;

	for (uint64_t block = 0; block < ram->size; block += GUEST_LARGE_PAGE) {
		uint64_t entry;

		if (is_uniform(&walk, block)) {
			uint64_t bits = permission_bits(walk.range);

			entry = bits ? block | bits | PTE_LARGE : 0;
		} else {
			uint64_t table = table_address(tables++);

			fill_table(ram, &walk, table, block);
			entry = table | PTE_PRESENT | PTE_WRITABLE;
		}
		/* The directories lie one behind the other, so one index counts through. */
		put_entry(ram, HVT_DIRECTORIES, block / GUEST_LARGE_PAGE, entry);
	}
}

int hvt_write_page_tables(struct guest_ram *ram, const struct hvt_range *image, size_t count,
			  struct error *err)
{
	struct hvt_range ranges[3 + 2 * ELF_SEGMENTS_MAX + 2];
	size_t tables, high;

	if (count > sizeof(ranges) / sizeof(ranges[0]) - 3)
		return err_fail(err, ERR_INTERNAL, "%zu ranges of guest memory", count);
	ranges[0] = (struct hvt_range){ 0, HVT_BOOT_INFO, HVT_RANGE_NONE };
	ranges[1] = (struct hvt_range){ HVT_BOOT_INFO, HVT_IMAGE, HVT_RANGE_READ };
	memcpy(ranges + 2, image, count * sizeof(*image));
	tables = count_tables(ranges, ram->size);
	if (tables > TABLES_MAX) {
		err_fail(err, ERR_INPUT,
			 "its segments change permissions in %zu places that are 2 MiB apart, "
			 "at most %zu can be mapped",
			 tables, (size_t)TABLES_MAX);
		return err_mend(err, "link it with fewer segments");
	}
	/* The guest has no business in the page tables that lie behind boot info either. */
	high = tables > TABLES_LOW ? tables - TABLES_LOW : 0;
	if (high) {
		ranges[1].end = HVT_IMAGE - high * GUEST_PAGE;
		ranges[2] = (struct hvt_range){ ranges[1].end, HVT_IMAGE, HVT_RANGE_NONE };
		memcpy(ranges + 3, image, count * sizeof(*image));
	}
	fill_directories(ram, ranges);
	put_entry(ram, HVT_PML4, 0, HVT_PDPT | PTE_PRESENT | PTE_WRITABLE);
	for (size_t i = 0; i < DIRECTORIES; i++)
		put_entry(ram, HVT_PDPT, i,
			  (HVT_DIRECTORIES + i * GUEST_PAGE) | PTE_PRESENT | PTE_WRITABLE);
	return 0;
}

void hvt_write_gdt(struct guest_ram *ram)
{
	put_entry(ram, HVT_GDT, 0, 0);
	put_entry(ram, HVT_GDT, 1, 0x00af99000000ffffull);
	put_entry(ram, HVT_GDT, 2, 0x00cf93000000ffffull);
}

void hvt_write_boot_info(struct hvt_image *image, const struct hvt_setup *setup)
{
	size_t manifest_size = offsetof(struct hvt_manifest, entry) +
			       setup->manifest->entries * sizeof(setup->manifest->entry[0]);
	struct hvt_boot_info info = {
		.memory_size = image->memory_size,
		.kernel_end = image->kernel_end,
		.tsc_hz = setup->tsc_hz,
		.manifest = HVT_BOOT_INFO + sizeof(info),
		.command_line = HVT_BOOT_INFO + sizeof(info) + manifest_size,
	};

	if (image->ring) {
		info.host_features = HVT_FEATURE_RING;
		info.net_ring = image->memory_size;
	}
	memcpy(image->ram.host + HVT_BOOT_INFO, &info, sizeof(info));
	memcpy(image->ram.host + info.manifest, setup->manifest, manifest_size);
	memcpy(image->ram.host + info.command_line, setup->command_line,
	       strlen(setup->command_line) + 1);
}

/* ---- the CPU ------------------------------------------------------------------ */

#define CR0_PE (1ull << 0)
#define CR0_NE (1ull << 5)
#define CR0_WP (1ull << 16)
#define CR0_PG (1ull << 31)
#define CR4_PAE (1ull << 5)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)

void hvt_entry_state(const struct hvt_image *image, struct vm_registers *registers)
{
	const struct vm_segment code = vm_code_segment(false), data = vm_data_segment();

	*registers = (struct vm_registers){
		.rip = image->entry,
		.rflags = 2,
		.cs = code,
		.ss = data,
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.task = { .type = 11, .present = true }, /* busy TSS */
		.gdt = { HVT_GDT, 3 * 8 - 1 },
		.cr0 = CR0_PG | CR0_WP | CR0_NE | CR0_PE,
		.cr3 = HVT_PML4,
		.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT,
		.efer = EFER_LME | EFER_LMA | EFER_NXE,
	};
	registers->gpr[VM_RDI] = HVT_BOOT_INFO;
	registers->gpr[VM_RSP] = image->memory_size - 8;
}
