#include "image/line.h"

static void add(struct line *line, char character)
{
	if (line->length + 1 >= sizeof(line->text))
		return;
	line->text[line->length++] = character;
	line->text[line->length] = '\0';
}

void line_text(struct line *line, const char *text)
{
	while (*text)
		add(line, *text++);
}

void line_bytes(struct line *line, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size && bytes[i]; i++)
		add(line, bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?');
}

/* Division of 64 bits is a function of the compiler's library on a 32-bit machine, and the loader
 * has none: subtract instead. */
void line_decimal(struct line *line, uint64_t number)
{
	uint64_t powers[20];
	unsigned count = 1;

	powers[0] = 1;
	while (count < 20 && powers[count - 1] <= UINT64_MAX / 10 &&
	       powers[count - 1] * 10 <= number) {
		powers[count] = powers[count - 1] * 10;
		count++;
	}
	while (count--) {
		char digit = '0';

		for (; number >= powers[count]; number -= powers[count])
			digit++;
		add(line, digit);
	}
}

void line_hex(struct line *line, uint64_t number)
{
	unsigned shift = 60;

	line_text(line, "0x");
	while (shift && !(number >> shift))
		shift -= 4;
	for (;; shift -= 4) {
		add(line, "0123456789abcdef"[number >> shift & 15]);
		if (!shift)
			break;
	}
}
