/* The parts of a muen guest that need no machine: what its console tells of its end, MAC addresses,
 * whether it waits, what its faults were about, its memory. */
#include "subject/subject_info.h"
#include "tender/muen/clock.h"
#include "tender/muen/end.h"
#include "tender/muen/fault.h"
#include "tender/muen/idle.h"
#include "tender/muen/load.h"
#include "tender/muen/mac.h"
#include "tests/unit/support.h"
#include "tests/unit/world_example.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct error err;

/* ---- the end, by the console ---- */

static struct muen_end end;

static void print(const char *text)
{
	muen_end_output(&end, text, strlen(text));
}

#define HALTED "Solo5: Halted\n"

START_TEST(learns_of_a_trap)
{
	end = (struct muen_end){ 0 };
	/* in pieces, as records of the log come */
	print("Solo5: trap: type=#PF ec=0x3 rip=0x2002b0 rsp=0x120");
	print("ceb0 rflags=0x10046\nSolo5: trap: cr2=0x200000\n");
	print("Solo5: ABORT: cpu.c:145: Fatal trap\n" HALTED);
	ck_assert(end.trapped && end.page_fault && end.ending.halted);
	ck_assert_int_eq(end.ending.status, 255);
	ck_assert_uint_eq(end.trap.error_code, 3);
	ck_assert_uint_eq(end.trap.rip, 0x2002b0);
	ck_assert_uint_eq(end.trap.rsp, 0x120ceb0);
	ck_assert_uint_eq(end.trap.rflags, 0x10046);
	ck_assert_uint_eq(end.trap.cr2, 0x200000);
	print("Solo5: trap: type=#DE rip=0x1 rsp=0x2 rflags=0x3\n");
	ck_assert(end.trapped && !end.page_fault);
	ck_assert_uint_eq(end.trap.cr2, 0);
	ck_assert_uint_eq(end.trap.error_code, 0);
}
END_TEST

/* ---- MAC addresses ---- */

/* As Solo5's bindings compute it, in its own words. */
static void bindings(uint64_t start, uint64_t finish, uint64_t base, const char *name, unsigned k,
		     uint8_t mac[6])
{
	char padded[64] = { 0 };
	uint64_t d = ((start << 32) | finish) ^ (base * 1000);

	strncpy(padded, name, sizeof(padded) - 1);
	if (k)
		d = ((d << k) | (d >> (64 - k))) + k;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)padded[i] ^ (uint8_t)(d >> (8 * i));
	mac[0] = (mac[0] & 0xfe) | 0x02;
}

START_TEST(makes_the_mac_address_that_is_wanted)
{
	static const char *const names[] = { "unikernel", "a", "web-server" };
	static const uint8_t macs[][6] = {
		{ 0x02, 0, 0, 0, 0, 1 },
		{ 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff },
		{ 0x0a, 0x12, 0x34, 0x56, 0x78, 0x9a },
	};

	for (unsigned k = 0; k < 3; k++)
		for (size_t m = 0; m < 3; m++)
			for (uint64_t us = 1; us < 1ull << 45; us = us * 3 + 7) {
				struct muen_mac_clock clock = { us * MUEN_TICKS_PER_US, 0,
								1795000000000000 - us };
				uint8_t mac[6], predicted[6];

				ck_assert(muen_mac_choose(&clock, names[m], k, macs[m]));
				bindings(clock.start, clock.end, clock.base, names[m], k, mac);
				ck_assert_mem_eq(mac, macs[m], 6);
				muen_mac_of(&clock, names[m], k, predicted);
				ck_assert_mem_eq(predicted, mac, 6);
			}
}
END_TEST

START_TEST(knows_which_mac_addresses_are_possible)
{
	static const uint8_t group[6] = { 0x03 }, global[6] = { 0x00 }, good[6] = { 0x5a };

	ck_assert(!muen_mac_is_possible(group));
	ck_assert(!muen_mac_is_possible(global));
	ck_assert(muen_mac_is_possible(good));
}
END_TEST

/* ---- waiting ---- */

static struct muen_idle idle;
static uint64_t now;

static void look(uint64_t rip, uint64_t counter, int in_yield, bool progress)
{
	struct muen_look look = { .time = now += 5000, .rip = rip, .rsp = 0x1000 };

	look.preserved[0] = counter;
	look.in_yield = in_yield;
	muen_idle_look(&idle, &look, progress);
}

static void begin(void)
{
	idle = (struct muen_idle){ 0 };
	now = 1000000000;
}

START_TEST(sees_a_guest_wait)
{
	uint64_t sleep, before = 0, wait = 0;

	begin();
	look(0x2000, 1, YIELD_YES, false);
	look(0x2000, 1, YIELD_YES, false);
	ck_assert(!muen_idle_waits(&idle));
	ck_assert_uint_eq(muen_idle_sleep(&idle), 0);
	/* Then it sleeps longer and longer, never for more than a part of what it has waited. */
	for (int i = 0; i < 200; i++) {
		look(0x2000, 1, YIELD_YES, false);
		ck_assert(muen_idle_waits(&idle));
		sleep = muen_idle_sleep(&idle);
		ck_assert_uint_ge(sleep, before);
		ck_assert_uint_le(sleep, wait / 8 + 20000);
		muen_idle_slept(&idle, sleep);
		now += sleep;
		wait += sleep + 5000;
		before = sleep;
	}
	ck_assert_uint_eq(sleep, 1000000);
	/* A frame or a line of output ends it. */
	look(0x2000, 1, YIELD_YES, true);
	ck_assert(!muen_idle_waits(&idle));
}
END_TEST

START_TEST(lets_a_slow_host_sleep_longer)
{
	begin();
	for (int i = 0; i < 200; i++) {
		now += 200000;
		look(0x2000, 1, YIELD_YES, false);
		muen_idle_slept(&idle, muen_idle_sleep(&idle));
		now += muen_idle_sleep(&idle);
	}
	/* 2 % of a CPU for the guest's loop */
	ck_assert_uint_gt(muen_idle_sleep(&idle), 59 * 200000);
	ck_assert_uint_lt(muen_idle_sleep(&idle), 61 * 205000);
}
END_TEST

START_TEST(lets_a_guest_compute)
{
	begin();
	for (int i = 0; i < 1000; i++) {
		look(0x2000, (uint64_t)i, YIELD_UNKNOWN, false);
		ck_assert(!muen_idle_waits(&idle));
	}
	for (int i = 0; i < 1000; i++) {
		look(i % 2 ? 0x2000 : 0x3000, 0, YIELD_UNKNOWN, false);
		ck_assert(!muen_idle_waits(&idle));
	}
	/* All of its state may lie in memory: then symbols tell. */
	for (int i = 0; i < 1000; i++) {
		look(0x2000, 0, YIELD_NO, false);
		ck_assert(!muen_idle_waits(&idle));
		ck_assert_uint_eq(muen_idle_sleep(&idle), 0);
	}
}
END_TEST

START_TEST(knows_when_everything_was_read)
{
	begin();
	look(0x2000, 0, YIELD_YES, true);
	ck_assert(muen_idle_has_read(&idle));
	look(0x2000, 0, YIELD_NO, false);
	ck_assert(!muen_idle_has_read(&idle));
	look(0x2000, 0, YIELD_UNKNOWN, true);
	ck_assert(!muen_idle_has_read(&idle));
	look(0x2000, 0, YIELD_UNKNOWN, false);
	ck_assert(!muen_idle_wait_begins(&idle));
	look(0x2000, 0, YIELD_UNKNOWN, false);
	ck_assert(muen_idle_has_read(&idle));
	ck_assert(muen_idle_wait_begins(&idle));
	look(0x2000, 0, YIELD_UNKNOWN, false);
	ck_assert(muen_idle_has_read(&idle));
	ck_assert(!muen_idle_wait_begins(&idle));
	muen_idle_forget(&idle);
	ck_assert(!muen_idle_has_read(&idle));
}
END_TEST

/* ---- faults and memory ---- */

static struct subject_world *settled(void)
{
	struct subject_world *world = world_example();

	ck_assert_int_eq(world_settle(world, &err), 0);
	return world;
}

START_TEST(explains_faults)
{
	static const struct {
		uint64_t address, code;
		const char *text;
	} cases[] = {
		{ 0x200010, 3, "wrote to 0x200010, in its region 'text' (*), which is read-only" },
		{ EXAMPLE_RAM, 0x11,
		  "jumped to 0x206000, in its region 'ram' (*), which is not exec" },
		{ 0x1ff000, 0,
		  "read at 0x1ff000, outside of all its regions, 0x1000 bytes below 'tex" },
		{ 0x2000, 2,
		  "wrote to 0x2000, outside of all its regions, directly behind the end of "
		  "'boot_info'" },
		{ 0x3000, 2, ", 0x1000 bytes behind the end of 'boot_info' (" },
		{ 0x0, 0,
		  "read at 0x0, outside of all its regions, 0x1000 bytes below 'boot_info'" },
		{ 0x7ffffffff000, 0x10, "jumped to 0x7ffffffff000, outside of all its regions" },
	};
	cleanup_world struct subject_world *world = settled();
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct guest_trap trap = { .cr2 = cases[i].address,
						 .error_code = cases[i].code };
		char expected[512], *star;

		muen_explain_fault(world, &trap, text, sizeof(text));
		/* "*" is an origin */
		snprintf(expected, sizeof(expected), "%s", cases[i].text);
		star = strchr(expected, '*');
		if (star)
			*star = '\0';
		ck_assert_msg(strstr(text, expected) != NULL, "case %zu: %s", i, text);
		if (star)
			ck_assert_msg(strstr(text, star + 1) != NULL, "case %zu: %s", i, text);
	}
	muen_explain_address(world, 0x200010, text, sizeof(text));
	ck_assert_msg(strstr(text, "last page fault was at 0x") && strstr(text, "'text' (") &&
			      strstr(text, "which is read-only"),
		      "%s", text);
}
END_TEST

static struct bytes binary_of(size_t size)
{
	struct bytes binary = { .data = malloc(size), .size = size };

	for (size_t i = 0; i < size; i++)
		binary.data[i] = (unsigned char)(i / MUEN_PAGE + 1);
	return binary;
}

START_TEST(lays_a_world_out)
{
	cleanup_world struct subject_world *world = settled();
	cleanup_bytes struct bytes binary = binary_of(0x10000);
	struct muen_image image;
	struct vm_registers registers;
	const struct guest_memory *memory = &image.memory;
	unsigned char byte = 0;
	uint64_t value = 0;

	ck_assert_int_eq(muen_load(&image, world, &binary, 2000000000, &err), 0);
	ck_assert_int_eq(guest_memory_read(memory, 0x201000, &byte, 1), 0);
	ck_assert_uint_eq(byte, 3);
	ck_assert_ptr_null(guest_memory_at(memory, 0x201000, 1, GUEST_WRITE));
	ck_assert_int_eq(guest_memory_write(memory, EXAMPLE_RAM_END - 8, "12345678", 8), 0);
	ck_assert_int_eq(guest_memory_read(memory, MUEN_SINFO, &value, 8), 0);
	ck_assert_uint_eq(value & 0xffffffffffffff, 0x6f666e69756d);
	ck_assert_int_eq(guest_memory_read(memory, MUEN_TIME_INFO + 8, &value, 8), 0);
	ck_assert_uint_eq(value, MUEN_TICK_RATE);
	ck_assert_int_eq(guest_memory_read(memory, 0x1000, &value, 8), 0);
	ck_assert_uint_eq(value, EXAMPLE_RAM_END);
	/* The scheduling info has a place of its own, and no memory in the machine. */
	for (size_t i = 0; i < world->count; i++)
		ck_assert((image.physical[i] == MUEN_SCHEDULE_PHYSICAL) ==
			  (world->regions[i].role == WORLD_SCHEDULE));
	muen_entry_state(world, &image, &registers);
	ck_assert_uint_eq(registers.rip, world->entry);
	ck_assert_uint_eq(registers.gpr[VM_RSP], world->stack);
	ck_assert_uint_eq(registers.gpr[VM_RDI], world->boot_info);
	ck_assert_uint_eq(registers.cr3, image.tables);
	muen_image_free(&image);
}
END_TEST

START_TEST(refuses_files_that_are_too_short)
{
	cleanup_world struct subject_world *world = settled();
	cleanup_bytes struct bytes binary = binary_of(0x4fff);
	struct muen_image image;

	ck_assert_int_eq(muen_load(&image, world, &binary, 1, &err), -1);
	ck_assert_msg(strstr(err.message, "'.data'") && strstr(err.message, "0x4000"), "%s",
		      err.message);
}
END_TEST

START_TEST(shares_memory)
{
	cleanup_world struct subject_world *world = settled();
	cleanup_bytes struct bytes binary = binary_of(0x10000);
	struct world_region *in = example_region(world, "net|in");
	struct world_region *out = example_region(world, "net|out");
	struct muen_image image;
	unsigned char *view, byte = 0;
	int fd = memfd_create("channel", MFD_CLOEXEC);

	ck_assert_int_eq(ftruncate(fd, (off_t)in->size - 4096), 0);
	in->shared_fd = fd;
	ck_assert_int_eq(muen_load(&image, world, &binary, 1, &err), -1);
	ck_assert_msg(strstr(err.message, "the shared memory has 61440 bytes, 65536"), "%s",
		      err.message);
	ck_assert_int_eq(ftruncate(fd, (off_t)in->size), 0);
	out->shared_fd = fd;
	ck_assert_int_eq(muen_load(&image, world, &binary, 1, &err), 0);
	view = mmap(NULL, in->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	view[100] = 77;
	ck_assert_int_eq(guest_memory_read(&image.memory, in->address + 100, &byte, 1), 0);
	ck_assert_uint_eq(byte, 77);
	ck_assert_int_eq(guest_memory_write(&image.memory, out->address + 101, "x", 1), 0);
	ck_assert_uint_eq(view[101], 'x');
	muen_image_free(&image);
	munmap(view, in->size);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tender: muen");
	TCase *words = tcase_create("console"), *mac = tcase_create("MAC addresses"),
	      *waiting = tcase_create("waiting"), *memory = tcase_create("memory");

	tcase_add_test(words, learns_of_a_trap);
	suite_add_tcase(suite, words);
	tcase_add_test(mac, makes_the_mac_address_that_is_wanted);
	tcase_add_test(mac, knows_which_mac_addresses_are_possible);
	suite_add_tcase(suite, mac);
	tcase_add_test(waiting, sees_a_guest_wait);
	tcase_add_test(waiting, lets_a_slow_host_sleep_longer);
	tcase_add_test(waiting, lets_a_guest_compute);
	tcase_add_test(waiting, knows_when_everything_was_read);
	suite_add_tcase(suite, waiting);
	tcase_add_test(memory, explains_faults);
	tcase_add_test(memory, lays_a_world_out);
	tcase_add_test(memory, refuses_files_that_are_too_short);
	tcase_add_test(memory, shares_memory);
	suite_add_tcase(suite, memory);
	return run_suite(suite);
}
