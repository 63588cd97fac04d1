/* An image with the stand-in kernel: where its pieces lie, what its page tables and its handover
 * say, what cannot be made. */
#include "base/alloc.h"
#include "base/endian.h"
#include "image/standin/handover.h"
#include "image/standin_image.h"
#include "tests/unit/scratch.h"
#include "tests/unit/support.h"
#include "tests/unit/world_example.h"

#include <elf.h>
#include <string.h>

#define FILE_SIZE 0x4800u /* the example's .data begins at 0x4000 of it: the rest is zeroes */
#define KERNEL_END 0x103000u

static struct subject_world *worlds[2];
static struct standin_guest guests[2];
static struct bytes file;
static struct standin_image standin;
static struct error err;
static char *kernel;

/* A kernel as small as can be. */
static char *make_kernel(void)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		unsigned char code[16];
	} elf = { .header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					   ELFDATA2LSB, EV_CURRENT },
			      .e_type = ET_EXEC,
			      .e_machine = EM_X86_64,
			      .e_version = EV_CURRENT,
			      .e_entry = 0x100000,
			      .e_phoff = sizeof(Elf64_Ehdr),
			      .e_ehsize = sizeof(Elf64_Ehdr),
			      .e_phentsize = sizeof(Elf64_Phdr),
			      .e_phnum = 1 },
		  .segment = { .p_type = PT_LOAD,
			       .p_flags = PF_R | PF_X,
			       .p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
			       .p_vaddr = 0x100000,
			       .p_paddr = 0x100000,
			       .p_filesz = 16,
			       .p_memsz = KERNEL_END - 0x100000 } };

	return scratch_bytes("kernel", &elf, sizeof(elf));
}

static void setup(void)
{
	kernel = make_kernel();
	file = (struct bytes){ xcalloc(FILE_SIZE, 1), FILE_SIZE, 0 };
	for (size_t i = 0; i < FILE_SIZE; i++)
		file.data[i] = (unsigned char)(i / 16 + 1);
	for (size_t i = 0; i < 2; i++) {
		worlds[i] = world_example();
		guests[i] = (struct standin_guest){ worlds[i], &file };
	}
	free(worlds[1]->name);
	worlds[1]->name = xstrdup("dns");
}

static void teardown(void)
{
	standin_image_free(&standin);
	for (size_t i = 0; i < 2; i++)
		world_free(worlds[i]);
	bytes_free(&file);
	free(kernel);
}

static void settle(void)
{
	for (size_t i = 0; i < 2; i++)
		ck_assert_msg(world_settle(worlds[i], &err) == 0, "%s", err.message);
}

static void build(size_t count)
{
	settle();
	ck_assert_msg(standin_image_build(&standin, kernel, guests, count, &err) == 0, "%s",
		      err.message);
}

/* The piece that has the physical address. */
static const struct image_piece *piece_at(uint64_t address)
{
	for (size_t i = 0; i < standin.image.count; i++) {
		const struct image_piece *piece = &standin.image.pieces[i];

		if (address >= piece->address && address - piece->address < piece->size)
			return piece;
	}
	ck_abort_msg("nothing at 0x%llx", (unsigned long long)address);
}

static unsigned char byte_at(uint64_t address)
{
	const struct image_piece *piece = piece_at(address);

	return piece->bytes ? piece->bytes[address - piece->address] : piece->pattern;
}

static uint64_t word_at(uint64_t address)
{
	uint64_t word = 0;

	for (unsigned i = 8; i--;)
		word = word << 8 | byte_at(address + i);
	return word;
}

static const struct standin_handover *handover(void)
{
	const struct image_piece *piece = piece_at(STANDIN_HANDOVER);

	ck_assert_uint_eq(piece->address, STANDIN_HANDOVER);
	return (const struct standin_handover *)piece->bytes;
}

/* The entry that maps the address, 0 if none does; *page is the size of its page. */
static uint64_t entry_of(uint64_t cr3, uint64_t address, uint64_t *page)
{
	uint64_t table = cr3;

	for (unsigned shift = 39;; shift -= 9) {
		uint64_t entry = word_at(table + (address >> shift & 511) * 8);

		*page = 1ull << shift;
		if (!(entry & 1) || shift == 12 || entry & 0x80)
			return entry & 1 ? entry : 0;
		table = entry & 0xffffffffff000;
	}
}

static uint64_t physical_of(uint64_t cr3, uint64_t address)
{
	uint64_t page, entry = entry_of(cr3, address, &page);

	ck_assert_msg(entry != 0, "0x%llx is not mapped", (unsigned long long)address);
	return (entry & 0xffffffffff000 & ~(page - 1)) | (address & (page - 1));
}

/* ---- what is built -------------------------------------------------------------------------- */

START_TEST(maps_every_region)
{
	build(2);
	for (size_t i = 0; i < 2; i++) {
		uint64_t cr3 = standin_subjects(handover())[i].cr3, page;

		for (size_t j = 0; j < worlds[i]->count; j++) {
			const struct world_region *region = &worlds[i]->regions[j];
			uint64_t begin = physical_of(cr3, region->address);
			uint64_t last = region->address + region->size - 1;
			uint64_t entry = entry_of(cr3, last, &page);

			ck_assert_uint_eq(physical_of(cr3, last), begin + region->size - 1);
			ck_assert_int_eq(!!(entry & 2), region->writable);
			ck_assert_int_eq(!(entry >> 63), region->executable);
			ck_assert(entry & 4);
			piece_at(begin);
			piece_at(begin + region->size - 1);
		}
		ck_assert_uint_eq(entry_of(cr3, 0, &page), 0);
		ck_assert_uint_eq(entry_of(cr3, 0x100000, &page), 0);
		ck_assert_uint_eq(entry_of(cr3, 0xffffffff80000000, &page), 0);
	}
}
END_TEST

/* memory_image_settle() looks at overlaps of pieces. */
START_TEST(keeps_everything_apart)
{
	build(2);
	ck_assert(standin.image.standin);
	ck_assert_uint_eq(standin.image.entry, 0x100000);
	ck_assert_uint_eq(standin.image.check_count, 2);
	ck_assert_int_eq(memory_image_settle(&standin.image, &err), 0);
	for (size_t i = 0; i < standin.image.count; i++) {
		const struct image_piece *piece = &standin.image.pieces[i];

		ck_assert(piece->address + piece->size <= KERNEL_END ||
			  piece->address >= STANDIN_HANDOVER);
		ck_assert_uint_le(piece->address + piece->size, STANDIN_MEMORY_END);
	}
}
END_TEST

START_TEST(puts_contents_there)
{
	uint64_t cr3, text, data;

	build(1);
	cr3 = standin_subjects(handover())->cr3;
	text = physical_of(cr3, 0x200000);
	data = physical_of(cr3, 0x203000);
	for (uint64_t i = 0; i < 0x3000; i += 16)
		ck_assert_uint_eq(byte_at(text + i), file.data[0x1000 + i]);
	ck_assert_uint_eq(byte_at(data + 0x7ff), file.data[FILE_SIZE - 1]);
	ck_assert_uint_eq(byte_at(data + 0x800), 0);
	ck_assert_uint_eq(byte_at(data + 0xfff), 0);
	ck_assert_uint_eq(byte_at(physical_of(cr3, EXAMPLE_RAM_END - 1)), 0);
	ck_assert_uint_eq(word_at(physical_of(cr3, 0xe00000000)), 0x05006f666e69756d);
	ck_assert_uint_eq(word_at(physical_of(cr3, 0x1000)), EXAMPLE_RAM_END);
}
END_TEST

START_TEST(takes_other_files)
{
	char *path = scratch_file("table", "0123456789", 0600);
	struct world_region *region = example_region(worlds[0], ".bss");
	uint64_t at;

	region->content = REGION_FILE;
	region->file = xstrdup(path);
	region->file_offset = 4;
	build(1);
	at = physical_of(standin_subjects(handover())->cr3, 0x204000);
	ck_assert_uint_eq(byte_at(at), '4');
	ck_assert_uint_eq(byte_at(at + 5), '9');
	ck_assert_uint_eq(piece_at(at + 8)->bytes == NULL, true); /* filled up by the stream */
	ck_assert_uint_eq(byte_at(at + 0x1fff), 0);
	free(path);
}
END_TEST

START_TEST(fills)
{
	struct world_region *region = example_region(worlds[0], ".bss");

	region->content = REGION_FILL;
	region->pattern = 0xa5;
	build(1);
	ck_assert_uint_eq(byte_at(physical_of(standin_subjects(handover())->cr3, 0x205fff)), 0xa5);
}
END_TEST

/* ---- the handover
 * --------------------------------------------------------------------------------- */

START_TEST(hands_over)
{
	const struct standin_subject *subjects;
	const char *what;

	worlds[1]->exit_event = 3;
	build(2);
	ck_assert_msg(standin_handover_check(handover(), &what), "%s", what);
	ck_assert_uint_eq(handover()->subject_count, 2);
	subjects = standin_subjects(handover());
	for (size_t i = 0; i < 2; i++) {
		const struct standin_subject *subject = &subjects[i];
		const struct standin_region *regions = standin_regions(handover(), subject);

		ck_assert_str_eq(standin_text(handover(), subject->name), worlds[i]->name);
		ck_assert_uint_eq(subject->entry, 0x200020);
		ck_assert_uint_eq(subject->stack, EXAMPLE_RAM_END - 8);
		ck_assert_uint_eq(subject->boot_info, 0x1000);
		ck_assert_int_eq(subject->exit_event, i ? 3 : -1);
		ck_assert_uint_eq(subject->log_address, 0xffff00000);
		ck_assert_uint_eq(subject->log_size, 0x20000);
		ck_assert_uint_eq(subject->log, physical_of(subject->cr3, 0xffff00000));
		ck_assert_uint_eq(subject->schedule, physical_of(subject->cr3, 0xe00008000));
		ck_assert_uint_eq(subject->time_info, physical_of(subject->cr3, 0xfffd00000));
		ck_assert_uint_eq(subject->region_count, worlds[i]->count);
		for (size_t j = 0; j < worlds[i]->count; j++) {
			const struct world_region *region = &worlds[i]->regions[j];

			ck_assert_uint_eq(regions[j].address, region->address);
			ck_assert_uint_eq(regions[j].size, region->size);
			ck_assert_uint_eq(regions[j].access,
					  (region->writable ? STANDIN_WRITABLE : 0u) |
						  (region->executable ? STANDIN_EXECUTABLE : 0u));
			ck_assert_str_eq(standin_text(handover(), regions[j].name), region->name);
			ck_assert_str_eq(standin_text(handover(), regions[j].origin),
					 region->origin);
		}
	}
}
END_TEST

static void is_inside(const struct standin_handover *copy, uint32_t offset)
{
	ck_assert_uint_lt(offset, copy->size);
	ck_assert_uint_lt(offset + strlen(standin_text(copy, offset)), copy->size);
}

/* Looks at all that the kernel looks at. */
static void use(const struct standin_handover *copy)
{
	for (uint32_t i = 0; i < copy->subject_count; i++) {
		const struct standin_subject *subject = &standin_subjects(copy)[i];

		is_inside(copy, subject->name);
		ck_assert_uint_lt(subject->cr3, STANDIN_MEMORY_END);
		ck_assert_uint_le(subject->log + subject->log_size, STANDIN_MEMORY_END);
		for (uint32_t j = 0; j < subject->region_count; j++) {
			is_inside(copy, standin_regions(copy, subject)[j].name);
			is_inside(copy, standin_regions(copy, subject)[j].origin);
		}
	}
}

/* Whatever one byte of it becomes, the kernel refuses it or stays inside. */
START_TEST(handover_is_checked)
{
	unsigned char *copy;
	unsigned refused = 0;
	const char *what;
	size_t size;

	build(2);
	size = handover()->size;
	copy = malloc(size);
	for (size_t i = 0; i < size; i++) {
		if (i >= offsetof(struct standin_handover, size) &&
		    i < offsetof(struct standin_handover, size) + 4)
			continue; /* how much memory there is, it cannot know */
		memcpy(copy, handover(), size);
		copy[i] ^= 0xff;
		if (standin_handover_check((struct standin_handover *)copy, &what))
			use((struct standin_handover *)copy);
		else
			refused++;
	}
	ck_assert_uint_gt(refused, 100);
	memcpy(copy, handover(), size);
	put_le32(copy + offsetof(struct standin_handover, size), (uint32_t)size - 2);
	ck_assert(!standin_handover_check((struct standin_handover *)copy, &what));
	/* A log of no page would be divided by. */
	for (uint64_t log_size = 0; log_size <= MUEN_PAGE; log_size += MUEN_PAGE / 2) {
		memcpy(copy, handover(), size);
		put_le64(copy + handover()->subjects + offsetof(struct standin_subject, log_size),
			 log_size);
		ck_assert_int_eq(standin_handover_check((struct standin_handover *)copy, &what),
				 log_size == MUEN_PAGE);
	}
	free(copy);
}
END_TEST

START_TEST(cuts_long_origins)
{
	struct world_region *region = example_region(worlds[0], "text");
	const char *what;

	free(region->origin);
	region->origin = xcalloc(5001, 1);
	memset(region->origin, 'x', 5000);
	build(1);
	ck_assert_msg(standin_handover_check(handover(), &what), "%s", what);
	ck_assert_uint_lt(handover()->size, 5000);
}
END_TEST

/* ---- memory that subjects share
 * ------------------------------------------------------------------- */

static void share(const char *one, const char *other)
{
	example_region(worlds[0], one)->physical = xstrdup("link");
	example_region(worlds[1], other)->physical = xstrdup("link");
}

START_TEST(shares_memory)
{
	const struct standin_subject *subjects;

	share("net|out", "net|in");
	build(2);
	subjects = standin_subjects(handover());
	ck_assert_uint_eq(physical_of(subjects[0].cr3, 0x316000),
			  physical_of(subjects[1].cr3, 0x306000));
	ck_assert_uint_ne(physical_of(subjects[0].cr3, 0x306000),
			  physical_of(subjects[1].cr3, 0x316000));
}
END_TEST

/* ---- what cannot be made
 * --------------------------------------------------------------------------- */

static void refused(enum error_kind kind, const char *word, const char *mend)
{
	ck_assert_int_eq(standin_image_build(&standin, kernel, guests, 2, &err), -1);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_msg(strstr(err.message, word) != NULL, "no '%s' in: %s", word, err.message);
	ck_assert_msg(strstr(err.mend, mend) != NULL, "no '%s' in: %s", mend, err.mend);
}

START_TEST(refuses_sizes_that_differ)
{
	share("net|out", "net|in");
	example_region(worlds[1], "net|in")->size -= 0x1000;
	settle();
	refused(ERR_INPUT, "the memory 'link' is 0xf000 bytes as 'net|in' of dns", "same size");
}
END_TEST

START_TEST(refuses_too_much)
{
	const uint64_t more = 3ull << 30;

	example_region(worlds[1], "ram")->size += more;
	example_region(worlds[1], "net|in")->address += more;
	example_region(worlds[1], "net|out")->address += more;
	worlds[1]->stack += more;
	settle();
	refused(ERR_INPUT, "dns: with this subject the memory of all subjects ends at", "less RAM");
}
END_TEST

START_TEST(refuses_contents_outside)
{
	example_region(worlds[1], ".data")->file_offset = FILE_SIZE;
	settle();
	refused(ERR_INPUT, "'.data' (component_web.xml:64) begins at offset 0x4800", "made with");
}
END_TEST

START_TEST(refuses_files)
{
	char *path = scratch_file("short", "0123", 0600);
	struct world_region *region;

	settle();
	region = example_region(worlds[0], ".data");
	region->file = scratch_path("missing");
	refused(ERR_NO_INPUT, "missing", "");
	standin_image_free(&standin);
	free(region->file);
	region->file = path;
	region->file_offset = 4;
	refused(ERR_INPUT, "the file has only 0x4 bytes", "made with");
}
END_TEST

START_TEST(refuses_kernels)
{
	settle();
	free(kernel);
	kernel = scratch_path("missing");
	refused(ERR_NO_INPUT, "missing", "");
	standin_image_free(&standin);
	free(kernel);
	kernel = scratch_file("text", "this is no kernel", 0600);
	refused(ERR_INPUT, "text", "");
}
END_TEST

START_TEST(refuses_nobody)
{
	ck_assert_int_eq(standin_image_build(&standin, kernel, guests, 0, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_int_eq(standin_image_build(&standin, kernel, guests, 256, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "1 to 255 subjects, these are 256"));
	ck_assert_msg(*err.mend, "no mend");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("standin_image");
	TCase *tests = tcase_create("image");

	tcase_add_unchecked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, maps_every_region);
	tcase_add_test(tests, keeps_everything_apart);
	tcase_add_test(tests, puts_contents_there);
	tcase_add_test(tests, takes_other_files);
	tcase_add_test(tests, fills);
	tcase_add_test(tests, hands_over);
	tcase_add_test(tests, handover_is_checked);
	tcase_add_test(tests, cuts_long_origins);
	tcase_add_test(tests, shares_memory);
	tcase_add_test(tests, refuses_sizes_that_differ);
	tcase_add_test(tests, refuses_too_much);
	tcase_add_test(tests, refuses_contents_outside);
	tcase_add_test(tests, refuses_files);
	tcase_add_test(tests, refuses_kernels);
	tcase_add_test(tests, refuses_nobody);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
