/* Lines on the first serial port (115200 8N1) and on the screen, if that shows text. */
#ifndef IMAGE_LOADER_CONSOLE_H
#define IMAGE_LOADER_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

/* A text screen: pairs of character and attribute. */
struct console_screen {
	uint32_t address;	/* 0: none */
	uint32_t width, height; /* characters */
	uint32_t pitch;		/* bytes of a line */
};

/* What a PC shows in text mode. */
#define CONSOLE_VGA                                                                                \
	(struct console_screen)                                                                    \
	{                                                                                          \
		.address = 0xb8000, .width = 80, .height = 25, .pitch = 160                        \
	}

void console_open_serial(void);
void console_open_screen(struct console_screen screen); /* clears it */

/* "WHO: TEXT" and a new line, on both. */
void console_say(const char *who, const char *text);

/* Until all of it went over the serial line. */
void console_drain(void);

#endif
