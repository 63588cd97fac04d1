#include "image/standin/clock.h"

#include "image/standin/console.h"
#include "image/standin/interrupts.h"
#include "image/standin/machine.h"
#include "image/standin/rtc.h"

#include <stdbool.h>

#define MICROSECONDS 1000000u

/* The PIT's channel 2, whose output the processor can see; 1193182 Hz. */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_ONE_SHOT 0xb0 /* channel 2, both bytes, mode 0 */
#define SYSTEM_CONTROL 0x61
#define CONTROL_GATE 0x01
#define CONTROL_SPEAKER 0x02
#define CONTROL_OUTPUT 0x20
#define PIT_RATE 1193182u
#define PIT_WINDOWS 50u /* windows in a second */

#define ROUNDS 3
#define PATIENCE                                                                                   \
	10000000u /* reads of a port, of about a microsecond, before a chip counts as dead */

static struct {
	uint64_t tsc_rate;   /* Hz */
	uint64_t timer_rate; /* Hz */
	unsigned shift;	     /* ticks are the time stamp counter's, so many times doubled */
	uint64_t last;	     /* tick that was published */
	uint64_t wall_base;  /* us since 1970 at tick 0 */
} state;

struct window {
	uint64_t tsc;
	uint32_t timer;
};

static void begin_window(struct window *window)
{
	timer_count_begin();
	window->tsc = read_tsc();
}

static void end_window(struct window *window)
{
	window->tsc = read_tsc() - window->tsc;
	window->timer = timer_counted();
}

static bool pit_window(struct window *window)
{
	const uint16_t count = PIT_RATE / PIT_WINDOWS;
	uint8_t control = (cpu_in8(SYSTEM_CONTROL) & ~CONTROL_SPEAKER & 0x0f) | CONTROL_GATE;
	unsigned left = PATIENCE;

	cpu_out8(SYSTEM_CONTROL, control & ~CONTROL_GATE);
	cpu_out8(PIT_COMMAND, PIT_ONE_SHOT);
	cpu_out8(PIT_CHANNEL2, count & 0xff);
	cpu_out8(PIT_CHANNEL2, count >> 8);
	if (cpu_in8(SYSTEM_CONTROL) & CONTROL_OUTPUT)
		return false; /* it is high before it has counted: there is none */
	cpu_out8(SYSTEM_CONTROL, control);
	begin_window(window);
	while (!(cpu_in8(SYSTEM_CONTROL) & CONTROL_OUTPUT))
		if (!--left)
			return false;
	end_window(window);
	cpu_out8(SYSTEM_CONTROL, control & ~CONTROL_GATE);
	return true;
}

static bool measure_by_pit(void)
{
	struct window best = { .tsc = UINT64_MAX };

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct window window;

		if (!pit_window(&window))
			return false;
		if (window.tsc < best.tsc) /* firmware's interruptions only prolong */
			best = window;
	}
	state.tsc_rate = best.tsc * PIT_WINDOWS;
	state.timer_rate = (uint64_t)best.timer * PIT_WINDOWS;
	return true;
}

/* Some PCs switch the PIT off. Takes up to two seconds. */
static bool measure_by_rtc(void)
{
	struct window window;

	if (!rtc_wait_second())
		return false;
	begin_window(&window);
	if (!rtc_wait_second())
		return false;
	end_window(&window);
	state.tsc_rate = window.tsc;
	state.timer_rate = window.timer;
	return true;
}

static uint64_t ticks(void)
{
	return read_tsc() << state.shift;
}

static uint64_t tick_rate(void)
{
	return state.tsc_rate << state.shift;
}

static void set_wall_clock(void)
{
	uint64_t now = ticks(), seconds = 0;
	uint64_t since =
		now / tick_rate() * MICROSECONDS + now % tick_rate() * MICROSECONDS / tick_rate();

	if (!rtc_read(&seconds))
		say("the machine has no clock: the time of day begins in 1970");
	seconds *= MICROSECONDS;
	state.wall_base = seconds > since ? seconds - since : 1;
}

void clock_init(void)
{
	if (!measure_by_pit() && !measure_by_rtc())
		give_up("neither the PIT nor the RTC counts: cannot tell how fast time goes by");
	if (state.tsc_rate < MICROSECONDS || state.timer_rate < CLOCK_FRAMES)
		give_up("the time stamp counter (%lu Hz) or the timer (%lu Hz) stands still",
			state.tsc_rate, state.timer_rate);
	while (tick_rate() < TIME_RATE_MIN)
		state.shift++;
	set_wall_clock();
}

uint32_t clock_frame_count(void)
{
	return (uint32_t)(state.timer_rate / CLOCK_FRAMES);
}

void clock_advance(struct schedule_info *schedule)
{
	volatile struct schedule_info *page = schedule;
	uint64_t now = ticks();

	if (now > state.last)
		state.last = now;
	else
		state.last++;
	page->end = state.last + tick_rate() / CLOCK_FRAMES;
	page->start = state.last;
}

/* The rate first: a subject takes it as soon as there is a base. */
void clock_publish(struct time_info *info)
{
	volatile struct time_info *page = info;

	page->rate = tick_rate();
	page->base = state.wall_base;
}
