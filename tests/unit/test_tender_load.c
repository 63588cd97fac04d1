/* Loading an hvt unikernel: rules for segments, page tables, boot info, manifest. */
#include "tender/guest.h"
#include "tender/hvt/load.h"
#include "tests/unit/elf_builder.h"
#include "tests/unit/support.h"

#include <string.h>

#define MEMORY (64ull << 20)
#define NO_EXECUTE (1ull << 63)

static struct elf_image file;
static struct unikernel unikernel;
static struct hvt_image image;
static struct hvt_manifest manifest;
static struct error err;

static void setup(void)
{
	struct elf_spec spec = elf_spec_of(SOLO5_HVT);

	elf_spec_device(&spec, "service", SOLO5_NET_BASIC);
	elf_spec_device(&spec, "storage", SOLO5_BLOCK_BASIC);
	file = elf_build(&spec);
}

static void teardown(void)
{
	elf_image_free(&file);
}

/* Reads, checks and loads the file as it is now. */
static int load_with(uint64_t memory, bool ring, const char *command_line)
{
	struct hvt_setup how = { memory, ring, 2000000000, command_line, &manifest };
	int result = -1;

	err = (struct error){ 0 };
	if (unikernel_parse(&unikernel, file.bytes, file.size, &err) < 0)
		return -1;
	hvt_manifest_from(&unikernel, &manifest);
	if (hvt_check(&unikernel, &err) == 0)
		result = hvt_load(&image, &unikernel, &how, &err);
	if (result < 0)
		unikernel_free(&unikernel);
	return result;
}

static int load(void)
{
	return load_with(MEMORY, false, "--ipv4=10.0.0.2/24 hello");
}

static void unload(void)
{
	hvt_image_free(&image);
	unikernel_free(&unikernel);
}

static void assert_refused(const char *word)
{
	ck_assert_int_eq(load(), -1);
	ck_assert_msg(strstr(err.message, word), "'%s' is not in: %s", word, err.message);
}

static uint64_t word_at(uint64_t address)
{
	uint64_t value;

	memcpy(&value, image.ram.host + address, sizeof(value));
	return value;
}

/* Walks the guest's own tables; 0: not present. */
static uint64_t entry_for(uint64_t address)
{
	uint64_t pdpt = word_at(HVT_PML4) & ~0xfffull;
	uint64_t directory = word_at(pdpt + (address >> 30) * 8) & ~0xfffull;
	uint64_t entry = word_at(directory + (address >> 21 & 511) * 8);

	if (!(entry & 1) || (entry & 0x80))
		return entry;
	return word_at((entry & ~0xfffull) + (address >> 12 & 511) * 8);
}

START_TEST(copies_segments)
{
	const Elf64_Phdr *text = elf_image_program(&file, PH_TEXT);
	const Elf64_Phdr *data = elf_image_program(&file, PH_DATA);

	ck_assert_msg(load() == 0, "%s", err.message);
	ck_assert_mem_eq(image.ram.host + text->p_vaddr, file.bytes + text->p_offset,
			 text->p_filesz);
	ck_assert_mem_eq(image.ram.host + data->p_vaddr, file.bytes + data->p_offset,
			 data->p_filesz);
	ck_assert_uint_eq(image.entry, elf_image_header(&file)->e_entry);
	ck_assert_uint_eq(image.kernel_end % GUEST_PAGE, 0);
	ck_assert_uint_gt(image.kernel_end, data->p_vaddr);
	unload();
}
END_TEST

START_TEST(separates_writing_and_executing)
{
	uint64_t text = elf_image_program(&file, PH_TEXT)->p_vaddr;
	uint64_t rodata = elf_image_program(&file, PH_RODATA)->p_vaddr;
	uint64_t data = elf_image_program(&file, PH_DATA)->p_vaddr;

	ck_assert_int_eq(load(), 0);
	ck_assert_uint_eq(entry_for(text), text | 1);
	ck_assert_uint_eq(entry_for(rodata), rodata | 1 | NO_EXECUTE);
	ck_assert_uint_eq(entry_for(data), data | 3 | NO_EXECUTE);
	ck_assert_uint_eq(entry_for(MEMORY - 1) & ~0x1fffffull & ~NO_EXECUTE,
			  MEMORY - GUEST_LARGE_PAGE);
	ck_assert_uint_eq(entry_for(MEMORY - 1) & (NO_EXECUTE | 0x83), NO_EXECUTE | 0x83);
	ck_assert_uint_eq(entry_for(0), 0);
	ck_assert_uint_eq(entry_for(HVT_PML4), 0);
	ck_assert_uint_eq(entry_for(HVT_BOOT_INFO), HVT_BOOT_INFO | 1 | NO_EXECUTE);
	ck_assert_uint_eq(entry_for(0xff000), 0xff000 | 1 | NO_EXECUTE);
	ck_assert_uint_eq(entry_for(MEMORY), 0);
	/* No page of all memory is both. */
	for (uint64_t page = 0; page < MEMORY; page += GUEST_PAGE)
		ck_assert_uint_ne(entry_for(page) & (NO_EXECUTE | 2), 2);
	unload();
}
END_TEST

START_TEST(keeps_the_tender_from_writing_code)
{
	uint64_t text = elf_image_program(&file, PH_TEXT)->p_vaddr;
	uint64_t data = elf_image_program(&file, PH_DATA)->p_vaddr;

	ck_assert_int_eq(load(), 0);
	ck_assert_ptr_nonnull(guest_memory_at(&image.memory, text, 16, GUEST_READ));
	ck_assert_ptr_null(guest_memory_at(&image.memory, text, 16, GUEST_WRITE));
	ck_assert_ptr_null(guest_memory_at(&image.memory, HVT_BOOT_INFO, 8, GUEST_WRITE));
	ck_assert_ptr_nonnull(guest_memory_at(&image.memory, HVT_BOOT_INFO, 8, GUEST_READ));
	ck_assert_ptr_nonnull(guest_memory_at(&image.memory, data, 16, GUEST_WRITE));
	ck_assert_ptr_nonnull(guest_memory_at(&image.memory, MEMORY - 16, 16, GUEST_WRITE));
	ck_assert_ptr_null(guest_memory_at(&image.memory, MEMORY - 16, 17, GUEST_WRITE));
	unload();
}
END_TEST

START_TEST(writes_boot_info)
{
	struct hvt_boot_info info;
	struct hvt_manifest copy;

	ck_assert_int_eq(load(), 0);
	memcpy(&info, image.ram.host + HVT_BOOT_INFO, sizeof(info));
	ck_assert_uint_eq(info.memory_size, MEMORY);
	ck_assert_uint_eq(info.kernel_end, image.kernel_end);
	ck_assert_uint_eq(info.tsc_hz, 2000000000);
	ck_assert_str_eq((char *)image.ram.host + info.command_line, "--ipv4=10.0.0.2/24 hello");
	ck_assert_uint_eq(info.host_features, 0);
	ck_assert_uint_eq(info.net_ring, 0);
	ck_assert_uint_eq(info.manifest % 8, 0);
	memcpy(&copy, image.ram.host + info.manifest, 8 + 3 * sizeof(copy.entry[0]));
	ck_assert_uint_eq(copy.version, 1);
	ck_assert_uint_eq(copy.entries, 3);
	ck_assert_uint_eq(copy.entry[0].type, HVT_RESERVED_FIRST);
	ck_assert_str_eq(copy.entry[1].name, "service");
	ck_assert_uint_eq(copy.entry[1].type, SOLO5_NET_BASIC);
	ck_assert_str_eq(copy.entry[2].name, "storage");
	ck_assert_uint_eq(copy.entry[1].host | copy.entry[2].host, 0);
	unload();
}
END_TEST

START_TEST(puts_the_ring_above_memory)
{
	struct hvt_boot_info info;

	ck_assert_int_eq(load_with(MEMORY, true, ""), 0);
	memcpy(&info, image.ram.host + HVT_BOOT_INFO, sizeof(info));
	ck_assert_uint_eq(info.memory_size, MEMORY);
	ck_assert_uint_eq(info.host_features, HVT_FEATURE_RING);
	ck_assert_uint_eq(info.net_ring, MEMORY);
	ck_assert_ptr_eq(image.ring, image.ram.host + MEMORY);
	ck_assert_uint_eq(entry_for(MEMORY), MEMORY | 0x83 | NO_EXECUTE);
	/* The ring is no place for buffers. */
	ck_assert_ptr_null(guest_memory_at(&image.memory, MEMORY, 8, GUEST_READ));
	ck_assert_ptr_null(guest_memory_at(&image.memory, MEMORY - 8, 16, GUEST_READ));
	unload();
}
END_TEST

START_TEST(counts_memory_as_solo5_does)
{
	static const struct {
		uint64_t wanted;
		bool ring;
		uint64_t size;
	} cases[] = {
		{ 0, false, 2 << 20 },
		{ 3 << 20, false, 2 << 20 },
		{ 512 << 20, true, 512 << 20 },
		{ 4096ull << 20, false, 4096ull << 20 },
		{ 4096ull << 20, true, 4094ull << 20 },
	};
	uint64_t size;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(hvt_memory_size(cases[i].wanted, cases[i].ring, &size, &err), 0);
		ck_assert_uint_eq(size, cases[i].size);
	}
	ck_assert_int_eq(hvt_memory_size((4096ull << 20) + 1, false, &size, &err), -1);
	ck_assert_int_eq(hvt_memory_size(UINT64_MAX, false, &size, &err), -1);
}
END_TEST

START_TEST(takes_four_gib)
{
	ck_assert_msg(load_with(HVT_MEMORY_MAX, false, "") == 0, "%s", err.message);
	ck_assert_uint_eq(entry_for(HVT_MEMORY_MAX - 1),
			  (HVT_MEMORY_MAX - GUEST_LARGE_PAGE) | 0x83 | NO_EXECUTE);
	unload();
}
END_TEST

START_TEST(refuses_other_targets)
{
	const struct guest_setup setup = { .unikernel = &unikernel };

	elf_image_patch(&file, file.note_abi + 20, 4, SOLO5_SPT);
	ck_assert_int_eq(unikernel_parse(&unikernel, file.bytes, file.size, &err), 0);
	ck_assert_ptr_null(guest_new(&setup, &err));
	ck_assert_msg(strstr(err.message, "target spt (number 2)") != NULL, "%s", err.message);
	unikernel_free(&unikernel);
}
END_TEST

START_TEST(refuses_other_versions)
{
	elf_image_patch(&file, file.note_abi + 24, 4, 1);
	assert_refused("version 1 of the hvt ABI");
	elf_image_patch(&file, file.note_abi + 24, 4, 3);
	assert_refused("version 3 of the hvt ABI");
}
END_TEST

START_TEST(refuses_bad_headers)
{
	elf_image_header(&file)->e_type = ET_DYN;
	assert_refused("ET_EXEC");
	elf_image_header(&file)->e_type = ET_EXEC;
	elf_image_header(&file)->e_machine = EM_AARCH64;
	assert_refused("x86-64");
	elf_image_header(&file)->e_machine = EM_X86_64;
	elf_image_header(&file)->e_entry = elf_image_program(&file, PH_DATA)->p_vaddr;
	assert_refused("entry point");
	elf_image_header(&file)->e_entry = UINT64_MAX;
	assert_refused("entry point");
}
END_TEST

static void segment_case(uint64_t *field, uint64_t value, const char *word)
{
	uint64_t before = *field;

	*field = value;
	assert_refused(word);
	*field = before;
}

START_TEST(refuses_bad_segments)
{
	Elf64_Phdr *text = elf_image_program(&file, PH_TEXT);
	Elf64_Phdr *rodata = elf_image_program(&file, PH_RODATA);
	Elf64_Phdr *data = elf_image_program(&file, PH_DATA);
	Elf64_Phdr *bss = elf_image_program(&file, PH_BSS);

	segment_case(&text->p_vaddr, 0xff000, "below 0x100000");
	segment_case(&text->p_align, 0x200000, "below 0x100000");
	segment_case(&text->p_align, 0, "power of two");
	segment_case(&text->p_align, 0x3000, "power of two");
	segment_case(&text->p_align, 1, "pages of 4 KiB");
	segment_case(&rodata->p_vaddr, text->p_vaddr, "overlaps");
	segment_case(&data->p_memsz, data->p_filesz - 1, "more than its");
	segment_case(&data->p_memsz, MEMORY, "beyond the guest's memory");
	segment_case(&data->p_vaddr, MEMORY, "beyond the guest's memory");
	segment_case(&data->p_align, 1ull << 63, "below 0x100000");
	segment_case(&bss->p_memsz, MEMORY, "beyond the guest's memory");
	text->p_flags = PF_R | PF_W | PF_X;
	assert_refused("writable and executable");
}
END_TEST

START_TEST(takes_segments_without_bytes_as_memory)
{
	/* Even where one lies at 0: thread-local data of a guest that has none. */
	ck_assert_uint_eq(elf_image_program(&file, PH_EMPTY)->p_filesz, 0);
	ck_assert_int_eq(load(), 0);
	ck_assert_uint_le(image.kernel_end, elf_image_program(&file, PH_BSS)->p_vaddr +
						    elf_image_program(&file, PH_BSS)->p_memsz);
	unload();
}
END_TEST

START_TEST(limits_the_command_line)
{
	char text[HVT_COMMAND_LINE_MAX + 2];

	memset(text, 'x', sizeof(text));
	text[HVT_COMMAND_LINE_MAX] = '\0';
	ck_assert_int_eq(load_with(MEMORY, false, text), 0);
	unload();
	text[HVT_COMMAND_LINE_MAX] = 'x';
	text[HVT_COMMAND_LINE_MAX + 1] = '\0';
	ck_assert_int_eq(load_with(MEMORY, false, text), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "too long"));
}
END_TEST

START_TEST(starts_the_cpu_as_the_abi_says)
{
	struct vm_registers registers;

	ck_assert_int_eq(load(), 0);
	hvt_entry_state(&image, &registers);
	ck_assert_uint_eq(registers.rip, image.entry);
	ck_assert_uint_eq(registers.gpr[VM_RDI], 0x10000);
	ck_assert_uint_eq(registers.gpr[VM_RSP], MEMORY - 8);
	ck_assert_uint_eq(registers.rflags, 2);
	ck_assert_uint_eq(registers.cr0, 0x80010021);
	ck_assert_uint_eq(registers.cr3, 0x2000);
	ck_assert_uint_eq(registers.cr4, 0x620);
	ck_assert_uint_eq(registers.efer, 0x500 | 0x800);
	ck_assert_uint_eq(registers.gdt.base, 0x1000);
	ck_assert_uint_eq(registers.gdt.limit, 0x17);
	ck_assert_uint_eq(registers.idt.limit, 0);
	ck_assert_uint_eq(registers.cs.selector, 8);
	ck_assert_uint_eq(registers.ss.selector, 16);
	ck_assert(!registers.ldt.present);
	ck_assert_uint_eq(word_at(0x1008), 0x00af99000000ffff);
	ck_assert_uint_eq(word_at(0x1010), 0x00cf93000000ffff);
	unload();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tender_load");
	TCase *tests = tcase_create("load");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, copies_segments);
	tcase_add_test(tests, separates_writing_and_executing);
	tcase_add_test(tests, keeps_the_tender_from_writing_code);
	tcase_add_test(tests, writes_boot_info);
	tcase_add_test(tests, puts_the_ring_above_memory);
	tcase_add_test(tests, counts_memory_as_solo5_does);
	tcase_add_test(tests, takes_four_gib);
	tcase_add_test(tests, refuses_other_targets);
	tcase_add_test(tests, refuses_other_versions);
	tcase_add_test(tests, refuses_bad_headers);
	tcase_add_test(tests, refuses_bad_segments);
	tcase_add_test(tests, takes_segments_without_bytes_as_memory);
	tcase_add_test(tests, limits_the_command_line);
	tcase_add_test(tests, starts_the_cpu_as_the_abi_says);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
