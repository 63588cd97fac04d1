#include "subject/ending.h"

#define STATUS_MASK 255u /* what is left of a status, as everywhere */

/* The text behind `word` where it stands last in the line; NULL if it does not. A line that the
 * application began may end with one of Solo5's. */
static const char *behind(const struct subject_ending *ending, const char *word)
{
	for (size_t i = ending->length; i--;) {
		size_t j = 0;

		while (word[j] && i + j < ending->length && ending->line[i + j] == word[j])
			j++;
		if (!word[j])
			return &ending->line[i + j];
	}
	return NULL;
}

static bool ends_with(const struct subject_ending *ending, const char *word)
{
	return behind(ending, word) == ending->line + ending->length;
}

/* "solo5_exit(N) called" at the line's end. */
static bool read_exit(struct subject_ending *ending)
{
	static const char called[] = ") called";
	const char *text = behind(ending, "Solo5: solo5_exit("), *digits;
	const char *end = ending->line + ending->length;
	unsigned value = 0;
	bool negative;

	if (!text || !ends_with(ending, called))
		return false;
	negative = *text == '-';
	for (digits = text += negative; text < end && *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (unsigned)(*text - '0');
	if (text == digits || (size_t)(end - text) != sizeof(called) - 1)
		return false;
	ending->status = (int)((negative ? 0 - value : value) & STATUS_MASK);
	return true;
}

static void read_line(struct subject_ending *ending)
{
	ending->halted = ends_with(ending, "Solo5: Halted");
	if (ending->halted || read_exit(ending))
		return;
	ending->status =
		behind(ending, "Solo5: ABORT: ") || behind(ending, "Solo5: solo5_abort() called")
			? SUBJECT_ABORTED
			: 0;
}

bool subject_ending_read(struct subject_ending *ending, char character)
{
	if (character == '\n') {
		ending->line[ending->length] = '\0';
		read_line(ending);
		ending->length = 0;
		return true;
	}
	ending->halted = false;
	if (ending->length == SUBJECT_LINE_MAX) {
		ending->length /= 2;
		__builtin_memcpy(ending->line, ending->line + ending->length, ending->length);
	}
	ending->line[ending->length++] = character ? character : ' ';
	return false;
}
