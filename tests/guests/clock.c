/* Watches both clocks: monotonic time never goes back, a yield lasts as long as it should, and
 * both clocks advance alike. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

#define MILLISECOND 1000000ull

/* Reads the clock often; returns how often it went back. */
static uint64_t count_steps_back(uint64_t samples)
{
	solo5_time_t before = solo5_clock_monotonic();
	uint64_t count = 0;

	for (uint64_t i = 0; i < samples; i++) {
		solo5_time_t now = solo5_clock_monotonic();

		count += now < before;
		before = now;
	}
	return count;
}

/* Returns 1 if the yield ended before its deadline. */
static int sleep_once(uint64_t milliseconds)
{
	solo5_time_t start = solo5_clock_monotonic(), now;
	solo5_time_t deadline = start + milliseconds * MILLISECOND;

	solo5_yield(deadline, NULL);
	now = solo5_clock_monotonic();
	print("clock: slept %lu us of %lu\n", (now - start) / 1000, milliseconds * 1000);
	return now < deadline;
}

int solo5_app_main(const struct solo5_start_info *info)
{
	uint64_t milliseconds = 100, rounds = 3, samples = 1000, tolerance = 50;
	const struct argument arguments[] = {
		{ .name = "--sleep-ms=", .number = &milliseconds, .what = "one sleep (100)" },
		{ .name = "--rounds=", .number = &rounds, .what = "how many sleeps (3)" },
		{ .name = "--samples=", .number = &samples, .what = "clock readings (1000)" },
		{ .name = "--tolerance-ms=",
		  .number = &tolerance,
		  .what = "how far the clocks may drift apart meanwhile (50)" },
	};
	solo5_time_t wall, monotonic;
	uint64_t steps_back, drift;
	int failures = 0;

	parse_arguments(info->cmdline, arguments, 4);
	wall = solo5_clock_wall();
	monotonic = solo5_clock_monotonic();
	print("clock: wall %lu ns since 1970, monotonic %lu ns\n", wall, monotonic);
	steps_back = count_steps_back(samples);
	print("clock: went back %lu times in %lu readings\n", steps_back, samples);
	for (uint64_t i = 0; i < rounds; i++)
		failures += sleep_once(milliseconds);
	wall = solo5_clock_wall() - wall;
	monotonic = solo5_clock_monotonic() - monotonic;
	drift = wall > monotonic ? wall - monotonic : monotonic - wall;
	print("clock: wall advanced %lu us, monotonic %lu us\n", wall / 1000, monotonic / 1000);
	if (steps_back || failures || drift > tolerance * MILLISECOND) {
		print("FAILURE: %lu steps back, %d early yields, clocks %lu us apart\n", steps_back,
		      failures, drift / 1000);
		return SOLO5_EXIT_FAILURE;
	}
	print("SUCCESS\n");
	return SOLO5_EXIT_SUCCESS;
}
