/* Channels: both ends, at once in two threads, and against headers that lie. */
#include "subject/channel.h"
#include "tests/unit/support.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROTOCOL 0x1122334455667788ull
#define ELEMENT 24u
#define ELEMENTS 5u
#define SPARE 7u /* bytes behind the last element that no element fits in */
#define SIZE (CHANNEL_DATA + ELEMENTS * ELEMENT + SPARE)

static struct channel_writer writer;
static struct channel_reader reader;
static struct channel_header *header;

static void setup(void)
{
	header = malloc(SIZE); /* exact: AddressSanitizer watches both ends */
	memset(header, 0xa5, SIZE);
	header->epoch = 0;
	channel_attach(&reader, header, SIZE, PROTOCOL, ELEMENT);
}

static void teardown(void)
{
	free(header);
}

static void begin(void)
{
	ck_assert_int_eq(channel_open(&writer, header, SIZE, PROTOCOL, ELEMENT, 1), 0);
}

/* Elements carry their number. */
static void write_numbers(unsigned from, unsigned count)
{
	char element[ELEMENT] = { 0 };

	for (unsigned i = 0; i < count; i++) {
		snprintf(element, sizeof(element), "element %u", from + i);
		channel_write(&writer, element);
	}
}

static void expect(unsigned number)
{
	char element[ELEMENT], expected[ELEMENT];

	snprintf(expected, sizeof(expected), "element %u", number);
	ck_assert_int_eq(channel_read(&reader, element), CHANNEL_READ);
	ck_assert_str_eq(element, expected);
}

static enum channel_result read_one(void)
{
	char element[ELEMENT];

	return channel_read(&reader, element);
}

/* ---- both ends ----------------------------------------------------------- */

START_TEST(header_is_muens)
{
	const uint64_t *words = (const uint64_t *)(const void *)header;

	begin();
	write_numbers(0, 2);
	ck_assert_uint_eq(words[0], 0x487312b6b79a9b6dull);
	ck_assert_uint_eq(words[1], 1);
	ck_assert_uint_eq(words[2], PROTOCOL);
	ck_assert_uint_eq(words[3], ELEMENT);
	ck_assert_uint_eq(words[4], ELEMENTS);
	ck_assert_uint_eq(words[5], 0);
	ck_assert_uint_eq(words[6], 2);
	ck_assert_uint_eq(words[7], 2);
	ck_assert_str_eq((const char *)header + 64, "element 0");
	ck_assert_str_eq((const char *)header + 64 + ELEMENT, "element 1");
}
END_TEST

START_TEST(opening_clears)
{
	begin();
	for (size_t i = CHANNEL_DATA; i < SIZE; i++)
		ck_assert_uint_eq(((unsigned char *)header)[i], 0);
}
END_TEST

START_TEST(too_small)
{
	struct channel_writer none;

	ck_assert_int_eq(
		channel_open(&none, header, CHANNEL_DATA + ELEMENT - 1, PROTOCOL, ELEMENT, 1), -1);
	ck_assert_int_eq(channel_open(&none, header, 8, PROTOCOL, ELEMENT, 1), -1);
	ck_assert_int_eq(channel_open(&none, header, SIZE, PROTOCOL, 0, 1), -1);
	ck_assert_int_eq(channel_open(&none, header, SIZE, PROTOCOL, ELEMENT, 0), -1);
	begin();
	ck_assert_int_eq(channel_open(&none, header, SIZE, PROTOCOL, ELEMENT, 1), -1);
	channel_attach(&reader, header, CHANNEL_DATA + ELEMENT - 1, PROTOCOL, ELEMENT);
	ck_assert_int_eq(read_one(), CHANNEL_INCOMPATIBLE);
	channel_attach(&reader, header, 8, PROTOCOL, ELEMENT);
	ck_assert_int_eq(read_one(), CHANNEL_INCOMPATIBLE);
}
END_TEST

START_TEST(reads_in_order)
{
	ck_assert_int_eq(read_one(), CHANNEL_INACTIVE);
	begin();
	ck_assert_int_eq(read_one(), CHANNEL_EMPTY);
	for (unsigned round = 0; round < 7; round++) {
		write_numbers(round * 4, 4);
		for (unsigned i = 0; i < 4; i++)
			expect(round * 4 + i);
		ck_assert_int_eq(read_one(), CHANNEL_EMPTY);
	}
	write_numbers(100, ELEMENTS);
	for (unsigned i = 0; i < ELEMENTS; i++)
		expect(100 + i);
	channel_close(&writer);
	ck_assert_int_eq(read_one(), CHANNEL_INACTIVE);
	ck_assert_uint_eq(reader.lost, 0);
	ck_assert_uint_eq(reader.epochs, 1);
}
END_TEST

START_TEST(overrun_goes_on_with_the_newest)
{
	begin();
	write_numbers(0, 2);
	expect(0);
	write_numbers(2, 18);
	ck_assert_int_eq(read_one(), CHANNEL_OVERRUN);
	for (unsigned i = 17; i < 20; i++)
		expect(i);
	ck_assert_int_eq(read_one(), CHANNEL_EMPTY);
	ck_assert_uint_eq(reader.lost, 16); /* 1 to 16 */
}
END_TEST

/* The writer has announced an element, and has not written it yet: the oldest may be torn. */
START_TEST(overrun_while_it_is_written)
{
	begin();
	write_numbers(0, ELEMENTS);
	header->write_start++;
	ck_assert_int_eq(read_one(), CHANNEL_OVERRUN);
	expect(2);
	ck_assert_uint_eq(reader.lost, 2);
}
END_TEST

START_TEST(new_epoch)
{
	begin();
	write_numbers(0, 3);
	expect(0);
	channel_restart(&writer, 2);
	ck_assert_int_eq(read_one(), CHANNEL_EMPTY);
	write_numbers(50, 2);
	expect(50);
	ck_assert_uint_eq(reader.epochs, 2);
	channel_restart(&writer, 3);
	write_numbers(60, 1);
	expect(60);
	ck_assert_uint_eq(reader.epochs, 3);
	ck_assert_uint_eq(reader.lost, 0);
}
END_TEST

/* ---- headers that lie ---------------------------------------------------- */

static void lie(uint64_t *field, uint64_t value)
{
	begin();
	write_numbers(0, 3);
	*field = value;
	ck_assert_int_eq(read_one(), CHANNEL_INCOMPATIBLE);
	channel_close(&writer);
	ck_assert_int_eq(read_one(), CHANNEL_INACTIVE);
}

START_TEST(incompatible_headers)
{
	lie(&header->transport, 0);
	lie(&header->protocol, PROTOCOL + 1);
	lie(&header->element_size, ELEMENT + 1);
	lie(&header->element_size, 0);
	lie(&header->element_size, UINT64_MAX);
	lie(&header->elements, 0);
	lie(&header->elements, ELEMENTS + 1);
	lie(&header->elements, UINT64_MAX);
	lie(&header->elements, UINT64_MAX / ELEMENT + 2); /* wraps to less than the region */
}
END_TEST

/* What was taken over is what counts, whatever the header becomes later. */
START_TEST(header_changes_later)
{
	begin();
	write_numbers(0, 3);
	expect(0);
	header->elements = UINT64_MAX;
	header->element_size = UINT64_MAX;
	expect(1);
	expect(2);
	write_numbers(3, 20);
	ck_assert_int_eq(read_one(), CHANNEL_OVERRUN);
	expect(20);
}
END_TEST

START_TEST(counters_lie)
{
	static const uint64_t values[] = { UINT64_MAX, 1ull << 63, ELEMENTS + 2, 1, 0 };

	begin();
	write_numbers(0, 2);
	expect(0);
	expect(1);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
			header->written = values[i];
			header->write_start = values[k];
			for (unsigned times = 0; times < 2 * ELEMENTS; times++)
				read_one();
		}
	/* Both go back to 0: the reader follows. */
	ck_assert_int_eq(read_one(), CHANNEL_EMPTY);
	header->written = header->write_start = 1;
	ck_assert_int_eq(read_one(), CHANNEL_READ);
}
END_TEST

/* ---- two threads --------------------------------------------------------- */

#define WORDS 32u
#define BUSY_SIZE (CHANNEL_DATA + 16 * WORDS * sizeof(uint64_t))
#define BUSY_WRITES 200000u
#define BUSY_BURST 64u /* so much is written before the writer waits for the reader */

static struct channel_writer busy;
static uint64_t seen; /* elements that were read */

/* Until it has read something since the last time: however threads are scheduled, both take turns.
 * There is something to read, for more was written than it can have read. */
static void wait_for_reader(void)
{
	static uint64_t before;

	while (__atomic_load_n(&seen, __ATOMIC_ACQUIRE) == before)
		sched_yield();
	before = __atomic_load_n(&seen, __ATOMIC_ACQUIRE);
}

/* Every word of an element has the epoch and the element's number: a torn one shows. */
static void *write_busily(void *region)
{
	uint64_t element[WORDS], epoch = 1;

	(void)region;
	for (uint64_t i = 0; i < BUSY_WRITES; i++) {
		if (i && i % BUSY_BURST == 0)
			wait_for_reader();
		if (i % 1000 == 10)
			channel_restart(&busy, ++epoch);
		for (unsigned k = 0; k < WORDS; k++)
			element[k] = epoch << 32 | i;
		channel_write(&busy, element);
	}
	for (unsigned k = 0; k < WORDS; k++)
		element[k] = UINT64_MAX;
	channel_write(&busy, element);
	return NULL;
}

START_TEST(two_threads)
{
	void *region = calloc(1, BUSY_SIZE);
	uint64_t element[WORDS], last = 0;
	struct channel_reader busy_reader;
	pthread_t thread;

	ck_assert_int_eq(channel_open(&busy, region, BUSY_SIZE, 7, sizeof(element), 1), 0);
	channel_attach(&busy_reader, region, BUSY_SIZE, 7, sizeof(element));
	ck_assert_int_eq(pthread_create(&thread, NULL, write_busily, region), 0);
	for (;;) {
		if (channel_read(&busy_reader, element) != CHANNEL_READ)
			continue;
		for (unsigned k = 1; k < WORDS; k++)
			ck_assert_uint_eq(element[k], element[0]);
		ck_assert_uint_gt(element[0], last);
		last = element[0];
		__atomic_store_n(&seen, seen + 1, __ATOMIC_RELEASE);
		if (last == UINT64_MAX)
			break;
	}
	pthread_join(thread, NULL);
	/* One at each wait of the writer, and the last. */
	ck_assert_uint_ge(seen, BUSY_WRITES / BUSY_BURST);
	printf("# read %llu of %u, lost %llu in %llu epochs\n", (unsigned long long)seen,
	       BUSY_WRITES, (unsigned long long)busy_reader.lost,
	       (unsigned long long)busy_reader.epochs);
	free(region);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("channel");
	TCase *tests = tcase_create("channel");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, header_is_muens);
	tcase_add_test(tests, opening_clears);
	tcase_add_test(tests, too_small);
	tcase_add_test(tests, reads_in_order);
	tcase_add_test(tests, overrun_goes_on_with_the_newest);
	tcase_add_test(tests, overrun_while_it_is_written);
	tcase_add_test(tests, new_epoch);
	tcase_add_test(tests, incompatible_headers);
	tcase_add_test(tests, header_changes_later);
	tcase_add_test(tests, counters_lie);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, two_threads);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
