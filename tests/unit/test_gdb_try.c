/* Machines that do not notice breakpoints: how that is found out, and what is done without. */
#include "tests/unit/gdb_fixture.h"
#include "tests/unit/support.h"

#include "tender/gdb/try.h"

#include <string.h>

static struct gdb_fixture f;

static void set_up(void)
{
	gdb_fixture_new(&f);
	f.vm.registers.gpr[VM_RSP] = FIXTURE_END - 8;
}

static void tear_down(void)
{
	gdb_fixture_free(&f);
}

#define HIT(bits)                                                                                  \
	{                                                                                          \
		.kind = VM_EXIT_DEBUG, .exception = 1, .dr6 = (bits)                               \
	}

START_TEST(a_machine_is_tried)
{
	static const struct {
		struct vm_exit exits[4];
		size_t count;
		bool blind_to_code, blind_to_data;
	} cases[] = {
		{ { HIT(0xffff0ff1), HIT(2), { .kind = VM_EXIT_PORT } }, 3, false, false },
		{ { HIT(3), { .kind = VM_EXIT_PORT } }, 2, false, false },
		{ { { .kind = VM_EXIT_INTERRUPTED }, HIT(2), { .kind = VM_EXIT_PORT } },
		  3,
		  false,
		  true },
		{ { HIT(1), { .kind = VM_EXIT_PORT } }, 2, true, false },
		{ { { .kind = VM_EXIT_PORT } }, 1, true, true },
		{ { { .kind = VM_EXIT_UNABLE } }, 1, true, true },
		{ { { .kind = VM_EXIT_INTERRUPTED } }, 1, true, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct vm_registers before = f.vm.registers;
		unsigned char memory[FIXTURE_END - FIXTURE_TEXT];
		struct gdb_blindness blind;
		struct error err;

		memcpy(memory, f.ram.host, sizeof(memory));
		f.vm.script = cases[i].exits;
		f.vm.script_length = cases[i].count;
		ck_assert_int_eq(gdb_try_machine(&f.vm.vm, &f.memory, &blind, &err), 0);
		ck_assert_msg(blind.code == cases[i].blind_to_code, "case %zu", i);
		ck_assert_msg(blind.data == cases[i].blind_to_data, "case %zu", i);
		/* Everything is as it was. */
		ck_assert_mem_eq(memory, f.ram.host, sizeof(memory));
		ck_assert_mem_eq(&before, &f.vm.registers, sizeof(before));
		ck_assert_uint_eq(f.vm.debug.dr7, 0);
	}
}
END_TEST

START_TEST(no_memory_at_the_entry)
{
	struct gdb_blindness blind;
	struct error err;

	f.vm.registers.rip = FIXTURE_END - 2;
	ck_assert_int_lt(gdb_try_machine(&f.vm.vm, &f.memory, &blind, &err), 0);
}
END_TEST

START_TEST(breakpoints_are_followed_step_by_step)
{
	static const char *const types[] = { "Z0,100010,1", "Z1,100010,1" };
	const struct vm_exit stepped = HIT(1 << 14);
	struct error err;

	f.session.points.blind = (struct gdb_blindness){ .code = true, .data = true };
	for (size_t i = 0; i < 2; i++) {
		gdb_ask(&f, "qSupported:hwbreak+");
		ck_assert_str_eq(gdb_ask(&f, types[i]), "OK");
		ck_assert_uint_eq(f.ram.host[0x10], 0x10);
		ck_assert_ptr_null(gdb_ask(&f, "c"));
		ck_assert_int_eq(gdb_session_prepare(&f.session, &err), 0);
		ck_assert(f.vm.debug.single_step);
		ck_assert_uint_eq(f.vm.debug.dr7, 0);
		f.vm.registers.rip = 0x10000f;
		ck_assert(gdb_session_takes(&f.session, &stepped));
		ck_assert_ptr_null(gdb_feed(&f, "", 0));
		f.vm.registers.rip = 0x100010;
		ck_assert(gdb_session_takes(&f.session, &stepped));
		ck_assert_str_eq(gdb_feed(&f, "", 0),
				 i ? "T05thread:1;hwbreak:;" : "T05thread:1;swbreak:;");
		gdb_session_disconnect(&f.session);
		ck_assert_uint_eq(f.ram.host[0x10], 0x10);
		gdb_session_connect(&f.session);
	}
	ck_assert_str_eq(gdb_ask(&f, "Z0,104000,1"), "E16");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gdb_try");
	TCase *tcase = tcase_create("gdb_try");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_machine_is_tried);
	tcase_add_test(tcase, no_memory_at_the_entry);
	tcase_add_test(tcase, breakpoints_are_followed_step_by_step);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
