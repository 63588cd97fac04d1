/* Lines on the serial port (image/bare/serial.h) and on the screen, of characters or of pixels. */
#ifndef IMAGE_LOADER_CONSOLE_H
#define IMAGE_LOADER_CONSOLE_H

#include <stdint.h>

struct console_screen {
	uint32_t address;	/* 0: none */
	uint32_t width, height; /* characters, or pixels */
	uint32_t pitch;		/* bytes of a line */
	uint32_t pixel;		/* bytes of one; 0: characters, each with an attribute */
};

/* What a PC shows in text mode. */
#define CONSOLE_VGA                                                                                \
	(struct console_screen)                                                                    \
	{                                                                                          \
		.address = 0xb8000, .width = 80, .height = 25, .pitch = 160                        \
	}

void console_open_screen(const struct console_screen *screen); /* clears it */

/* "WHO: TEXT" and a new line, on both. */
void console_say(const char *who, const char *text);

#endif
