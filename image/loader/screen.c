#include "image/loader/screen.h"

#include "image/loader/font.h"

enum {
	GREY = 0x07, /* attribute: grey on black */
	SPACE = 2,   /* between lines of pixels */
	USUAL = 80,  /* characters in a line: pixels are enlarged as far as these fit */
};

static struct console_screen screen;
static uint32_t columns, rows; /* characters */
static uint32_t scale;	       /* how large a pixel of a letter is */
static uint32_t row, column;

static void show_cell(uint32_t y, uint32_t x, char character)
{
	volatile uint16_t *line = (volatile uint16_t *)(screen.address + y * screen.pitch);

	line[x] = (uint16_t)(GREY << 8 | (uint8_t)character);
}

static void show_pixels(uint32_t y, uint32_t x, const unsigned char *glyph)
{
	uint32_t height = (FONT_ROWS + SPACE) * scale, width = FONT_COLUMNS * scale;

	for (uint32_t i = 0; i < height; i++) {
		unsigned bits = i / scale < FONT_ROWS ? glyph[i / scale] : 0;
		volatile unsigned char *at =
			(volatile unsigned char *)(screen.address +
						   (y * height + i) * screen.pitch +
						   x * width * screen.pixel);

		for (uint32_t j = 0; j < width; j++)
			for (uint32_t k = 0; k < screen.pixel; k++)
				*at++ = bits >> (j / scale) & 1 ? 0xff : 0;
	}
}

static void show(uint32_t y, uint32_t x, char character)
{
	if (character < FONT_FIRST || character > FONT_LAST)
		character = '?';
	if (screen.pixel)
		show_pixels(y, x, font_glyphs[character - FONT_FIRST]);
	else
		show_cell(y, x, character);
}

static void clear(void)
{
	row = column = 0;
	for (uint32_t y = 0; y < rows; y++)
		for (uint32_t x = 0; x < columns; x++)
			show(y, x, ' ');
}

void console_open_screen(const struct console_screen *opened)
{
	screen = *opened;
	columns = screen.width;
	rows = screen.height;
	if (screen.pixel) {
		scale = screen.width / (USUAL * FONT_COLUMNS);
		if (!scale)
			scale = 1;
		columns = screen.width / (FONT_COLUMNS * scale);
		rows = screen.height / ((FONT_ROWS + SPACE) * scale);
	}
	if (!screen.address)
		columns = rows = 0;
	clear();
}

static void end_line(void)
{
	column = 0;
	if (++row == rows)
		clear();
}

void screen_put(char character)
{
	if (!columns || !rows)
		return;
	if (character == '\n' || column == columns)
		end_line();
	if (character != '\n')
		show(row, column++, character);
}
