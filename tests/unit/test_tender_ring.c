/* The net ring: entries that are honest, and a guest that lies in shared memory. */
#include "tests/unit/support.h"
#include "tests/unit/tender_guest.h"

#include <string.h>
#include <sys/socket.h>

#define DATA 0x21000u

static struct fake_guest guest;
static struct hvt_ring shared;
static struct ring ring;

static void setup(void)
{
	fake_guest_new(&guest);
	shared = (struct hvt_ring){ 0 };
	ring = (struct ring){ .shared = &shared, .hvt = &guest.hvt, .kick_fd = -1 };
	pthread_mutex_init(&ring.lock, NULL);
}

static void teardown(void)
{
	fake_guest_free(&guest);
}

static void submit(uint32_t operation, uint32_t handle, uint64_t data, uint32_t length, uint32_t id)
{
	shared.entries[shared.entry_tail % HVT_RING_ENTRIES] =
		(struct hvt_ring_entry){ operation, handle, data, length, id, 0 };
	shared.entry_tail++;
}

START_TEST(sends)
{
	char frame[16];

	memcpy(guest.host + DATA, "frame", 5);
	submit(HVT_RING_NET_WRITE, FAKE_NET, DATA, 5, 0);
	ck_assert_uint_eq(ring_serve(&ring), 1);
	ck_assert_int_eq(recv(guest.net_end, frame, sizeof(frame), 0), 5);
	ck_assert_uint_eq(shared.entry_head, 1);
	ck_assert_uint_eq(shared.commit_tail, 0);
	ck_assert_uint_eq(ring_serve(&ring), 0);
}
END_TEST

START_TEST(receives)
{
	submit(HVT_RING_NET_READ, FAKE_NET, DATA, 1514, 7);
	ck_assert_uint_eq(ring_serve(&ring), 1);
	ck_assert_uint_eq(shared.commit_tail, 1);
	ck_assert_int_eq(shared.commits[0].result, HVT_AGAIN);
	ck_assert_int_eq(send(guest.net_end, "incoming", 8, 0), 8);
	submit(HVT_RING_NET_READ, FAKE_NET, DATA, 1514, 8);
	ring_serve(&ring);
	ck_assert_int_eq(shared.commits[1].result, HVT_OK);
	ck_assert_uint_eq(shared.commits[1].length, 8);
	ck_assert_uint_eq(shared.commits[1].id, 8);
	ck_assert_mem_eq(guest.host + DATA, "incoming", 8);
}
END_TEST

START_TEST(survives_lying_entries)
{
	submit(99, FAKE_NET, DATA, 60, 0);
	submit(HVT_RING_NET_WRITE, FAKE_BLOCK, DATA, 60, 0);
	submit(HVT_RING_NET_WRITE, UINT32_MAX, DATA, 60, 0);
	submit(HVT_RING_NET_WRITE, FAKE_NET, FAKE_MEMORY - 8, 60, 0);
	submit(HVT_RING_NET_WRITE, FAKE_NET, UINT64_MAX - 8, 60, 0);
	submit(HVT_RING_NET_WRITE, FAKE_NET, DATA, UINT32_MAX, 0);
	submit(HVT_RING_NET_READ, FAKE_NET, 0, 60, 1);
	submit(HVT_RING_NET_READ, 64, DATA, 60, 2);
	ck_assert_uint_eq(ring_serve(&ring), 8);
	ck_assert_uint_eq(ring.counters.refused, 8);
	ck_assert_uint_eq(shared.commit_tail, 2);
	ck_assert_int_eq(shared.commits[0].result, HVT_EINVAL);
	ck_assert_int_eq(shared.commits[1].result, HVT_EINVAL);
}
END_TEST

START_TEST(bounds_lying_indices)
{
	static const uint32_t tails[] = { 1025, 5000, 1u << 31, UINT32_MAX };

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		shared.entry_tail = ring.head + tails[i];
		ck_assert_uint_eq(ring_serve(&ring), HVT_RING_ENTRIES);
	}
	/* What belongs to the tender is not read back. */
	shared.entry_tail = ring.head;
	shared.entry_head = 12345;
	shared.commit_tail = 54321;
	submit(HVT_RING_NET_READ, FAKE_NET, DATA, 60, 3);
	ck_assert_uint_eq(ring_serve(&ring), 1);
	ck_assert_uint_eq(shared.commit_tail, 1);
	ck_assert_uint_eq(shared.entry_head, ring.head);
}
END_TEST

START_TEST(wraps_around)
{
	char frame[16];

	ring.head = shared.entry_tail = UINT32_MAX - 1;
	for (int i = 0; i < 4; i++)
		submit(HVT_RING_NET_WRITE, FAKE_NET, DATA, 5, 0);
	ck_assert_uint_eq(ring_serve(&ring), 4);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(recv(guest.net_end, frame, sizeof(frame), 0), 5);
	ck_assert_uint_eq(shared.entry_head, 2);
}
END_TEST

START_TEST(sends_everything_before_the_end)
{
	char frame[16];

	submit(HVT_RING_NET_WRITE, FAKE_NET, DATA, 5, 0);
	ring.running = true;
	ring_stop(&ring);
	ck_assert_int_eq(recv(guest.net_end, frame, sizeof(frame), 0), 5);
	submit(HVT_RING_NET_WRITE, FAKE_NET, DATA, 5, 0);
	ck_assert_uint_eq(ring_serve(&ring), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tender_ring");
	TCase *tests = tcase_create("ring");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, sends);
	tcase_add_test(tests, receives);
	tcase_add_test(tests, survives_lying_entries);
	tcase_add_test(tests, bounds_lying_indices);
	tcase_add_test(tests, wraps_around);
	tcase_add_test(tests, sends_everything_before_the_end);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
