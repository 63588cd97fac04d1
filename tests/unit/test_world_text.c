/* A world as text: written, read back, and what is no such text. */
#include "base/alloc.h"
#include "subject/world_text.h"
#include "tests/unit/support.h"
#include "tests/unit/world_example.h"

#include <stdio.h>
#include <string.h>

#define TEXT                                                                                       \
	"muenbuild-world 1\n"                                                                      \
	"subject web revision 5 entry 0x200020 stack 0x305ff8 boot_info 0x1000 exit_event -\n"     \
	"unikernel out/my%20web.muen\n"                                                            \
	"bootparams --ipv4=10.0.0.2/24%20--rate=50%25\n"                                           \
	"region 0x1000 0x1000 r-- boot_info empty name=boot_info origin=component_web.xml:58\n"    \
	"region 0x200000 0x3000 r-x binary file 0x1000 name=text origin=component_web.xml:61\n"    \
	"region 0x203000 0x1000 rw- binary file 0x4000 name=.data path=a%0ab "                     \
	"origin=component_web.xml:64\n"                                                            \
	"region 0x204000 0x2000 rw- binary fill 0xab name=.bss origin=component_web.xml:67\n"      \
	"region 0x206000 0x100000 rw- ram empty name=ram physical=web|ram fd=7 "                   \
	"origin=component_web.xml:70\n"                                                            \
	"region 0x306000 0x10000 r-- channel empty name=net|in origin=component_web.xml:40\n"      \
	"region 0x316000 0x10000 rw- channel empty name=net|out origin=component_web.xml:41\n"     \
	"region 0xe00000000 0x8000 r-- sinfo empty name=sinfo origin=Muen\n"                       \
	"region 0xe00008000 0x1000 r-- schedule empty name=scheduling_info origin=Muen\n"          \
	"region 0xe00010000 0x1000 rw- timed_event empty name=timed_event origin=Muen\n"           \
	"region 0xfffd00000 0x1000 r-- time_info empty name=time_info origin=Muen\n"               \
	"region 0xffff00000 0x20000 rw- debug_log empty name=debuglog origin=Muen\n"

static struct error err;

static struct subject_world *example(void)
{
	struct subject_world *world = world_example();

	free(world->bootparams);
	world->bootparams = xstrdup("--ipv4=10.0.0.2/24 --rate=50%");
	world->unikernel = xstrdup("out/my web.muen");
	example_region(world, ".data")->file = xstrdup("a\nb");
	example_region(world, ".bss")->pattern = 0xab;
	example_region(world, "ram")->physical = xstrdup("web|ram");
	example_region(world, "ram")->shared_fd = 7;
	ck_assert_msg(world_settle(world, &err) == 0, "%s", err.message);
	return world;
}

static struct subject_world *read_back(const char *text)
{
	struct subject_world *world = world_read_text("world", text, strlen(text), &err);

	ck_assert_msg(world != NULL, "%s", err.message);
	return world;
}

START_TEST(writes)
{
	cleanup_world struct subject_world *world = example();
	cleanup_buffer struct buffer text = { 0 };

	world_write_text(world, &text);
	ck_assert_str_eq(text.data, TEXT);
}
END_TEST

START_TEST(reads)
{
	cleanup_world struct subject_world *expected = example(), *world = read_back(TEXT);

	ck_assert_str_eq(world->name, "web");
	ck_assert_str_eq(world->unikernel, expected->unikernel);
	ck_assert_str_eq(world->bootparams, expected->bootparams);
	ck_assert_uint_eq(world->sinfo_revision, 5);
	ck_assert_uint_eq(world->entry, 0x200020);
	ck_assert_uint_eq(world->stack, EXAMPLE_RAM_END - 8);
	ck_assert_uint_eq(world->boot_info, 0x1000);
	ck_assert_int_eq(world->exit_event, -1);
	ck_assert_uint_eq(world->count, expected->count);
	for (size_t i = 0; i < world->count; i++) {
		const struct world_region *left = &world->regions[i];
		const struct world_region *right = &expected->regions[i];

		ck_assert_int_eq(left->role, right->role);
		ck_assert_str_eq(left->name, right->name);
		ck_assert_uint_eq(left->address, right->address);
		ck_assert_uint_eq(left->size, right->size);
		ck_assert_int_eq(left->writable, right->writable);
		ck_assert_int_eq(left->executable, right->executable);
		ck_assert_int_eq(left->content, right->content);
		ck_assert_uint_eq(left->pattern, right->pattern);
		ck_assert_pstr_eq(left->file, right->file);
		ck_assert_uint_eq(left->file_offset, right->file_offset);
		ck_assert_pstr_eq(left->physical, right->physical);
		ck_assert_int_eq(left->shared_fd, right->shared_fd);
		ck_assert_str_eq(left->origin, right->origin);
	}
}
END_TEST

/* Every byte that a name can have, and an event. */
START_TEST(any_bytes)
{
	cleanup_world struct subject_world *world = example(), *again = NULL;
	cleanup_buffer struct buffer text = { 0 };
	char bytes[256];

	for (int i = 1; i < 256; i++)
		bytes[i - 1] = (char)i;
	bytes[255] = '\0';
	free(world->regions[0].origin);
	world->regions[0].origin = xstrdup(bytes);
	world->exit_event = 17;
	world_write_text(world, &text);
	again = read_back(text.data);
	ck_assert_str_eq(again->regions[0].origin, bytes);
	ck_assert_int_eq(again->exit_event, 17);
}
END_TEST

/* ---- refused ------------------------------------------------------------- */

/* In the text, the first `old` becomes `new`; words of the error. */
static const struct {
	const char *old, *new, *words;
} refusals[] = {
	{ "world 1", "world 2", "world:1: 'muenbuild-world 2', muenbuild-world 1 was expected" },
	{ "muen", "\x1b[2Jmuen", "world:1: '\\x1b[2Jmuen" },
	{ "subject", "subjects", "world:2: 'subjects', 'subject' in line 2" },
	{ "unikernel out", "subject out", "world:3: 'subject', 'subject' in line 2" },
	{ " revision 5", "", "world:2: subject NAME revision" },
	{ " revision 5", " revision 5 more", "world:2: subject NAME revision" },
	{ " revision 5", " version 5", "world:2: subject NAME revision" },
	{ " revision 5", " revision five", "world:2: 'five', a number from 0 to 0xff" },
	{ " revision 5", " revision 256", "world:2: '256', a number from 0 to 0xff" },
	{ " revision 5", " revision 7", "subject 'web': its subject info would have revision 07" },
	{ " revision 5", " revision  5", "world:2: a word, with one blank" },
	{ "entry 0x200020", "entry -1", "world:2: '-1', a number" },
	{ "entry 0x200020", "entry 0x10000000000000020", "a number from 0 to 0x800000000000" },
	{ "entry 0x200020", "entry 0xffffffffffffffff", "a number from 0 to 0x800000000000" },
	{ "exit_event -", "exit_event 256", "a number from 0 to 0xff" },
	{ "exit_event -", "exit_event ", "a word, with one blank" },
	{ "web revision", "web%00 revision", "'%00', %XX" },
	{ "web revision", "web%2 revision", "%XX of a byte" },
	{ "web revision", "web%g0 revision", "%XX of a byte" },
	{ "web revision", "we\tb revision", "%XX for a byte below 0x21" },
	{ "unikernel out", "unikernel more out", "world:3: 'unikernel', one word" },
	{ "bootparams", "unikernel", "world:4: 'unikernel', it once" },
	{ "bootparams", "parameters", "world:4: 'parameters', unikernel, bootparams or region" },
	{ "region 0x1000 0x1000", "region 0x1000", "world:5: 'r--', a number" },
	{ "region 0x1000 0x1000 r-- boot_info empty", "region 0x1000 0x1000",
	  "content of a region" },
	{ "region 0x1000 0x1000", "region 0x1000 0x1001", "subject 'web': region 'boot_info'" },
	{ "region 0x1000 0x1000", "region 0x1000 0", "subject 'web': region 'boot_info'" },
	{ "r-x", "r-", "'r-', r--, r-x, rw- or rwx" },
	{ "r-x", "rxw", "'rxw', r--" },
	{ "r-x", "r-xx", "'r-xx', r--" },
	{ "r-x", "-wx", "'-wx', r--" },
	{ "r-x binary", "r-x code", "'code', what a region is for" },
	{ "file 0x1000", "file", "'name=text', a number" },
	{ "file 0x1000", "files 0x1000", "'files', empty, fill or file" },
	{ "file 0x1000", "file 0x8000000000000000", "a number from 0 to 0x7fffffffffffffff" },
	{ "fill 0xab", "fill 256", "'256', a number from 0 to 0xff" },
	{ "empty name=boot_info", "empty x name=boot_info", "'x', name=, path=" },
	{ "name=text", "name=text name=text", "'name=text', it once" },
	{ "name=text", "name=", "'name=', a value" },
	{ "name=text ", "", "name= and origin= of the region" },
	{ " origin=Muen", "", "name= and origin= of the region" },
	{ "empty name=ram", "empty path=x name=ram", "'x', no path where" },
	{ "fd=7", "fd=7 fd=7", "'fd=7', it once" },
	{ "fd=7", "fd=2", "'2', a number from 3 to 0x7fffffff" },
	{ "fd=7", "fd=0x80000000", "a number from 3" },
	{ "fd=7", "a b c d e f g h", "the line's end" },
	{ "region 0x306000", "\nregion 0x306000", "world:10: a word" },
	{ "name=net|out", "name=net|in", "have the same name" },
	{ "region 0x316000", "region 0x306000", "overlap" },
};

static char *changed(const char *old, const char *new)
{
	const char *at = strstr(TEXT, old);

	ck_assert_msg(at != NULL, "no '%s'", old);
	return xasprintf("%.*s%s%s", (int)(at - TEXT), TEXT, new, at + strlen(old));
}

static void check_refused(const char *text, size_t length, const char *words)
{
	ck_assert_msg(world_read_text("world", text, length, &err) == NULL, "%s", words);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(strstr(err.message, words), "'%s' is not in '%s'", words, err.message);
	ck_assert_int_eq(strncmp(err.message, "world:", 6), 0);
	ck_assert(*err.mend);
}

START_TEST(refuses)
{
	cleanup_free char *text = changed(refusals[_i].old, refusals[_i].new);

	check_refused(text, strlen(text), refusals[_i].words);
}
END_TEST

/* Of every text that is cut off somewhere, none is a world. */
START_TEST(cut_off)
{
	const char *last = strstr(TEXT, "region 0xffff00000");

	for (size_t length = 0; length < strlen(TEXT); length++) {
		char *exact = xcalloc(length, 1);

		memcpy(exact, TEXT, length);
		check_refused(exact, length,
			      length == (size_t)(last - TEXT) ? "no region for its debug log" : "");
		free(exact);
	}
}
END_TEST

START_TEST(too_long)
{
	cleanup_buffer struct buffer text = { 0 };

	check_refused("a\0b\n", 4, "a text without NUL");
	buffer_add_text(&text, TEXT);
	for (unsigned i = 0; i < 300; i++)
		buffer_printf(&text, "region 0x%x 0x1000 r-- memory empty name=r%u origin=x\n",
			      0x40000000 + i * 0x1000, i);
	check_refused(text.data, text.length, "'r243', at most as many regions");
	while (text.length <= 1 << 20)
		buffer_add_text(&text, "region\n");
	check_refused(text.data, text.length, "a text of at most 1 MiB");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("world_text");
	TCase *tests = tcase_create("world_text");

	tcase_add_test(tests, writes);
	tcase_add_test(tests, reads);
	tcase_add_test(tests, any_bytes);
	tcase_add_loop_test(tests, refuses, 0, (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(tests, cut_off);
	tcase_add_test(tests, too_long);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
