#include "tests/guests/lib/guest.h"

#include <stdarg.h>

struct line {
	char text[200];
	size_t used;
};

static void flush(struct line *line)
{
	if (line->used)
		solo5_console_write(line->text, line->used);
	line->used = 0;
}

static void put(struct line *line, char character)
{
	if (line->used == sizeof(line->text))
		flush(line);
	line->text[line->used++] = character;
}

static void put_text(struct line *line, const char *text)
{
	while (*text)
		put(line, *text++);
}

struct conversion {
	char type;
	bool wide; /* the argument has 64 bits */
	bool zero;
	unsigned width;
};

static void put_number(struct line *line, uint64_t number, bool negative, struct conversion how)
{
	char digits[20];
	unsigned base = how.type == 'x' ? 16 : 10;
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	if (negative && how.zero)
		put(line, '-');
	for (unsigned length = count + negative; length < how.width; length++)
		put(line, how.zero ? '0' : ' ');
	if (negative && !how.zero)
		put(line, '-');
	while (count)
		put(line, digits[--count]);
}

/* Reads what stands behind a '%'; returns the place behind it. */
static const char *parse_conversion(const char *format, struct conversion *how)
{
	*how = (struct conversion){ .zero = *format == '0' };
	while (*format >= '0' && *format <= '9')
		how->width = how->width * 10 + (unsigned)(*format++ - '0');
	for (; *format == 'l' || *format == 'z'; format++)
		how->wide = true;
	how->type = *format;
	return format + 1;
}

void print(const char *format, ...)
{
	struct line line = { .used = 0 };
	struct conversion how;
	int64_t number;
	va_list arguments;

	va_start(arguments, format);
	while (*format) {
		if (*format != '%') {
			put(&line, *format++);
			continue;
		}
		format = parse_conversion(format + 1, &how);
		switch (how.type) {
		case 's':
			put_text(&line, va_arg(arguments, const char *));
			break;
		case 'c':
			put(&line, (char)va_arg(arguments, int));
			break;
		case 'd':
		case 'i':
			number = how.wide ? va_arg(arguments, int64_t) : va_arg(arguments, int);
			put_number(&line, number < 0 ? -(uint64_t)number : (uint64_t)number,
				   number < 0, how);
			break;
		case 'u':
		case 'x':
			put_number(&line,
				   how.wide ? va_arg(arguments, uint64_t)
					    : va_arg(arguments, unsigned),
				   false, how);
			break;
		default:
			put(&line, how.type);
		}
	}
	va_end(arguments);
	flush(&line);
}
