#include "image/loader/console.h"

#include "image/bare/serial.h"
#include "image/loader/screen.h"

static void put(char character)
{
	if (character == '\n')
		serial_put('\r');
	serial_put(character);
	screen_put(character);
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
