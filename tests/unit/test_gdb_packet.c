/* Packets of the remote protocol, and how registers are put into them. */
#include "tests/unit/support.h"

#include "base/cleanup.h"
#include "tender/gdb/link.h"
#include "tender/gdb/packet.h"
#include "tender/gdb/registers.h"
#include "tender/options.h"

#include <signal.h>
#include <string.h>

/* Feeds a text and returns the last event that was one. */
static enum gdb_event feed(struct gdb_decoder *decoder, const char *text, size_t length)
{
	enum gdb_event last = GDB_NOTHING;

	for (size_t i = 0; i < length; i++) {
		enum gdb_event event = gdb_decode(decoder, (unsigned char)text[i]);

		if (event != GDB_NOTHING)
			last = event;
	}
	return last;
}

START_TEST(packets_are_taken_or_refused)
{
	static const struct {
		const char *bytes;
		enum gdb_event event;
		const char *contents;
	} cases[] = {
		{ "$g#67", GDB_PACKET, "g" },
		{ "noise$g#67", GDB_PACKET, "g" },
		{ "$#00", GDB_PACKET, "" },
		{ "$g#68", GDB_DAMAGED, NULL },
		{ "$g#6x", GDB_DAMAGED, NULL },
		{ "$g#x7", GDB_DAMAGED, NULL },
		{ "$broken off$g#67", GDB_PACKET, "g" },
		{ "$X}\x04#d9", GDB_PACKET, "X$" },
		{ "+", GDB_ACK, NULL },
		{ "-", GDB_NAK, NULL },
		{ "\x03", GDB_INTERRUPT, NULL },
		{ "$g\x03#6a", GDB_PACKET, "g\x03" },
		{ "$g#6", GDB_NOTHING, NULL },
		{ "g#67", GDB_NOTHING, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gdb_decoder decoder = { 0 };

		ck_assert_int_eq(feed(&decoder, cases[i].bytes, strlen(cases[i].bytes)),
				 cases[i].event);
		if (cases[i].contents)
			ck_assert_str_eq(decoder.contents, cases[i].contents);
	}
}
END_TEST

START_TEST(a_packet_that_is_too_long_is_damaged)
{
	for (size_t extra = 0; extra < 2; extra++) {
		cleanup_buffer struct buffer contents = { 0 }, packet = { 0 };
		struct gdb_decoder decoder = { 0 };

		for (size_t i = 0; i < GDB_PACKET_MAX + extra; i++)
			buffer_add(&contents, "a", 1);
		gdb_encode(&packet, contents.data, contents.length);
		ck_assert_int_eq(feed(&decoder, packet.data, packet.length),
				 extra ? GDB_DAMAGED : GDB_PACKET);
		ck_assert_int_eq(feed(&decoder, "$g#67", 5), GDB_PACKET);
		ck_assert_str_eq(decoder.contents, "g");
	}
}
END_TEST

START_TEST(what_is_encoded_can_be_decoded)
{
	cleanup_buffer struct buffer packet = { 0 };
	struct gdb_decoder decoder = { 0 };
	unsigned char every[256];

	for (unsigned i = 0; i < 256; i++)
		every[i] = (unsigned char)i;
	gdb_encode(&packet, every, sizeof(every));
	ck_assert_int_eq(feed(&decoder, packet.data, packet.length), GDB_PACKET);
	ck_assert_uint_eq(decoder.length, sizeof(every));
	ck_assert_mem_eq(decoder.contents, every, sizeof(every));
}
END_TEST

/* ---- registers ------------------------------------------------------------------------------ */

START_TEST(registers_keep_what_is_written)
{
	for (unsigned number = 0; number < GDB_REGISTERS; number++) {
		unsigned char in[GDB_REGISTER_MAX] = { 0 }, out[GDB_REGISTER_MAX];
		struct gdb_cpu cpu = { 0 };
		size_t size = gdb_register_size(number);

		/* The x87 words are narrower than what gdb makes of them. */
		for (size_t i = 0; i < (size == 4 ? 2 : size); i++)
			in[i] = (unsigned char)(number + i + 1);
		gdb_register_set(&cpu, number, in);
		gdb_register_get(&cpu, number, out);
		if (number != 34) /* ftag: below */
			ck_assert_mem_eq(in, out, sizeof(in));
	}
	ck_assert_uint_eq(gdb_register_size(GDB_REGISTERS), 0);
}
END_TEST

START_TEST(registers_are_where_gdb_expects_them)
{
	struct gdb_cpu cpu = { 0 };
	unsigned char bytes[GDB_REGISTER_MAX];

	cpu.registers.gpr[VM_RBX] = 1;
	cpu.registers.gpr[VM_RSP] = 7;
	cpu.registers.rip = 16;
	cpu.registers.gs.selector = 23;
	cpu.fpu.st[7][0] = 31;
	cpu.fpu.opcode = 39;
	cpu.fpu.xmm[15][0] = 55;
	cpu.fpu.mxcsr = 56;
	cpu.registers.fs.base = 57;
	cpu.registers.cr2 = 60;
	for (unsigned number = 0; number < GDB_REGISTERS; number++) {
		gdb_register_get(&cpu, number, bytes);
		ck_assert_msg(bytes[0] == 0 || bytes[0] == number || number == 34,
			      "register %u has %u", number, bytes[0]);
		bytes[0] = 0;
	}
	gdb_register_get(&cpu, 56, bytes);
	ck_assert_uint_eq(bytes[0], 56);
	gdb_register_get(&cpu, 60, bytes);
	ck_assert_uint_eq(bytes[0], 60);
}
END_TEST

/* ST(0) is the register that the top of the stack points to; empty 3, valid 0, zero 1, else 2. */
START_TEST(the_tag_word_has_two_bits)
{
	static const uint8_t one[10] = { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f };
	static const uint8_t infinity[10] = { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x7f };
	unsigned char bytes[GDB_REGISTER_MAX];
	struct gdb_cpu cpu = { 0 };

	cpu.fpu.status = 5 << 11; /* ST(0) is register 5 */
	cpu.fpu.tag = 0xe0;
	memcpy(cpu.fpu.st[0], one, sizeof(one));
	memcpy(cpu.fpu.st[2], infinity, sizeof(infinity));
	gdb_register_get(&cpu, 34, bytes);
	ck_assert_uint_eq(bytes[0] | bytes[1] << 8, 0x93ff);
	cpu.fpu.tag = 0;
	gdb_register_set(&cpu, 34, bytes);
	ck_assert_uint_eq(cpu.fpu.tag, 0xe0);
}
END_TEST

START_TEST(the_description_has_every_register)
{
	cleanup_buffer struct buffer xml = { 0 };
	const char *next;
	unsigned count = 0;

	gdb_describe_registers(&xml);
	for (next = xml.data; (next = strstr(next, "<reg ")); next++)
		count++;
	ck_assert_uint_eq(count, GDB_REGISTERS);
	ck_assert_ptr_nonnull(strstr(xml.data, "name=\"mxcsr\" bitsize=\"32\""));
	ck_assert_ptr_nonnull(strstr(xml.data, "name=\"fs_base\" bitsize=\"64\""));
}
END_TEST

/* ---- addresses ------------------------------------------------------------------------------ */

START_TEST(addresses_are_told_from_unikernels)
{
	static const char *const addresses[] = { "unix:gdb.sock", "127.0.0.1:1234", ":0",
						 "localhost:1", "[::1]:1234" };
	static const char *const others[] = { "hello.hvt", "./a:1", "--", "--mem=4",
					      "a:",	   "1234",  "a:b" };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		ck_assert_msg(gdb_is_address(addresses[i]), "%s", addresses[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_msg(!gdb_is_address(others[i]), "%s", others[i]);
}
END_TEST

/* The value of --gdb may be left out, and then the next word is not one. */
START_TEST(the_place_may_be_left_out)
{
	static const struct {
		const char *words[5];
		const char *address, *kernel;
		uint16_t port;
	} cases[] = {
		{ { "x", "--gdb", "a.hvt", ":1" }, NULL, "a.hvt", 1234 },
		{ { "x", "--gdb", "--gdb-port=7", "a.hvt" }, NULL, "a.hvt", 7 },
		{ { "x", "--gdb", "--gdb-port", "7", "a.hvt" }, NULL, "a.hvt", 7 },
		{ { "x", "--gdb", "--", "a.hvt" }, NULL, "a.hvt", 1234 },
		{ { "x", "--gdb", "unix:s", "a.hvt" }, "unix:s", "a.hvt", 1234 },
		{ { "x", "--gdb=s", "a.hvt" }, "s", "a.hvt", 1234 },
		{ { "x", "--gdb", "localhost:7", "a.hvt" }, "localhost:7", "a.hvt", 1234 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup_options_hvt struct options_hvt options;
		struct error err = { 0 };
		int count = 0;

		while (count < 5 && cases[i].words[count])
			count++;
		ck_assert_msg(options_hvt_parse(&options, count, (char **)cases[i].words, &err) ==
				      0,
			      "%s", err.message);
		ck_assert(options.gdb);
		ck_assert_pstr_eq(options.gdb_address, cases[i].address);
		ck_assert_str_eq(options.kernel, cases[i].kernel);
		ck_assert_uint_eq(options.gdb_port, cases[i].port);
	}
}
END_TEST

static void let_go(struct gdb_link *link)
{
	close(link->fd);
	close(link->listen_fd);
}

START_TEST(loopback_is_the_default)
{
	static const struct {
		const char *address;
		const char *begin;
		bool exposed;
	} cases[] = { { NULL, "127.0.0.1:", false },	 { "0", "127.0.0.1:", false },
		      { ":0", "127.0.0.1:", false },	 { "127.0.0.1", "127.0.0.1:", false },
		      { "0.0.0.0:0", "0.0.0.0:", true }, { "localhost:0", "", false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gdb_link link;
		struct error err = { 0 };

		ck_assert_msg(gdb_listen(&link, cases[i].address, 0, &err) == 0, "%s", err.message);
		ck_assert_msg(!strncmp(link.name, cases[i].begin, strlen(cases[i].begin)), "%s",
			      link.name);
		ck_assert_int_eq(link.is_exposed, cases[i].exposed);
		let_go(&link);
	}
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
	static const char *const cases[] = { "127.0.0.1:65536", "127.0.0.1:x",
					     "unix:", "no such host:1" };
	struct gdb_link link;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		ck_assert_msg(gdb_listen(&link, cases[i], 0, &err) < 0, "%s", cases[i]);
		ck_assert_int_eq(err.kind, ERR_USAGE);
		if (link.listen_fd >= 0)
			close(link.listen_fd);
	}
}
END_TEST

START_TEST(a_socket_left_behind_is_replaced)
{
	char folder[] = "/tmp/muenbuild-gdb-XXXXXX", address[64];
	struct gdb_link first, second, third;
	struct error err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(address, sizeof(address), "unix:%s/gdb", folder);
	ck_assert_int_eq(gdb_listen(&first, address, 0, &err), 0);
	ck_assert_str_eq(first.name, address + 5);
	/* Not while somebody listens. */
	ck_assert_int_lt(gdb_listen(&second, address, 0, &err), 0);
	ck_assert_int_eq(err.kind, ERR_MISSING);
	close(second.listen_fd);
	let_go(&first);
	ck_assert_int_eq(gdb_listen(&third, address, 0, &err), 0);
	let_go(&third);
	unlink(address + 5);
	rmdir(folder);
}
END_TEST

int main(void)
{
	signal(SIGIO, SIG_IGN);
	Suite *suite = suite_create("gdb_packet");
	TCase *tcase = tcase_create("gdb_packet");

	tcase_add_test(tcase, packets_are_taken_or_refused);
	tcase_add_test(tcase, a_packet_that_is_too_long_is_damaged);
	tcase_add_test(tcase, what_is_encoded_can_be_decoded);
	tcase_add_test(tcase, registers_keep_what_is_written);
	tcase_add_test(tcase, registers_are_where_gdb_expects_them);
	tcase_add_test(tcase, the_tag_word_has_two_bits);
	tcase_add_test(tcase, the_description_has_every_register);
	tcase_add_test(tcase, addresses_are_told_from_unikernels);
	tcase_add_test(tcase, the_place_may_be_left_out);
	tcase_add_test(tcase, loopback_is_the_default);
	tcase_add_test(tcase, what_is_no_address_is_refused);
	tcase_add_test(tcase, a_socket_left_behind_is_replaced);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
