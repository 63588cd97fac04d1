/* What a conversion makes of a sound unikernel: Muen's own documents, element for element, and the
 * rules behind them. */
#include "base/alloc.h"
#include "tests/unit/conversion.h"
#include "tests/unit/support.h"
#include "tests/unit/xml_compare.h"

#include <stdio.h>
#include <string.h>

static const struct component *convert(struct conversion *conversion)
{
	const struct component *component = conversion_run(conversion);

	ck_assert_msg(component != NULL, "%s", conversion->err.message);
	return component;
}

static struct xml_document *document_of(const struct component *component)
{
	struct error err = { 0 };
	struct xml_document *document =
		xml_parse("component", component->document, strlen(component->document), &err);

	ck_assert_msg(document != NULL, "%s", err.message);
	return document;
}

static void check_region(const struct component *component, const char *name, uint64_t address,
			 uint64_t size, const char *access)
{
	const struct component_region *region = component_region_named(component, name);

	ck_assert_msg(region != NULL, "no region '%s'", name);
	ck_assert_uint_eq(region->address, address);
	ck_assert_uint_eq(region->size, size);
	ck_assert_int_eq(region->writable, access[1] == 'w');
	ck_assert_int_eq(region->executable, access[2] == 'x');
}

/* ---- Muen's own documents ------------------------------------------------ */

static void check_golden(struct conversion *conversion, const char *golden)
{
	const char *path = shared_path(golden);
	cleanup_xml struct xml_document *expected = NULL, *found = NULL;
	cleanup_free char *difference = NULL;
	struct error err = { 0 };

	if (!path) {
		printf("# SKIP no %s\n", golden);
		return;
	}
	expected = xml_read(path, &err);
	ck_assert_msg(expected != NULL, "%s", err.message);
	found = document_of(convert(conversion));
	difference = xml_difference(xml_root(expected), xml_root(found));
	ck_assert_msg(!difference, "%s", difference);
}

START_TEST(test_golden_hello)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.options.file = "test_hello.muen";
	c.options.bootparams = "Hi!";
	check_golden(&c, "golden/mirage-solo5-hello-noreset/01-component_unikernel.xml");
}
END_TEST

START_TEST(test_golden_net)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	elf_spec_device(&c.spec, "service0", SOLO5_NET_BASIC);
	c.options.file = "test_net.muen";
	c.options.bootparams = "limit";
	c.options.resettable = true;
	check_golden(&c, "golden/mirage-solo5-net-reset/01-component_unikernel.xml");
}
END_TEST

/* ---- the rules ----------------------------------------------------------- */

START_TEST(test_model)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	const struct component *component = convert(&c);

	ck_assert_str_eq(component->name, "unikernel");
	ck_assert(!component->resettable);
	ck_assert_str_eq(component->bootparams, "");
	ck_assert_uint_eq(component->region_count, 6);
	check_region(component, "boot_info", 0x1000, 0x1000, "r--");
	check_region(component, "text", 0x200000, 0x5000, "r-x");
	check_region(component, ".note.solo5.manifest+.note.solo5.abi+.note.solo5.no..", 0x205000,
		     0x2000, "r--");
	check_region(component, ".data", 0x207000, 0x1000, "rw-");
	check_region(component, ".tdata+.bss|fill", 0x208000, 0x5000, "rw-");
	check_region(component, "ram", 0x20d000, 512 << 20, "rw-");
	ck_assert_uint_eq(component->channel_count, 0);
	ck_assert_ptr_null(component_region_named(component, "rom"));
	ck_assert_uint_eq(c.findings.count, 0);
}
END_TEST

/* What was written is read back as it was. */
START_TEST(test_document_reads_back)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	cleanup_component struct component *again = NULL;
	const struct component *component;
	struct error err = { 0 };

	elf_spec_device(&c.spec, "wan", SOLO5_NET_BASIC);
	c.options.bootparams = "--a='\"<&>'  x";
	component = convert(&c);
	again = component_parse("again", component->document, strlen(component->document), &err);
	ck_assert_msg(again != NULL, "%s", err.message);
	ck_assert_str_eq(again->document, component->document);
	ck_assert_str_eq(again->bootparams, "--a='\"<&>'  x");
	ck_assert_uint_eq(again->region_count, component->region_count);
	ck_assert_uint_eq(again->channel_count, 2);
	ck_assert_uint_eq(again->regions[1].content, REGION_FILE);
	ck_assert_uint_eq(again->regions[1].file_offset, 0x1000);
}
END_TEST

/* Muen's own composer muddles names that end in i, n or |. */
START_TEST(test_device_names)
{
	static const char *const names[] = { "wan", "in", "eni", "n" };
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	const struct component *component;
	size_t position = 0;

	for (size_t i = 0; i < 4; i++)
		elf_spec_device(&c.spec, names[i], SOLO5_NET_BASIC);
	component = convert(&c);
	for (size_t i = 0; i < 4; i++) {
		struct component_device device;

		ck_assert(component_next_device(component, &position, &device));
		ck_assert_str_eq(device.name, names[i]);
		ck_assert(!device.in->writer);
		ck_assert(device.out->writer);
	}
	ck_assert_ptr_null(component_stray_channel(component));
}
END_TEST

/* Muen's own converter wrote 16##. */
START_TEST(test_zero_offset)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	conversion_build(&c);
	elf_image_program(&c.image, PH_DATA)->p_offset = 0;
	elf_image_program(&c.image, PH_DATA)->p_filesz = 0x1000;
	elf_image_program(&c.image, PH_DATA)->p_memsz = 0x1000;
	ck_assert_ptr_nonnull(strstr(convert(&c)->document, "offset=\"16#0000#\""));
}
END_TEST

static void count_devices(size_t count)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	char names[SOLO5_DEVICES_MAX][8];
	const struct component *component;

	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "net%zu", i);
		elf_spec_device(&c.spec, names[i], SOLO5_NET_BASIC);
	}
	component = convert(&c);
	ck_assert_uint_eq(component->channel_count, 2 * count);
	/* Reader, writer, reader, writer, one behind the other from the end of RAM. */
	for (size_t i = 0; i < 2 * count; i++) {
		const struct component_channel *channel = &component->channels[i];

		ck_assert_uint_eq(channel->size, 1 << 20);
		ck_assert_int_eq(channel->writer, i % 2);
		ck_assert(channel->placed);
		ck_assert_uint_eq(channel->address, component->channels[0].address + (i << 20));
	}
	ck_assert_int_eq(strstr(component->document, "<channels>") != NULL, count > 0);
}

START_TEST(test_device_counts)
{
	count_devices(0);
	count_devices(1);
	count_devices(63);
}
END_TEST

START_TEST(test_sizes)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	const struct component *component;

	elf_spec_device(&c.spec, "a", SOLO5_NET_BASIC);
	c.options.ram = 0x1000;
	c.options.channel_size = 64 << 20;
	component = convert(&c);
	check_region(component, "ram", 0x20d000, 0x1000, "rw-");
	ck_assert_uint_eq(component->channels[0].address, 0x20e000);
	ck_assert_uint_eq(component->channels[1].address, 0x20e000 + (64 << 20));
	ck_assert_ptr_nonnull(strstr(component->document, "<rsp>16#0020_dff8#</rsp>"));
	ck_assert_ptr_nonnull(strstr(component->document, "<rip>16#0020_0020#</rip>"));
	ck_assert_ptr_nonnull(strstr(component->document, "<rdi>16#0000_1000#</rdi>"));
}
END_TEST

/* ---- names that are too long, or alike ----------------------------------- */

/* The physical name of every region, with what a restart adds, must fit; no two may be alike. */
static void check_names(const struct component *component)
{
	size_t own = strlen(component->name);

	for (size_t i = 0; i < component->region_count; i++) {
		const struct component_region *region = &component->regions[i];
		size_t length = own + 1 + strlen(region->logical);

		if (component->resettable && region->writable && region->content == REGION_FILE)
			length += 1 + own;
		ck_assert_msg(length <= MUEN_NAME_MAX, "%zu: %s", length, region->logical);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(region->logical, component->regions[k].logical);
	}
}

START_TEST(test_long_component_name)
{
	static const char *const names[] = { "u", "abcdefghijklmnopqrstuvwxyz" };

	for (size_t i = 0; i < 2; i++) {
		cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

		c.options.name = names[i];
		c.options.resettable = true;
		check_names(convert(&c));
		ck_assert_str_eq(c.component->name, names[i]);
	}
}
END_TEST

/* 63 - 2 * 27 = 9 characters are left for what a restart restores, 63 - 27 = 36 for the rest. */
START_TEST(test_cut_names)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	const struct component *component;

	c.options.name = "abcdefghijklmnopqrstuvwxyz";
	c.options.resettable = true;
	conversion_build(&c);
	conversion_rename(&c, SH_DATA, ".writable.data.section");
	conversion_rename(&c, SH_BSS, ".bss.and.whatever.else.there.may.be.in.it");
	component = convert(&c);
	check_names(component);
	ck_assert_ptr_nonnull(component_region_named(component, ".writab.."));
	ck_assert_ptr_nonnull(
		component_region_named(component, ".tdata+.bss.and.whatever.else..|fill"));
}
END_TEST

/* What is cut alike is told apart by its last character. */
START_TEST(test_cut_alike)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	const struct component *component;

	c.options.name = "abcdefghijklmnopqrstuvwxyz";
	conversion_build(&c);
	conversion_rename(&c, SH_NOTE_MANIFEST, ".a.section.with.a.very.long.names.one.and.more");
	conversion_rename(&c, SH_DATA, ".a.section.with.a.very.long.names.two.and.more");
	component = convert(&c);
	check_names(component);
	ck_assert_ptr_nonnull(
		component_region_named(component, ".a.section.with.a.very.long.names..."));
	ck_assert_ptr_nonnull(
		component_region_named(component, ".a.section.with.a.very.long.names..2"));
}
END_TEST

/* One character leaves no digit to change. */
START_TEST(test_same_short_name)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	const struct component *component;

	conversion_build(&c);
	for (unsigned i = SH_NOTE_MANIFEST; i <= SH_BSS; i++) {
		conversion_rename(&c, i, "a");
		if (i != SH_NOTE_MANIFEST && i != SH_DATA && i != SH_BSS)
			elf_image_section(&c.image, i)->sh_flags = 0;
	}
	component = convert(&c);
	check_names(component);
	check_region(component, "a", 0x205000, 0x2000, "r--");
	check_region(component, "a2", 0x207000, 0x1000, "rw-");
	check_region(component, "a|fill", 0x208000, 0x5000, "rw-");
}
END_TEST

START_TEST(test_text_has_text)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	const struct component *component;

	conversion_build(&c);
	conversion_rename(&c, SH_DATA, ".rel.text.ro");
	component = convert(&c);
	check_region(component, "text", 0x200000, 0x5000, "r-x");
	check_region(component, ".rel.text.ro", 0x207000, 0x1000, "rw-");
}
END_TEST

/* What is not in memory has no part in a region's name, whatever it is called. */
START_TEST(test_sections_not_in_memory)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	conversion_build(&c);
	conversion_rename(&c, SH_COMMENT, "\xff\x01");
	*elf_image_section(&c.image, SH_COMMENT) = (Elf64_Shdr){
		.sh_name = elf_image_section(&c.image, SH_COMMENT)->sh_name,
		.sh_type = SHT_PROGBITS,
		.sh_offset = elf_image_section(&c.image, SH_DATA)->sh_offset,
		.sh_size = 4,
	};
	check_region(convert(&c), ".data", 0x207000, 0x1000, "rw-");
}
END_TEST

/* ---- versions ------------------------------------------------------------ */

START_TEST(test_versions)
{
	static const struct {
		unsigned abi, revision;
	} released[] = { { 2, 2 }, { 3, 3 }, { 3, 4 }, { 4, 5 } };

	for (size_t i = 0; i < 4; i++) {
		cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

		c.spec.abi_version = released[i].abi;
		memset(c.spec.sinfo, (int)released[i].revision, sizeof(c.spec.sinfo));
		c.options.subject_info = released[i].revision;
		convert(&c);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gencspec");
	TCase *tcase = tcase_create("sound");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60); /* seconds; machines may be busy */
	tcase_add_test(tcase, test_golden_hello);
	tcase_add_test(tcase, test_golden_net);
	tcase_add_test(tcase, test_model);
	tcase_add_test(tcase, test_document_reads_back);
	tcase_add_test(tcase, test_device_names);
	tcase_add_test(tcase, test_zero_offset);
	tcase_add_test(tcase, test_device_counts);
	tcase_add_test(tcase, test_sizes);
	tcase_add_test(tcase, test_long_component_name);
	tcase_add_test(tcase, test_cut_names);
	tcase_add_test(tcase, test_cut_alike);
	tcase_add_test(tcase, test_same_short_name);
	tcase_add_test(tcase, test_text_has_text);
	tcase_add_test(tcase, test_sections_not_in_memory);
	tcase_add_test(tcase, test_versions);
	return run_suite(suite);
}
