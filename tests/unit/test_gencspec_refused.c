/* What cannot become a component is refused at once: with what it is, and what to do. */
#include "tests/unit/conversion.h"
#include "solo5/muen_ranges.h"
#include "tests/unit/support.h"

#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- boot parameters ----------------------------------------------------- */

static const struct {
	const char *parameters, *word, *mend;
} bad_parameters[] = {
	{ "a\nb", "byte 1 of the boot parameters is the control character 0x0a", "one line" },
	{ "\t", "byte 0 of the boot parameters is the control character 0x09", "one line" },
	{ "a\x7f", "control character 0x7f", "one line" },
	{ "\x1b[31m", "control character 0x1b", "one line" },
	{ "\xff", "not UTF-8", "encode" },
	{ "caf\xe9", "not UTF-8", "encode" },
	{ "\xed\xa0\x80", "not UTF-8", "encode" },     /* a surrogate */
	{ "\xef\xbf\xbe", "not UTF-8", "encode" },     /* U+FFFE: no character of XML */
	{ "\xf4\x90\x80\x80", "not UTF-8", "encode" }, /* above U+10FFFF */
	{ "$name", "begin with '$'", "in front" },
};

START_TEST(test_boot_parameters)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.options.bootparams = bad_parameters[_i].parameters;
	conversion_refused(&c, ERR_USAGE, bad_parameters[_i].word, bad_parameters[_i].mend);
}
END_TEST

START_TEST(test_long_boot_parameters)
{
	char text[BOOT_PARAMETERS_MAX + 2];

	memset(text, 'x', sizeof(text));
	for (size_t extra = 0; extra < 2; extra++) {
		cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

		text[BOOT_PARAMETERS_MAX + extra] = '\0';
		c.options.bootparams = text;
		if (extra) {
			conversion_refused(&c, ERR_USAGE, "4056 bytes", "configuration");
		} else {
			ck_assert_msg(conversion_run(&c) != NULL, "%s", c.err.message);
			ck_assert_str_eq(c.component->bootparams, text);
		}
		text[BOOT_PARAMETERS_MAX + extra] = 'x';
	}
}
END_TEST

START_TEST(test_good_boot_parameters)
{
	static const char *const good[] = {
		"", " ", "a$b", "\xc3\xbc\xe2\x82\xac", "--x=\"<&>'\"", "]]>"
	};

	for (int i = 0; i < LENGTH(good); i++) {
		cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

		c.options.bootparams = good[i];
		ck_assert_msg(conversion_run(&c) != NULL, "%s", c.err.message);
		ck_assert_str_eq(c.component->bootparams, good[i]);
	}
}
END_TEST

/* ---- sizes --------------------------------------------------------------- */

static const struct {
	uint64_t ram, channel_size;
	enum error_kind kind;
	const char *word, *mend;
} bad_sizes[] = {
	{ 0, 1 << 20, ERR_USAGE, "the RAM size is 0 bytes", "--ram" },
	{ 4095, 1 << 20, ERR_USAGE, "multiple of 4 KiB", "--ram" },
	{ 4097, 1 << 20, ERR_USAGE, "multiple of 4 KiB", "--ram" },
	{ 1ull << 48, 1 << 20, ERR_USAGE, "RAM of 256 TiB", "MiB for --ram" },
	{ -4096ull, 1 << 20, ERR_USAGE, "no subject can have that much", "MiB for --ram" },
	{ 1ull << 47, 1 << 20, ERR_INPUT, "0x800000000000", "--ram" },
	{ 1 << 20, 0, ERR_USAGE, "the channel size is 0 bytes", "--channel-size" },
	{ 1 << 20, 100, ERR_USAGE, "multiple of 4 KiB", "--channel-size" },
	{ 1 << 20, 1ull << 41, ERR_USAGE, "a channel of 2", "bytes" },
	{ 1 << 20, -4096ull, ERR_USAGE, "a channel of 16", "bytes" },
};

START_TEST(test_sizes)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	elf_spec_device(&c.spec, "service0", SOLO5_NET_BASIC);
	c.options.ram = bad_sizes[_i].ram;
	c.options.channel_size = bad_sizes[_i].channel_size;
	conversion_refused(&c, bad_sizes[_i].kind, bad_sizes[_i].word, bad_sizes[_i].mend);
}
END_TEST

/* ---- overlaps with what Muen puts into every subject ---------------------- */

/* RAM reaches every one of Muen's places above it, whether by a page or by all of it. */
static void check_ram_meets(const struct muen_range *range, bool resettable, uint64_t size)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.options.resettable = resettable;
	c.options.ram = size;
	if (size + 0x20d000 <= range->start) {
		ck_assert_msg(conversion_run(&c) != NULL, "%s", c.err.message);
		return;
	}
	conversion_refused(&c, ERR_INPUT, "overlap", "less RAM");
	ck_assert_ptr_nonnull(strstr(c.err.message, "region 'ram' [0x20d000, "));
}

START_TEST(test_ram_meets_the_first)
{
	const struct muen_range *info = NULL;

	for (size_t i = 0; i < muen_range_count && !info; i++)
		if (muen_ranges[i].start > 0x200000)
			info = &muen_ranges[i];
	ck_assert_ptr_nonnull(info);
	check_ram_meets(info, false, info->start - 0x20d000);
	check_ram_meets(info, false, info->start - 0x20d000 + 0x1000);
	check_ram_meets(info, true, info->start - 0x20d000 + 0x1000);
	check_ram_meets(info, true, 1ull << 40);
}
END_TEST

/* Each place of Muen's, met by one page of a source specification. */
START_TEST(test_each_place)
{
	const struct muen_range *range = &muen_ranges[_i];
	char path[] = "/tmp/muenbuild-test-XXXXXX", source[1024];
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	snprintf(source, sizeof(source),
		 "<component name='u' profile='native'><provides><memory logical='mine' "
		 "type='subject' virtualAddress='16#%llx#' size='16#1000#' writable='true' "
		 "executable='false'/></provides></component>",
		 (unsigned long long)(range->start + range->size - 0x1000));
	ck_assert_int_eq(write(fd, source, strlen(source)), (int)strlen(source));
	close(fd);
	for (int resettable = 0; resettable < 2; resettable++) {
		cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
		bool free_place = range->reset_only && !resettable;
		/* The one region that may lie there: the component's own boot info page. */
		bool own = range->start == MUEN_BOOT_INFO;

		c.options.source = path;
		c.options.resettable = resettable;
		if (own || free_place) {
			ck_assert_msg(conversion_run(&c) != NULL, "%s", c.err.message);
			continue;
		}
		conversion_refused(&c, ERR_INPUT, "region 'mine'", "");
		ck_assert_ptr_nonnull(strstr(c.err.message, range->what));
		ck_assert_ptr_nonnull(strstr(c.err.message, "overlap"));
	}
	unlink(path);
}
END_TEST

START_TEST(test_channels_meet)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	elf_spec_device(&c.spec, "a", SOLO5_NET_BASIC);
	c.options.channel_size = 1ull << 36;
	conversion_refused(&c, ERR_INPUT, "channel 'a|in'", "--channel-size");
}
END_TEST

/* ---- names --------------------------------------------------------------- */

static const struct {
	const char *file, *name, *word;
} bad_names[] = {
	{ "$file.muen", NULL, "cannot stand in a policy" },
	{ "\xff.muen", NULL, "'\\xff.muen'" },
	{ "a\nb", NULL, "'a\\x0ab'" },
	{ "", NULL, "cannot stand in a policy" },
	{ "f", "", "cannot be a component's name" },
	{ "f", "$x", "cannot be a component's name" },
	{ "f", "a|b", "cannot be a component's name" },
	{ "f", "a/b", "cannot be a component's name" },
	{ "f", "a\tb", "'a\\x09b'" },
	{ "f", "\xc3", "'\\xc3'" },
	{ "f", "abcdefghijklmnopqrstuvwxyz1", "has 27 characters" },
};

START_TEST(test_names)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.options.file = bad_names[_i].file;
	c.options.name = bad_names[_i].name;
	conversion_refused(&c, ERR_USAGE, bad_names[_i].word, "");
}
END_TEST

/* ---- the unikernel ------------------------------------------------------- */

START_TEST(test_subject_info)
{
	for (unsigned target = 2; target <= 4; target++) {
		cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

		c.options.subject_info = target;
		conversion_refused(&c, ERR_INPUT, "expects subject info revision 05",
				   "--subject-info 5");
		ck_assert_int_eq(c.err.message[strlen("the unikernel expects subject info revision "
						      "05, the target's Muen has 0")] -
					 '0',
				 (int)target);
	}
}
END_TEST

START_TEST(test_block_device)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	elf_spec_device(&c.spec, "net", SOLO5_NET_BASIC);
	elf_spec_device(&c.spec, "storage", SOLO5_BLOCK_BASIC);
	conversion_refused(&c, ERR_INPUT, "device 'storage' is a block device",
			   "without block devices");
}
END_TEST

START_TEST(test_other_target)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_HVT);

	conversion_refused(&c, ERR_INPUT, "target hvt", "mirage configure -t muen");
}
END_TEST

/* Of many problems one is told, and how many more there are. */
START_TEST(test_several_problems)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	elf_spec_device(&c.spec, "one", SOLO5_BLOCK_BASIC);
	elf_spec_device(&c.spec, "two", SOLO5_BLOCK_BASIC);
	elf_spec_device(&c.spec, "three", SOLO5_BLOCK_BASIC);
	conversion_refused(&c, ERR_INPUT, "device 'one'", "2 more problems: 'muenbuild inspect'");
}
END_TEST

/* Segments of nearly a GiB each that share one range of the file: apart from each other they would
 * not fit into any file that is accepted. The headers alone say so; there are no such bytes. */
START_TEST(test_shared_pages)
{
	static const unsigned sharing[] = { PH_TEXT, PH_RODATA, PH_DATA };
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);
	struct elf *elf = &c.unikernel.elf;

	conversion_build(&c);
	ck_assert_int_eq(unikernel_parse(&c.unikernel, c.image.bytes, c.image.size, &c.err), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct elf_segment *segment = &elf->segments[sharing[i]];

		segment->vaddr = 0x200000 + (uint64_t)i * 0x40000000;
		segment->offset = 0x1000 + i;
		segment->filesz = segment->memsz = 0x30000001;
	}
	elf->segments[PH_BSS].vaddr = 0xd0000000;
	elf->sections[SH_RODATA - 1].addr = 0x40200000;
	elf->sections[SH_DATA - 1].addr = 0x80200000;
	elf->sections[SH_BSS - 1].addr = 0xd0000000;
	ck_assert_ptr_null(gencspec_convert(&c.unikernel, &c.options, &c.findings, &c.err));
	ck_assert_int_eq(c.err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(c.err.message, "they would take 2.3 GiB"));
}
END_TEST

/* ---- restarts ------------------------------------------------------------ */

static void without_interp(struct conversion *c)
{
	conversion_rename(c, SH_INTERP, ".nothing");
}

static void without_text(struct conversion *c)
{
	conversion_rename(c, SH_TEXT, ".code");
}

static void entry_behind(struct conversion *c)
{
	elf_image_header(&c->image)->e_entry += 16;
}

static void interp_elsewhere(struct conversion *c)
{
	elf_image_section(&c->image, SH_INTERP)->sh_addr += 8;
	elf_image_section(&c->image, SH_INTERP)->sh_size -= 8;
}

static void section_between(struct conversion *c)
{
	Elf64_Shdr *section = elf_image_section(&c->image, SH_TDATA);

	section->sh_addr = 0x200018;
	section->sh_size = 8;
}

static const struct {
	void (*change)(struct conversion *c);
	const char *word;
} unfit_for_restart[] = {
	{ without_interp, "no section .interp" },
	{ without_text, "there is no section .text" },
	{ entry_behind, "0x200030" },
	{ interp_elsewhere, "does not begin with it" },
	{ section_between, "section .tdata (0x200018) lies between" },
};

/* Refused with restarts; without, all is well. */
START_TEST(test_restart)
{
	for (int resettable = 0; resettable < 2; resettable++) {
		cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

		c.options.resettable = resettable;
		conversion_build(&c);
		unfit_for_restart[_i].change(&c);
		if (resettable) {
			conversion_refused(&c, ERR_INPUT, unfit_for_restart[_i].word,
					   "--disable-reset");
		} else {
			ck_assert_msg(conversion_run(&c) != NULL, "%s", c.err.message);
			ck_assert(!component_depends(c.component, "muinit"));
		}
	}
}
END_TEST

/* Without .interp, but with the entry point first, there is nothing to cover. */
START_TEST(test_restart_at_the_start)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.options.resettable = true;
	conversion_build(&c);
	without_interp(&c);
	elf_image_section(&c.image, SH_TEXT)->sh_addr = 0x200000;
	elf_image_header(&c.image)->e_entry = 0x200000;
	ck_assert_msg(conversion_run(&c) != NULL, "%s", c.err.message);
	ck_assert(component_depends(c.component, "muinit"));
}
END_TEST

/* muinit would jump into the wrong region. */
START_TEST(test_restart_other_text)
{
	cleanup_conversion struct conversion c = conversion_of(SOLO5_MUEN);

	c.options.resettable = true;
	conversion_build(&c);
	elf_image_program(&c.image, PH_RODATA)->p_type = PT_NULL;
	conversion_rename(&c, SH_DATA, "text");
	/* The data segment comes before that with the code. */
	Elf64_Phdr text = *elf_image_program(&c.image, PH_TEXT);
	*elf_image_program(&c.image, PH_TEXT) = *elf_image_program(&c.image, PH_DATA);
	*elf_image_program(&c.image, PH_DATA) = text;
	conversion_refused(&c, ERR_INPUT, "enters the region 'text'", "--disable-reset");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gencspec");
	TCase *tcase = tcase_create("refused");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60); /* seconds; machines may be busy */
	tcase_add_loop_test(tcase, test_boot_parameters, 0, LENGTH(bad_parameters));
	tcase_add_test(tcase, test_long_boot_parameters);
	tcase_add_test(tcase, test_good_boot_parameters);
	tcase_add_loop_test(tcase, test_sizes, 0, LENGTH(bad_sizes));
	tcase_add_test(tcase, test_ram_meets_the_first);
	tcase_add_loop_test(tcase, test_each_place, 0, (int)muen_range_count);
	tcase_add_test(tcase, test_channels_meet);
	tcase_add_loop_test(tcase, test_names, 0, LENGTH(bad_names));
	tcase_add_test(tcase, test_subject_info);
	tcase_add_test(tcase, test_block_device);
	tcase_add_test(tcase, test_other_target);
	tcase_add_test(tcase, test_several_problems);
	tcase_add_test(tcase, test_shared_pages);
	tcase_add_loop_test(tcase, test_restart, 0, LENGTH(unfit_for_restart));
	tcase_add_test(tcase, test_restart_at_the_start);
	tcase_add_test(tcase, test_restart_other_text);
	return run_suite(suite);
}
