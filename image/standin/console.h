/* What the stand-in kernel and its subjects say: on the first serial port, and on the screen if
 * that is in text mode. */
#ifndef IMAGE_STANDIN_CONSOLE_H
#define IMAGE_STANDIN_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

void console_init(void);

/* A character of a subject's: ends of lines and tabs as they are, other control characters in
 * hexadecimal. */
void console_put(char character);
/* Whether the next character begins a line. */
bool console_at_line_start(void);

/* A line of our own, after the end of whatever line was begun: "stand-in: ...". Knows %s, %c, %u,
 * %lu, %lx. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same without "stand-in: " and without an end of line. */
void say_raw(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says it, and halts the machine. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* screen.c */
void screen_init(void);
void screen_put(char character);

#endif
