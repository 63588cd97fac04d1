#include "image/standin/console.h"

#include "image/bare/serial.h"
#include "image/standin/machine.h"

#include <stdarg.h>
#include <stddef.h>

static bool at_line_start = true;

void console_init(void)
{
	serial_open();
	screen_init();
}

bool console_at_line_start(void)
{
	return at_line_start;
}

static void put(char character)
{
	if (character == '\n')
		serial_put('\r');
	serial_put(character);
	screen_put(character);
	at_line_start = character == '\n';
}

static void put_number(uint64_t value, unsigned base)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count)
		put(digits[--count]);
}

void console_put(char character)
{
	unsigned char byte = (unsigned char)character;

	if ((byte >= 0x20 && byte != 0x7f) || byte == '\n' || byte == '\t') {
		put(character);
		return;
	}
	put('\\');
	put('x');
	put("0123456789abcdef"[byte >> 4]);
	put("0123456789abcdef"[byte & 15]);
}

static void put_text(const char *text)
{
	while (*text)
		console_put(*text++);
}

static void put_format(const char *format, va_list args)
{
	for (; *format; format++) {
		bool wide;

		if (*format != '%') {
			put(*format);
			continue;
		}
		wide = *++format == 'l';
		if (wide)
			format++;
		if (*format == 's')
			put_text(va_arg(args, const char *));
		else if (*format == 'c')
			console_put((char)va_arg(args, int));
		else
			put_number(wide ? va_arg(args, uint64_t) : va_arg(args, unsigned),
				   *format == 'x' ? 16 : 10);
	}
}

static void put_line(const char *format, va_list args)
{
	if (!at_line_start)
		put('\n');
	put_text("stand-in: ");
	put_format(format, args);
	put('\n');
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(format, args);
	va_end(args);
}

void say_raw(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_format(format, args);
	va_end(args);
}

void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(format, args);
	va_end(args);
	halt_for_ever();
}
