#include "image/loader/console.h"

#include "image/loader/cpu.h"

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

	PATIENCE = 1000000, /* looks at a port that does not get ready, if there is none */
	GREY = 0x07,
};

static struct console_screen screen;
static uint32_t row, column;

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

static void wait_for(uint8_t status)
{
	for (unsigned i = 0; i < PATIENCE && !(cpu_in8(LINE_STATUS) & status); i++)
		continue;
}

static void send(char character)
{
	wait_for(HOLDING_EMPTY);
	cpu_out8(COM1, (uint8_t)character);
}

void console_drain(void)
{
	wait_for(ALL_SENT);
}

/* ---- the screen ---------------------------------------------------------- */

static volatile uint16_t *cell(uint32_t line, uint32_t at)
{
	return (volatile uint16_t *)(screen.address + line * screen.pitch) + at;
}

static void clear_row(uint32_t line)
{
	for (uint32_t i = 0; i < screen.width; i++)
		*cell(line, i) = GREY << 8 | ' ';
}

void console_open_screen(struct console_screen opened)
{
	screen = opened;
	row = column = 0;
	if (!screen.address)
		return;
	for (uint32_t i = 0; i < screen.height; i++)
		clear_row(i);
}

static void scroll(void)
{
	for (uint32_t line = 1; line < screen.height; line++)
		for (uint32_t i = 0; i < screen.width; i++)
			*cell(line - 1, i) = *cell(line, i);
	row = screen.height - 1;
	clear_row(row);
}

static void show(char character)
{
	if (!screen.address)
		return;
	if (character == '\n' || column == screen.width) {
		column = 0;
		row++;
	}
	if (row >= screen.height)
		scroll();
	if (character != '\n')
		*cell(row, column++) = (uint16_t)(GREY << 8 | (uint8_t)character);
}

/* ---- both ---------------------------------------------------------------- */

static void put(char character)
{
	if (character == '\n')
		send('\r');
	send(character);
	show(character);
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
