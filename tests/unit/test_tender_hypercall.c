/* The eight hypercalls, honest and hostile, without a machine. */
#include "tests/unit/support.h"
#include "tests/unit/tender_guest.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STRUCT 0x20000u /* where the arguments lie */
#define DATA 0x21000u
#define END FAKE_MEMORY

static struct fake_guest guest;
static struct error err;

static void setup(void)
{
	fake_guest_new(&guest);
	signal(SIGPIPE, SIG_IGN);
}

static void teardown(void)
{
	fake_guest_free(&guest);
}

static enum hypercall_outcome call(unsigned number)
{
	return fake_guest_call(&guest, number, STRUCT, &err);
}

#define PUT(type, ...)                                                                             \
	do {                                                                                       \
		type arguments_ = { __VA_ARGS__ };                                                 \
		memcpy(guest.host + STRUCT, &arguments_, sizeof(arguments_));                      \
	} while (0)

static void put_net(uint64_t handle, uint64_t data, uint64_t length)
{
	PUT(struct hvt_net_io, .handle = handle, .data = data, .length = length);
}

static void put_block(uint64_t handle, uint64_t offset, uint64_t data, uint64_t length)
{
	PUT(struct hvt_block_io, .handle = handle, .offset = offset, .data = data,
	    .length = length);
}

static void put_halt(uint64_t cookie, int32_t exit_status)
{
	PUT(struct hvt_halt, .cookie = cookie, .exit_status = exit_status);
}

static int32_t result_at(size_t offset)
{
	int32_t result;

	memcpy(&result, guest.host + STRUCT + offset, sizeof(result));
	return result;
}

#define NET_RESULT result_at(offsetof(struct hvt_net_io, result))
#define BLOCK_RESULT result_at(offsetof(struct hvt_block_io, result))

START_TEST(tells_the_time)
{
	uint64_t nsecs;

	ck_assert_int_eq(call(HVT_WALLTIME), HYPERCALL_DONE);
	memcpy(&nsecs, guest.host + STRUCT, sizeof(nsecs));
	ck_assert_uint_gt(nsecs, 1700000000ull * 1000000000);
}
END_TEST

START_TEST(prints)
{
	char text[16] = "";

	memcpy(guest.host + END - 5, "hello", 5);
	PUT(struct hvt_puts, END - 5, 5); /* it ends where memory ends */
	ck_assert_int_eq(call(HVT_PUTS), HYPERCALL_DONE);
	ck_assert_int_eq(read(guest.console_end, text, sizeof(text)), 5);
	ck_assert_str_eq(text, "hello");
	ck_assert_uint_eq(guest.console.bytes, 5);
}
END_TEST

START_TEST(survives_a_closed_console)
{
	close(guest.console_end);
	guest.console_end = -1;
	PUT(struct hvt_puts, DATA, 5);
	ck_assert_int_eq(call(HVT_PUTS), HYPERCALL_DONE);
	ck_assert_int_eq(call(HVT_PUTS), HYPERCALL_DONE);
	ck_assert_uint_eq(guest.console.lost, 10);
}
END_TEST

START_TEST(stops_a_console_that_waits)
{
	/* Nobody reads the pipe: the write would wait for ever. */
	guest.stop.requested = 1;
	PUT(struct hvt_puts, DATA, 0x1f000);
	ck_assert_int_eq(call(HVT_PUTS), HYPERCALL_DONE);
	ck_assert_uint_eq(guest.console.bytes + guest.console.lost, 0x1f000);
	ck_assert_uint_gt(guest.console.lost, 0);
}
END_TEST

START_TEST(polls)
{
	uint64_t ready;

	PUT(struct hvt_poll, .timeout_nsecs = 0, .ready_set = 99, .result = 99);
	ck_assert_int_eq(call(HVT_POLL), HYPERCALL_DONE);
	memcpy(&ready, guest.host + STRUCT + offsetof(struct hvt_poll, ready_set), 8);
	ck_assert_uint_eq(ready, 0);
	ck_assert_int_eq(result_at(offsetof(struct hvt_poll, result)), 0);
	ck_assert_int_eq(send(guest.net_end, "frame", 5, 0), 5);
	PUT(struct hvt_poll, .timeout_nsecs = UINT64_MAX);
	ck_assert_int_eq(call(HVT_POLL), HYPERCALL_DONE);
	memcpy(&ready, guest.host + STRUCT + offsetof(struct hvt_poll, ready_set), 8);
	ck_assert_uint_eq(ready, 1 << FAKE_NET);
	ck_assert_int_eq(result_at(offsetof(struct hvt_poll, result)), 1);
}
END_TEST

START_TEST(ends_a_poll_when_stopped)
{
	uint64_t one = 1;

	ck_assert_int_eq(write(guest.stop.wake_fd, &one, sizeof(one)), 8);
	PUT(struct hvt_poll, .timeout_nsecs = 1ull << 63);
	ck_assert_int_eq(call(HVT_POLL), HYPERCALL_DONE);
	ck_assert_int_eq(result_at(offsetof(struct hvt_poll, result)), 0);
}
END_TEST

START_TEST(waits_no_more_for_a_network_that_is_gone)
{
	struct timespec before, after;

	close(guest.net_end);
	guest.net_end = -1;
	for (int i = 0; i < 3; i++) {
		PUT(struct hvt_poll, .timeout_nsecs = 0);
		ck_assert_int_eq(call(HVT_POLL), HYPERCALL_DONE);
		put_net(FAKE_NET, DATA, 1514);
		ck_assert_int_eq(call(HVT_NET_READ), HYPERCALL_DONE);
		ck_assert_int_eq(NET_RESULT, HVT_AGAIN);
	}
	ck_assert(guest.net.closed);
	clock_gettime(CLOCK_MONOTONIC, &before);
	PUT(struct hvt_poll, .timeout_nsecs = 20000000);
	ck_assert_int_eq(call(HVT_POLL), HYPERCALL_DONE);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_ge((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec -
				 before.tv_nsec,
			 20000000);
	put_net(FAKE_NET, DATA, 60);
	ck_assert_int_eq(call(HVT_NET_WRITE), HYPERCALL_DONE);
	ck_assert_uint_eq(guest.net.counters.send_drops, 1);
}
END_TEST

START_TEST(carries_frames)
{
	char frame[64];

	memcpy(guest.host + DATA, "outgoing", 8);
	put_net(FAKE_NET, DATA, 8);
	ck_assert_int_eq(call(HVT_NET_WRITE), HYPERCALL_DONE);
	ck_assert_int_eq(NET_RESULT, HVT_OK);
	ck_assert_int_eq(recv(guest.net_end, frame, sizeof(frame), 0), 8);
	ck_assert_mem_eq(frame, "outgoing", 8);
	put_net(FAKE_NET, DATA, 1514);
	ck_assert_int_eq(call(HVT_NET_READ), HYPERCALL_DONE);
	ck_assert_int_eq(NET_RESULT, HVT_AGAIN);
	ck_assert_int_eq(send(guest.net_end, "incoming", 8, 0), 8);
	ck_assert_int_eq(call(HVT_NET_READ), HYPERCALL_DONE);
	ck_assert_int_eq(NET_RESULT, HVT_OK);
	ck_assert_mem_eq(guest.host + DATA, "incoming", 8);
	ck_assert_int_eq(result_at(offsetof(struct hvt_net_io, length)), 8);
	ck_assert_uint_eq(guest.net.counters.sent, 1);
	ck_assert_uint_eq(guest.net.counters.received_bytes, 8);
}
END_TEST

START_TEST(drops_frames_that_are_too_large)
{
	char large[200] = "large";

	ck_assert_int_eq(send(guest.net_end, large, sizeof(large), 0), sizeof(large));
	ck_assert_int_eq(send(guest.net_end, "fits", 4, 0), 4);
	put_net(FAKE_NET, DATA, 100);
	ck_assert_int_eq(call(HVT_NET_READ), HYPERCALL_DONE);
	ck_assert_int_eq(NET_RESULT, HVT_OK);
	ck_assert_mem_eq(guest.host + DATA, "fits", 4);
	ck_assert_uint_eq(guest.net.counters.receive_drops, 1);
}
END_TEST

START_TEST(drops_empty_frames)
{
	char byte;

	PUT(struct hvt_net_io, .handle = FAKE_NET, .data = DATA, .length = 0);
	ck_assert_int_eq(call(HVT_NET_WRITE), HYPERCALL_DONE);
	ck_assert_uint_eq(guest.net.counters.send_drops, 1);
	/* 0 would be the end of the connection. */
	ck_assert_int_eq(recv(guest.net_end, &byte, 1, MSG_DONTWAIT), -1);
}
END_TEST

START_TEST(drops_frames_that_nobody_takes)
{
	put_net(FAKE_NET, DATA, 1500);
	for (int i = 0; i < 5000 && !guest.net.counters.send_drops; i++) {
		ck_assert_int_eq(call(HVT_NET_WRITE), HYPERCALL_DONE);
		ck_assert_int_eq(NET_RESULT, HVT_OK);
	}
	ck_assert_uint_eq(guest.net.counters.send_drops, 1);
}
END_TEST

START_TEST(reads_and_writes_blocks)
{
	memset(guest.host + DATA, 'b', 512);
	put_block(FAKE_BLOCK, FAKE_BLOCKS - 512, DATA, 512);
	ck_assert_int_eq(call(HVT_BLOCK_WRITE), HYPERCALL_DONE);
	ck_assert_int_eq(BLOCK_RESULT, HVT_OK);
	memset(guest.host + DATA, 0, 512);
	ck_assert_int_eq(call(HVT_BLOCK_READ), HYPERCALL_DONE);
	ck_assert_int_eq(BLOCK_RESULT, HVT_OK);
	ck_assert_uint_eq(guest.host[DATA + 511], 'b');
	ck_assert_uint_eq(guest.block.counters.read_bytes, 512);
}
END_TEST

START_TEST(tells_the_guest_of_block_errors)
{
	static const struct {
		uint64_t handle, offset, length;
		int32_t result;
	} cases[] = {
		{ FAKE_BLOCK, FAKE_BLOCKS, 512, HVT_EINVAL },
		{ FAKE_BLOCK, FAKE_BLOCKS, 0, HVT_EINVAL },
		{ FAKE_BLOCK, FAKE_BLOCKS - 512, 1024, HVT_EINVAL },
		{ FAKE_BLOCK, UINT64_MAX, 512, HVT_EINVAL },
		{ FAKE_BLOCK, UINT64_MAX - 511, 512, HVT_EINVAL },
		{ FAKE_NET, 0, 512, HVT_EINVAL },
		{ 0, 0, 512, HVT_EINVAL },
		{ 64, 0, 512, HVT_EINVAL },
		{ UINT64_MAX, 0, 512, HVT_EINVAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_block(cases[i].handle, cases[i].offset, DATA, cases[i].length);
		ck_assert_int_eq(call(HVT_BLOCK_READ), HYPERCALL_DONE);
		ck_assert_int_eq(BLOCK_RESULT, cases[i].result);
	}
	/* The file became shorter. */
	ck_assert_int_eq(ftruncate(guest.block.fd, 512), 0);
	put_block(FAKE_BLOCK, 512, DATA, 512);
	ck_assert_int_eq(call(HVT_BLOCK_READ), HYPERCALL_DONE);
	ck_assert_int_eq(BLOCK_RESULT, HVT_EUNSPEC);
	ck_assert_uint_eq(guest.block.counters.errors, 1);
	guest.block.read_only = true;
	ck_assert_int_eq(call(HVT_BLOCK_WRITE), HYPERCALL_DONE);
	ck_assert_int_eq(BLOCK_RESULT, HVT_EUNSPEC);
}
END_TEST

START_TEST(halts)
{
	put_halt(0, 42);
	ck_assert_int_eq(call(HVT_HALT), HYPERCALL_HALT);
	ck_assert_int_eq(guest.hvt.exit_status, 42);
	ck_assert(!guest.hvt.has_cookie);
	put_halt(END - HVT_COOKIE_SIZE, 255);
	ck_assert_int_eq(call(HVT_HALT), HYPERCALL_HALT);
	ck_assert(guest.hvt.has_cookie);
	put_halt(END - HVT_COOKIE_SIZE + 1, 255);
	ck_assert_int_eq(call(HVT_HALT), HYPERCALL_FAULT);
}
END_TEST

/* Buffers that are not the guest's, for every call that has one. */
START_TEST(refuses_hostile_buffers)
{
	static const struct {
		uint64_t address, length;
	} bad[] = { { END, 1 },
		    { END - 1, 2 },
		    { END - 512, UINT64_MAX },
		    { END + 0x1000, 512 },
		    { UINT64_MAX, 512 },
		    { UINT64_MAX - 511, 512 },
		    { 0xffffffff, 512 },
		    { DATA, UINT64_MAX },
		    { DATA, 1ull << 63 },
		    { DATA, 1ull << 32 } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		PUT(struct hvt_puts, bad[i].address, bad[i].length);
		ck_assert_int_eq(call(HVT_PUTS), HYPERCALL_FAULT);
		ck_assert_ptr_nonnull(strstr(err.message, "Invalid guest access: gpa=0x"));
		put_net(FAKE_NET, bad[i].address, bad[i].length);
		ck_assert_int_eq(call(HVT_NET_READ), HYPERCALL_FAULT);
		ck_assert_int_eq(call(HVT_NET_WRITE), HYPERCALL_FAULT);
		put_block(FAKE_BLOCK, 0, bad[i].address, bad[i].length);
		ck_assert_int_eq(call(HVT_BLOCK_READ), HYPERCALL_FAULT);
		ck_assert_int_eq(call(HVT_BLOCK_WRITE), HYPERCALL_FAULT);
	}
}
END_TEST

START_TEST(refuses_to_write_for_the_guest_where_it_may_not)
{
	put_net(FAKE_NET, FAKE_WRITABLE - 4, 8);
	ck_assert_int_eq(call(HVT_NET_READ), HYPERCALL_FAULT);
	ck_assert_ptr_nonnull(strstr(err.message, "must not be written"));
	put_block(FAKE_BLOCK, 0, 0, 512);
	ck_assert_int_eq(call(HVT_BLOCK_READ), HYPERCALL_FAULT);
	ck_assert_int_eq(call(HVT_BLOCK_WRITE), HYPERCALL_DONE); /* reading it is all right */
}
END_TEST

START_TEST(refuses_hostile_structs)
{
	static const uint32_t bad[] = { END,	    END - 1,	END - 7, 0xffffffff,
					0xfffffff8, 0x7ffffff8, 0x100000 };

	for (unsigned number = HVT_WALLTIME; number <= HVT_HALT; number++) {
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			ck_assert_int_eq(fake_guest_call(&guest, number, bad[i], &err),
					 HYPERCALL_FAULT);
		/* In read-only memory only calls without an answer can be. */
		ck_assert_int_eq(fake_guest_call(&guest, number, 0x8000, &err),
				 number == HVT_PUTS   ? HYPERCALL_DONE
				 : number == HVT_HALT ? HYPERCALL_HALT
						      : HYPERCALL_FAULT);
	}
}
END_TEST

START_TEST(refuses_other_ports)
{
	unsigned char data[64] = { 0 };
	struct vm_exit good = { .write = true,
				.address = HVT_PORT + HVT_WALLTIME,
				.size = 4,
				.count = 1,
				.data = data };
	struct vm_exit bad[] = { good, good, good, good, good, good, good };

	bad[0].write = false;
	bad[1].size = 1;
	bad[2].size = 2;
	bad[3].count = 2;
	bad[4].address = HVT_PORT + HVT_HYPERCALLS;
	bad[5].address = HVT_KICK_PORT;
	bad[6].address = HVT_PORT - 1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(hvt_hypercall(&guest.hvt, &bad[i], &err), HYPERCALL_FAULT);
		ck_assert_ptr_nonnull(strstr(err.message, "Invalid guest port access: port=0x"));
	}
	ck_assert_int_eq(call(0), HYPERCALL_FAULT);
	ck_assert_str_eq(err.message, "Invalid guest hypercall: num=0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tender_hypercall");
	TCase *honest = tcase_create("honest"), *hostile = tcase_create("hostile");

	tcase_add_checked_fixture(honest, setup, teardown);
	tcase_add_test(honest, tells_the_time);
	tcase_add_test(honest, prints);
	tcase_add_test(honest, survives_a_closed_console);
	tcase_add_test(honest, stops_a_console_that_waits);
	tcase_add_test(honest, polls);
	tcase_add_test(honest, ends_a_poll_when_stopped);
	tcase_add_test(honest, waits_no_more_for_a_network_that_is_gone);
	tcase_add_test(honest, carries_frames);
	tcase_add_test(honest, drops_frames_that_are_too_large);
	tcase_add_test(honest, drops_empty_frames);
	tcase_add_test(honest, drops_frames_that_nobody_takes);
	tcase_add_test(honest, reads_and_writes_blocks);
	tcase_add_test(honest, tells_the_guest_of_block_errors);
	tcase_add_test(honest, halts);
	tcase_add_checked_fixture(hostile, setup, teardown);
	tcase_add_test(hostile, refuses_hostile_buffers);
	tcase_add_test(hostile, refuses_to_write_for_the_guest_where_it_may_not);
	tcase_add_test(hostile, refuses_hostile_structs);
	tcase_add_test(hostile, refuses_other_ports);
	suite_add_tcase(suite, honest);
	suite_add_tcase(suite, hostile);
	return run_suite(suite);
}
