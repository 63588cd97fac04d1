/* Writes blocks, reads them back, verifies them, and tries what must be refused. Solo5 has no
 * block devices on Muen: there it says so and ends with status 3. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

#define DEVICE "storage"
#define BLOCK_MAX 32768 /* bytes; the largest block size of hvt's tenders */
#define STATUS_NO_DEVICE 3

SOLO5_MANIFEST(BLOCK_BASIC(DEVICE));

static uint8_t block[BLOCK_MAX], expected[BLOCK_MAX];
static solo5_handle_t device;
static struct solo5_block_info geometry;
static int failures;

/* Eight bytes that depend on block and place, repeated. */
static void fill(uint8_t *data, uint64_t number)
{
	for (uint64_t i = 0; i < geometry.block_size; i += 8) {
		uint64_t word = (number + 1) * 0x9e3779b97f4a7c15u + i;

		memcpy(data + i, &word, sizeof(word));
	}
}

static void expect(const char *what, uint64_t number, solo5_result_t found, solo5_result_t wanted)
{
	if (found == wanted)
		return;
	print("block: %s at block %lu gave result %d, not %d\n", what, number, found, wanted);
	failures++;
}

static void write_blocks(uint64_t count, bool read_only)
{
	for (uint64_t i = 0; i < count; i++) {
		solo5_off_t offset = i * geometry.block_size;
		solo5_result_t result;

		fill(block, i);
		result = solo5_block_write(device, offset, block, geometry.block_size);
		if (!read_only)
			expect("write", i, result, SOLO5_R_OK);
		else if (result == SOLO5_R_OK)
			expect("write to a read-only device", i, result, SOLO5_R_EUNSPEC);
	}
}

static void read_blocks(uint64_t count, bool verify)
{
	for (uint64_t i = 0; i < count; i++) {
		solo5_off_t offset = i * geometry.block_size;

		memset(block, 0, geometry.block_size);
		expect("read", i, solo5_block_read(device, offset, block, geometry.block_size),
		       SOLO5_R_OK);
		fill(expected, i);
		if (verify && memcmp(block, expected, geometry.block_size)) {
			print("block: block %lu was read back different\n", i);
			failures++;
		}
	}
}

static void try_refused(void)
{
	uint64_t end = geometry.capacity / geometry.block_size;

	expect("read behind the end", end,
	       solo5_block_read(device, geometry.capacity, block, geometry.block_size),
	       SOLO5_R_EINVAL);
	expect("unaligned read", 0, solo5_block_read(device, 1, block, geometry.block_size),
	       SOLO5_R_EINVAL);
	expect("read of half a block", 0,
	       solo5_block_read(device, 0, block, geometry.block_size / 2), SOLO5_R_EINVAL);
	expect("write with a wrong handle", 0,
	       solo5_block_write(device + 1, 0, block, geometry.block_size), SOLO5_R_EINVAL);
}

static void measure(uint64_t reads, uint64_t blocks)
{
	solo5_time_t start = solo5_clock_monotonic();

	for (uint64_t i = 0; i < reads; i++)
		expect("read", i % blocks,
		       solo5_block_read(device, i % blocks * geometry.block_size, block,
					geometry.block_size),
		       SOLO5_R_OK);
	print("block: %lu reads in %lu us\n", reads, (solo5_clock_monotonic() - start) / 1000);
}

int solo5_app_main(const struct solo5_start_info *info)
{
	uint64_t count = 8, reads = 0;
	bool read_only = false;
	const struct argument arguments[] = {
		{ .name = "--blocks=", .number = &count, .what = "how many to write (8)" },
		{ .name = "--read-only", .flag = &read_only, .what = "expect every write to fail" },
		{ .name = "--reads=", .number = &reads, .what = "reads to measure (0)" },
	};
	solo5_result_t result;

	parse_arguments(info->cmdline, arguments, 3);
	result = solo5_block_acquire(DEVICE, &device, &geometry);
	if (result != SOLO5_R_OK) {
		print("block: no block device '%s' on %s: acquire gave result %d\n", DEVICE,
		      guest_target, result);
		return STATUS_NO_DEVICE;
	}
	print("block: capacity %lu, block size %lu\n", geometry.capacity, geometry.block_size);
	if (geometry.block_size > BLOCK_MAX || !geometry.block_size) {
		print("FAILURE: the block size is not between 1 and %d\n", BLOCK_MAX);
		return SOLO5_EXIT_FAILURE;
	}
	if (count > geometry.capacity / geometry.block_size)
		count = geometry.capacity / geometry.block_size;
	write_blocks(count, read_only);
	read_blocks(count, !read_only);
	try_refused();
	if (reads && count)
		measure(reads, count);
	print("block: %lu blocks, %d failures\n", count, failures);
	print(failures ? "FAILURE\n" : "SUCCESS\n");
	return failures ? SOLO5_EXIT_FAILURE : SOLO5_EXIT_SUCCESS;
}
