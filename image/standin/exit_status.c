#include "image/standin/exit_status.h"

#include <stdbool.h>
#include <stdint.h>

#define STATUS_MASK 255u /* what is left of a status, as everywhere */

/* The text behind `word` where it stands last in the line; NULL if it does not. */
static const char *behind(const struct exit_status *status, const char *word)
{
	for (size_t i = status->length; i--;) {
		size_t j = 0;

		while (word[j] && i + j < status->length && status->line[i + j] == word[j])
			j++;
		if (!word[j])
			return &status->line[i + j];
	}
	return NULL;
}

/* "N) called" up to the line's end; 0 if it is not that. */
static int number_at(const struct exit_status *status, const char *text)
{
	static const char called[] = ") called";
	const char *end = status->line + status->length;
	bool negative = text < end && *text == '-';
	unsigned value = 0;

	for (text += negative; text < end && *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (unsigned)(*text - '0');
	if ((size_t)(end - text) != sizeof(called) - 1 || behind(status, called) != end)
		return 0;
	return (int)((negative ? 0 - value : value) & STATUS_MASK);
}

/* What counts is the last line in front of the one that tells of the halt: an application may print
 * anything before. */
static void read_line(struct exit_status *status)
{
	const char *number = behind(status, "Solo5: solo5_exit(");

	if (behind(status, "Solo5: Halted") == status->line + status->length)
		return;
	status->value = number ? number_at(status, number) : 0;
	if (behind(status, "Solo5: ABORT: ") || behind(status, "Solo5: solo5_abort() called"))
		status->value = EXIT_STATUS_ABORT;
}

void exit_status_read(struct exit_status *status, char character)
{
	if (character == '\n') {
		read_line(status);
		status->length = 0;
		return;
	}
	if (status->length == sizeof(status->line)) {
		status->length /= 2;
		__builtin_memcpy(status->line, status->line + status->length, status->length);
	}
	status->line[status->length++] = character;
}
