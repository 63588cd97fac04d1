#include "image/standin/console.h"
#include "image/standin/machine.h"

#include <stddef.h>

#define TEXT_MEMORY 0xb8000
#define COLUMNS 80u
#define ROWS 25u
#define BLANK 0x0720u /* light grey on black */

#define GRAPHICS_INDEX 0x3ce /* VGA's graphics controller */
#define GRAPHICS_DATA 0x3cf
#define REGISTER_MISCELLANEOUS 6
#define MISCELLANEOUS_MODE 0x0d /* where its memory lies, and whether it shows graphics */
#define MODE_TEXT 0x0c		/* 0xb8000, text */

static volatile uint16_t *cells; /* NULL: no screen in text mode */
static unsigned column, row;

/* UEFI leaves a screen in graphics mode, which we do not write to; and a machine may have none. */
static bool is_in_text_mode(volatile uint16_t *memory)
{
	uint16_t before = memory[0], read;

	cpu_out8(GRAPHICS_INDEX, REGISTER_MISCELLANEOUS);
	if ((cpu_in8(GRAPHICS_DATA) & MISCELLANEOUS_MODE) != MODE_TEXT)
		return false;
	memory[0] = 0x0753;
	read = memory[0];
	memory[0] = before;
	return read == 0x0753;
}

void screen_init(void)
{
	volatile uint16_t *memory = memory_at(TEXT_MEMORY);

	if (!is_in_text_mode(memory))
		return;
	cells = memory;
	for (size_t i = 0; i < ROWS * COLUMNS; i++)
		cells[i] = BLANK;
}

static void next_row(void)
{
	column = 0;
	if (++row < ROWS)
		return;
	row = ROWS - 1;
	for (size_t i = 0; i < row * COLUMNS; i++)
		cells[i] = cells[i + COLUMNS];
	for (size_t i = 0; i < COLUMNS; i++)
		cells[row * COLUMNS + i] = BLANK;
}

void screen_put(char character)
{
	unsigned char byte = (unsigned char)character;

	if (!cells)
		return;
	if (byte == '\n') {
		next_row();
		return;
	}
	if (column == COLUMNS)
		next_row();
	if (byte == '\t')
		byte = ' ';
	cells[row * COLUMNS + column++] = (BLANK & 0xff00) | (byte < 0x80 ? byte : '?');
}
