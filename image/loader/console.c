#include "image/loader/console.h"

#include "image/loader/cpu.h"
#include "image/loader/screen.h"

#include <stdbool.h>

enum {
	COM1 = 0x3f8,
	DIVISOR_LOW = COM1,
	DIVISOR_HIGH = COM1 + 1,
	INTERRUPTS = COM1 + 1,
	FIFO = COM1 + 2,
	LINE_CONTROL = COM1 + 3,
	MODEM_CONTROL = COM1 + 4,
	LINE_STATUS = COM1 + 5,

	DIVISOR_LATCH = 0x80,
	EIGHT_BITS = 0x03,
	FIFO_CLEARED = 0x07,
	READY_TO_SEND = 0x03,
	HOLDING_EMPTY = 0x20,
	ALL_SENT = 0x40,

	PATIENCE = 10000000, /* looks at a port, of about a microsecond, before it counts as dead */
};

void console_open_serial(void)
{
	cpu_out8(INTERRUPTS, 0);
	cpu_out8(LINE_CONTROL, DIVISOR_LATCH);
	cpu_out8(DIVISOR_LOW, 1); /* 115200 */
	cpu_out8(DIVISOR_HIGH, 0);
	cpu_out8(LINE_CONTROL, EIGHT_BITS);
	cpu_out8(FIFO, FIFO_CLEARED);
	cpu_out8(MODEM_CONTROL, READY_TO_SEND);
}

static bool dead;

static void wait_for(uint8_t status)
{
	unsigned left = dead ? 0 : PATIENCE;

	while (left && !(cpu_in8(LINE_STATUS) & status))
		left--;
	dead = !left;
}

static void send(char character)
{
	wait_for(HOLDING_EMPTY);
	if (!dead)
		cpu_out8(COM1, (uint8_t)character);
}

void console_drain(void)
{
	wait_for(ALL_SENT);
}

static void put(char character)
{
	if (character == '\n')
		send('\r');
	send(character);
	screen_put(character);
}

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

void console_say(const char *who, const char *text)
{
	put_text(who);
	put_text(": ");
	put_text(text);
	put('\n');
}
