/* A debugger's session: what it may ask, and what breakpoints, steps and Ctrl-C come to. */
#include "tests/unit/gdb_fixture.h"
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

static struct gdb_fixture f;

static void set_up(void)
{
	gdb_fixture_new(&f);
}

static void tear_down(void)
{
	gdb_fixture_free(&f);
}

static void expect(const char *packet, const char *reply)
{
	const char *got = gdb_ask(&f, packet);

	ck_assert_msg(got != NULL, "%s: no reply", packet);
	ck_assert_msg(!strcmp(got, reply), "%s: %s", packet, got);
	ck_assert_uint_eq(f.acks, 1);
	ck_assert_uint_eq(f.packets, 1);
}

/* Lets the guest go on; nothing is answered yet. */
static void resume(const char *packet)
{
	struct error err;

	ck_assert_ptr_null(gdb_ask(&f, packet));
	ck_assert(!f.session.halted);
	ck_assert_int_eq(gdb_session_prepare(&f.session, &err), 0);
}

/* What the debugger is told about an exit; NULL: nothing. */
static const char *after_exit(const struct vm_exit *exit)
{
	ck_assert(gdb_session_takes(&f.session, exit));
	return gdb_feed(&f, "", 0);
}

static unsigned char host_byte(uint64_t address)
{
	return f.ram.host[address - FIXTURE_TEXT];
}

/* ---- asking ---------------------------------------------------------------------------------- */

START_TEST(questions_have_answers)
{
	expect("?", "T05thread:1;");
	expect("qSupported:multiprocess+;swbreak+;hwbreak+",
	       "PacketSize=4000;QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;"
	       "vContSupported+");
	ck_assert(f.session.says_why);
	expect("qC", "QC1");
	expect("qfThreadInfo", "m1");
	expect("qsThreadInfo", "l");
	expect("qAttached", "1");
	expect("Hg0", "OK");
	expect("Hc-1", "OK");
	expect("Hg2", "E01");
	expect("T1", "OK");
	expect("T7", "E01");
	expect("vCont?", "vCont;c;C;s;S;r");
	expect("p10", "0000100000000000");
	expect("", "");
	expect("!", "");
	expect("qNobody", "");
	expect("vMustReplyEmpty", "");
	expect("QNothing", "");
}
END_TEST

START_TEST(what_is_malformed_is_refused)
{
	static const char *const packets[] = {
		"g1",
		"p",
		"p40",
		"pffffffffffffffff",
		"P10",
		"P10=00",
		"P10=00000000000000000",
		"m",
		"m100000",
		"m100000,",
		"m,4",
		"m100000,4x",
		"mz,4",
		"M100000,1",
		"M100000,2:00",
		"M100000,1:0g",
		"X100000,2:a",
		"X100000",
		"G00",
		"Z0",
		"Z0,100000",
		"c1x",
		"sx",
		"Cx",
		"C05;x",
		"vCont;",
		"vCont;x",
		"vCont;c:",
		"vCont;r1",
		"vCont;s:2",
		"vContc",
		"H",
		"Hx0",
		"T",
		"qXfer:features:read:target.xml:",
		"qXfer:features:read:target.xml:ffffff,1",
		"m11111111111111111,1",
	};

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		expect(packets[i], "E01");
	ck_assert(f.session.halted);
}
END_TEST

START_TEST(memory_is_read_as_far_as_it_goes)
{
	char all[2 * GDB_PACKET_MAX];
	const char *got;

	expect("m100001,4", "01020304");
	expect("m101ffe,4", "feff0001"); /* text and RAM */
	expect("m103ffe,8", "feff");
	expect("m104000,1", "E0e");
	expect("mfffff,2", "E0e");
	expect("mffffffffffffffff,ffffffffffffffff", "E0e");
	expect("m100000,0", "");
	got = gdb_ask(&f, "m100000,ffffffff");
	snprintf(all, sizeof(all), "%s", got);
	ck_assert_uint_eq(strlen(all), GDB_PACKET_MAX);
}
END_TEST

START_TEST(memory_is_written_wherever_there_is_some)
{
	expect("M101fff,2:aabb", "OK"); /* text and RAM */
	ck_assert_uint_eq(host_byte(0x101fff), 0xaa);
	ck_assert_uint_eq(host_byte(0x102000), 0xbb);
	expect("X102000,2:hi", "OK");
	ck_assert_uint_eq(host_byte(0x102001), 'i');
	expect("X0,0:", "OK");
	expect("M103fff,2:0000", "E0e");
	expect("Mffffffffffffffff,2:0000", "E0e");
	ck_assert_uint_eq(host_byte(0x103fff), 0xff);
}
END_TEST

START_TEST(registers_are_read_and_written)
{
	char all[2 * GDB_PACKET_MAX], packet[2 * GDB_PACKET_MAX];

	expect("P1=0807060504030201", "OK");
	ck_assert_uint_eq(f.vm.registers.gpr[VM_RBX], 0x0102030405060708);
	expect("P38=801f0000", "OK");
	ck_assert_uint_eq(f.vm.fpu.mxcsr, 0x1f80);
	snprintf(all, sizeof(all), "%s", gdb_ask(&f, "g"));
	ck_assert_uint_eq(strlen(all), 2 * 592);
	ck_assert_int_eq(memcmp(all + 16, "0807060504030201", 16), 0);
	f.vm.registers.gpr[VM_RBX] = 0;
	snprintf(packet, sizeof(packet), "G%s", all);
	expect(packet, "OK");
	ck_assert_uint_eq(f.vm.registers.gpr[VM_RBX], 0x0102030405060708);
	/* A debugger without the description stops behind MXCSR. */
	packet[1 + 2 * 536] = '\0';
	expect(packet, "OK");
	strcat(packet, all);
	expect(packet, "E01");
	f.vm.refuses_registers = true;
	expect("P1=0000000000000000", "E16");
}
END_TEST

START_TEST(the_description_comes_in_pieces)
{
	cleanup_buffer struct buffer xml = { 0 }, whole = { 0 };
	char packet[80];

	gdb_describe_registers(&whole);
	do {
		snprintf(packet, sizeof(packet), "qXfer:features:read:target.xml:%zx,100",
			 xml.length);
		ck_assert_ptr_nonnull(gdb_ask(&f, packet));
		buffer_add(&xml, f.reply + 1, f.reply_length - 1);
	} while (f.reply[0] == 'm');
	ck_assert_int_eq(f.reply[0], 'l');
	ck_assert_uint_eq(xml.length, whole.length);
	ck_assert_mem_eq(xml.data, whole.data, whole.length);
}
END_TEST

/* ---- the line -------------------------------------------------------------------------------- */

START_TEST(a_damaged_packet_is_asked_for_again)
{
	ck_assert_ptr_null(gdb_feed(&f, "$g#00", 5));
	ck_assert_uint_eq(f.naks, 1);
	expect("qC", "QC1");
	ck_assert_str_eq(gdb_feed(&f, "-", 1), "QC1");
	expect("QStartNoAckMode", "OK");
	ck_assert_str_eq(gdb_ask(&f, "qC"), "QC1");
	ck_assert_uint_eq(f.acks, 0);
	ck_assert_str_eq(gdb_feed(&f, "$g#00", 5), "E01");
	ck_assert_ptr_null(gdb_feed(&f, "-", 1));
}
END_TEST

START_TEST(ctrl_c_halts_a_guest_that_runs)
{
	ck_assert_ptr_null(gdb_feed(&f, "\x03", 1)); /* it does not run */
	resume("c");
	ck_assert_ptr_null(gdb_ask(&f, "g")); /* there is nothing to answer now */
	ck_assert_str_eq(gdb_feed(&f, "\x03\x03", 2), "T02thread:1;");
	ck_assert_uint_eq(f.packets, 1);
	expect("?", "T02thread:1;");
}
END_TEST

START_TEST(leaving_and_killing)
{
	expect("Z0,100010,1", "OK");
	expect("D", "OK");
	ck_assert(f.session.leaves);
	gdb_session_disconnect(&f.session);
	ck_assert(!f.session.halted);
	ck_assert_uint_eq(host_byte(0x100010), 0x10);
	gdb_session_connect(&f.session);
	expect("?", "T05thread:1;");
	expect("vKill;1", "OK");
	ck_assert(f.session.killed);
	f.session.killed = false;
	ck_assert_ptr_null(gdb_ask(&f, "k"));
	ck_assert(f.session.killed);
}
END_TEST

START_TEST(the_end_is_told_to_who_waits)
{
	gdb_session_end(&f.session, 'W', 0);
	ck_assert_ptr_null(gdb_feed(&f, "", 0));
	resume("c");
	gdb_session_end(&f.session, 'W', 255);
	ck_assert_str_eq(gdb_feed(&f, "", 0), "Wff");
}
END_TEST

/* ---- breakpoints ---------------------------------------------------------------------------- */

START_TEST(software_breakpoints_are_hidden)
{
	expect("Z0,101fff,1", "OK");
	expect("Z0,101fff,1", "OK");
	ck_assert_uint_eq(host_byte(0x101fff), 0xcc);
	expect("m101ffe,3", "feff00");
	expect("M101fff,1:90", "OK");
	ck_assert_uint_eq(host_byte(0x101fff), 0xcc);
	expect("m101fff,1", "90");
	expect("z0,101fff,1", "OK");
	ck_assert_uint_eq(host_byte(0x101fff), 0x90);
	expect("z0,101fff,1", "OK");
	expect("Z0,104000,1", "E16");
	expect("Z0,ffffffffffffffff,1", "E16");
	expect("Z5,100000,1", "");
	expect("Z0,100000,1;X1,0", "");
}
END_TEST

START_TEST(a_breakpoint_is_reported)
{
	const struct vm_exit hit = { .kind = VM_EXIT_DEBUG,
				     .exception = 3,
				     .debug_rip = FIXTURE_TEXT + 0x10 };

	gdb_ask(&f, "qSupported:swbreak+");
	expect("Z0,100010,1", "OK");
	resume("c");
	ck_assert(f.vm.debug.stop_at_breakpoints && !f.vm.debug.single_step);
	ck_assert_str_eq(after_exit(&hit), "T05thread:1;swbreak:;");
	/* One that the guest brought along is skipped. */
	expect("z0,100010,1", "OK");
	resume("c");
	ck_assert_str_eq(after_exit(&hit), "T05thread:1;");
	ck_assert_uint_eq(f.vm.registers.rip, FIXTURE_TEXT + 0x11);
}
END_TEST

/* As kvm_pvm does it. */
START_TEST(int3_that_cannot_be_interpreted_is_a_breakpoint)
{
	const struct vm_exit unable = { .kind = VM_EXIT_UNABLE };

	f.vm.registers.rip = FIXTURE_TEXT + 0x10;
	expect("Z0,100010,1", "OK");
	resume("c");
	ck_assert_str_eq(after_exit(&unable), "T05thread:1;");
	resume("c");
	f.vm.registers.rip++;
	ck_assert(!gdb_session_takes(&f.session, &unable));
}
END_TEST

START_TEST(debug_registers_are_shared_out)
{
	struct vm_exit hit = { .kind = VM_EXIT_DEBUG, .exception = 1, .dr6 = 1 };

	expect("Z1,100010,1", "OK");
	expect("Z2,102004,8", "OK"); /* two pieces of 4 */
	expect("Z4,102011,1", "OK");
	expect("Z2,102020,1", "E16");
	expect("Z3,102020,1", "");
	resume("c");
	ck_assert_uint_eq(f.vm.debug.address[0], 0x100010);
	ck_assert_uint_eq(f.vm.debug.address[1], 0x102004);
	ck_assert_uint_eq(f.vm.debug.address[2], 0x102008);
	ck_assert_uint_eq(f.vm.debug.address[3], 0x102011);
	/* Access: execute 00, write 01, both 11; length: 1 is 00, 4 is 11. */
	ck_assert_uint_eq(f.vm.debug.dr7 >> 16, 0x3dd0);
	ck_assert_uint_eq(f.vm.debug.dr7 & 0xff, 0xaa);
	ck_assert_str_eq(after_exit(&hit), "T05thread:1;");
	resume("c");
	hit.dr6 = 0xffff0ff4;
	ck_assert_str_eq(after_exit(&hit), "T05thread:1;watch:102004;");
	resume("c");
	hit.dr6 = 8;
	ck_assert_str_eq(after_exit(&hit), "T05thread:1;awatch:102011;");
	expect("z1,100010,1", "OK");
	expect("z2,102004,8", "OK");
	expect("z4,102011,1", "OK");
	resume("c");
	ck_assert_uint_eq(f.vm.debug.dr7, 0);
}
END_TEST

START_TEST(a_blind_machine_compares_memory)
{
	const struct vm_exit stepped = { .kind = VM_EXIT_DEBUG, .exception = 1, .dr6 = 1 << 14 };

	f.session.points.blind.data = true;
	expect("Z4,102000,4", "");
	expect("Z2,104000,4", "E16");
	expect("Z2,102000,401", "E16");
	expect("Z2,102000,0", "E16");
	expect("Z2,102000,10", "OK");
	resume("c");
	ck_assert(f.vm.debug.single_step);
	ck_assert_uint_eq(f.vm.debug.dr7, 0);
	ck_assert_ptr_null(after_exit(&stepped));
	f.ram.host[FIXTURE_RAM + 15 - FIXTURE_TEXT]++;
	ck_assert_str_eq(after_exit(&stepped), "T05thread:1;watch:102000;");
	resume("c");
	ck_assert_ptr_null(after_exit(&stepped));
}
END_TEST

/* ---- steps ---------------------------------------------------------------------------------- */

START_TEST(a_step_is_one_instruction)
{
	static const char *const packets[] = {
		"s", "S05", "s100", "vCont;s", "vCont;s:1;c", "vCont;S05:1", "vCont;c:9;s:1"
	};
	const struct vm_exit stepped = { .kind = VM_EXIT_DEBUG, .exception = 1, .dr6 = 1 << 14 };

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		resume(packets[i]);
		ck_assert(f.vm.debug.single_step);
		ck_assert_str_eq(after_exit(&stepped), "T05thread:1;");
	}
	ck_assert_uint_eq(f.vm.registers.rip, 0x100);
	resume("vCont;c");
	ck_assert(!f.vm.debug.single_step);
}
END_TEST

START_TEST(a_range_is_stepped_through)
{
	const struct vm_exit stepped = { .kind = VM_EXIT_DEBUG, .exception = 1, .dr6 = 1 << 14 };

	resume("vCont;r100000,100010:1");
	f.vm.registers.rip = 0x10000f;
	ck_assert_ptr_null(after_exit(&stepped));
	f.vm.registers.rip = 0x100010;
	ck_assert_str_eq(after_exit(&stepped), "T05thread:1;");
}
END_TEST

/* The machine must have gone past a port access before anybody changes its registers. */
START_TEST(a_port_access_is_a_step_and_is_completed)
{
	const struct vm_exit port = { .kind = VM_EXIT_PORT };

	resume("s");
	ck_assert(!gdb_session_takes(&f.session, &port));
	gdb_session_served(&f.session);
	ck_assert_str_eq(gdb_feed(&f, "", 0), "T05thread:1;");
	ck_assert_uint_eq(f.vm.runs, 1);
	ck_assert_uint_eq(f.vm.interrupts, 1);
	resume("c");
	ck_assert(!gdb_session_takes(&f.session, &port));
	gdb_session_served(&f.session);
	ck_assert_ptr_null(gdb_feed(&f, "", 0));
	ck_assert_uint_eq(f.vm.runs, 1);
	ck_assert_str_eq(gdb_feed(&f, "\x03", 1), "T02thread:1;");
	ck_assert_uint_eq(f.vm.runs, 2);
}
END_TEST

START_TEST(without_a_debugger_nothing_is_armed)
{
	struct error err;

	expect("Z1,100010,1", "OK");
	resume("s");
	gdb_session_disconnect(&f.session);
	ck_assert_int_eq(gdb_session_prepare(&f.session, &err), 0);
	ck_assert(!f.vm.debug.stop_at_breakpoints && !f.vm.debug.single_step && !f.vm.debug.dr7);
	ck_assert_uint_eq(f.vm.debug_changes, 2);
	ck_assert_int_eq(gdb_session_prepare(&f.session, &err), 0);
	ck_assert_uint_eq(f.vm.debug_changes, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gdb");
	TCase *tcase = tcase_create("gdb");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, questions_have_answers);
	tcase_add_test(tcase, what_is_malformed_is_refused);
	tcase_add_test(tcase, memory_is_read_as_far_as_it_goes);
	tcase_add_test(tcase, memory_is_written_wherever_there_is_some);
	tcase_add_test(tcase, registers_are_read_and_written);
	tcase_add_test(tcase, the_description_comes_in_pieces);
	tcase_add_test(tcase, a_damaged_packet_is_asked_for_again);
	tcase_add_test(tcase, ctrl_c_halts_a_guest_that_runs);
	tcase_add_test(tcase, leaving_and_killing);
	tcase_add_test(tcase, the_end_is_told_to_who_waits);
	tcase_add_test(tcase, software_breakpoints_are_hidden);
	tcase_add_test(tcase, a_breakpoint_is_reported);
	tcase_add_test(tcase, int3_that_cannot_be_interpreted_is_a_breakpoint);
	tcase_add_test(tcase, debug_registers_are_shared_out);
	tcase_add_test(tcase, a_blind_machine_compares_memory);
	tcase_add_test(tcase, a_step_is_one_instruction);
	tcase_add_test(tcase, a_range_is_stepped_through);
	tcase_add_test(tcase, a_port_access_is_a_step_and_is_completed);
	tcase_add_test(tcase, without_a_debugger_nothing_is_armed);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
