#include "image/standin/exit_status.h"

#include <stdbool.h>
#include <stdint.h>

#define STATUS_MAX 255

/* The text behind `word` where it stands in the line; NULL if it does not. */
static const char *behind(const struct exit_status *status, const char *word)
{
	for (size_t i = 0; i < status->length; i++) {
		size_t j = 0;

		while (word[j] && i + j < status->length && status->line[i + j] == word[j])
			j++;
		if (!word[j])
			return &status->line[i + j];
	}
	return NULL;
}

/* "N) called" */
static void read_number(struct exit_status *status, const char *text)
{
	const char *end = status->line + status->length;
	unsigned value = 0;
	bool any = false;

	for (; text < end && *text >= '0' && *text <= '9' && value <= STATUS_MAX; text++) {
		value = value * 10 + (unsigned)(*text - '0');
		any = true;
	}
	if (any && text < end && *text == ')')
		status->value = (int)(value & STATUS_MAX);
}

static void read_line(struct exit_status *status)
{
	const char *number = behind(status, "Solo5: solo5_exit(");

	if (number)
		read_number(status, number);
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
