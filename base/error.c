#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Formats into buffer[size]; a text that does not fit ends in "...". */
__attribute__((format(printf, 3, 0))) static void format_cut(char *buffer, size_t size,
							     const char *format, va_list args)
{
	int length = vsnprintf(buffer, size, format, args);

	if (length >= 0 && (size_t)length >= size)
		memcpy(buffer + size - 4, "...", 4);
}

int err_fail(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list args;

	err->kind = kind;
	err->mend[0] = '\0';
	va_start(args, format);
	format_cut(err->message, sizeof(err->message), format, args);
	va_end(args);
	return -1;
}

int err_fail_errno(struct error *err, enum error_kind kind, int error_number, const char *format,
		   ...)
{
	char what[sizeof(err->message)];
	va_list args;

	va_start(args, format);
	format_cut(what, sizeof(what), format, args);
	va_end(args);
	return err_fail(err, kind, "%s: %s", what, strerror(error_number));
}

int err_mend(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_cut(err->mend, sizeof(err->mend), format, args);
	va_end(args);
	return -1;
}

/* format_cut for callers that have the arguments at hand. */
__attribute__((format(printf, 3, 4))) static void print_cut(char *buffer, size_t size,
							    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_cut(buffer, size, format, args);
	va_end(args);
}

int err_within(struct error *err, const char *format, ...)
{
	char context[sizeof(err->message)];
	char message[sizeof(err->message)];
	va_list args;

	va_start(args, format);
	format_cut(context, sizeof(context), format, args);
	va_end(args);
	memcpy(message, err->message, sizeof(message));
	print_cut(err->message, sizeof(err->message), "%s: %s", context, message);
	return -1;
}
