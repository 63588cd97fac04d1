#include "tender/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "muenbuild-hvt: "
#define LINE_MAX_LENGTH 3072

void say(const char *format, ...)
{
	char line[LINE_MAX_LENGTH] = PREFIX;
	size_t length = strlen(PREFIX);
	va_list args;
	int added;

	va_start(args, format);
	added = vsnprintf(line + length, sizeof(line) - length - 1, format, args);
	va_end(args);
	if (added > 0)
		length += (size_t)added < sizeof(line) - length - 2 ? (size_t)added
								    : sizeof(line) - length - 2;
	line[length++] = '\n';
	/* Nobody is left to tell when stderr itself is gone. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}

void say_error(const struct error *err)
{
	if (err->mend[0])
		say("%s\n  mend: %s", err->message, err->mend);
	else
		say("%s", err->message);
}
