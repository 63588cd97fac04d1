#include "tender/muen/end.h"

#include <stdlib.h>
#include <string.h>

#define HALTED "Solo5: Halted"
#define EXIT "Solo5: solo5_exit("
#define CALLED ") called"
#define ABORT "Solo5: ABORT"
#define ABORT_CALL "Solo5: solo5_abort() called"
#define TRAP "Solo5: trap: "
#define STATUS_ABORTED 255

/* A line that the application began may end with one of Solo5's. */
static const char *find_last(const char *line, const char *text)
{
	const char *found = NULL;

	for (const char *next = line; (next = strstr(next, text)); next++)
		found = next;
	return found;
}

/* "solo5_exit(N) called" at the end of the line; -1 if it does not end so. */
static int exit_status(const char *line)
{
	const char *text = find_last(line, EXIT);
	char *end;
	long status;

	if (!text)
		return -1;
	status = strtol(text + strlen(EXIT), &end, 10);
	if (end == text + strlen(EXIT) || strcmp(end, CALLED) != 0)
		return -1;
	return (int)(status & 0xff);
}

static int status_of(const char *line)
{
	int status = exit_status(line);

	if (status >= 0)
		return status;
	return strstr(line, ABORT) || strstr(line, ABORT_CALL) ? STATUS_ABORTED : 0;
}

static void take_value(const char *line, const char *key, uint64_t *value)
{
	const char *text = strstr(line, key);

	if (text)
		*value = strtoull(text + strlen(key), NULL, 16);
}

/* "Solo5: trap: type=#PF ec=0x2 rip=0x2005d3 rsp=0x1021dfa8 rflags=0x10046", and for a page fault
 * another line "Solo5: trap: cr2=0x1000". */
static void take_trap(struct muen_end *end, const char *line)
{
	struct guest_trap *trap = &end->trap;

	if (strstr(line, "type=")) {
		*trap = (struct guest_trap){ 0 };
		end->trapped = true;
		end->page_fault = false;
	}
	take_value(line, " ec=0x", &trap->error_code);
	take_value(line, " rip=0x", &trap->rip);
	take_value(line, " rsp=0x", &trap->rsp);
	take_value(line, " rflags=0x", &trap->rflags);
	take_value(line, " cr2=0x", &trap->cr2);
	end->page_fault |= strstr(line, " cr2=0x") != NULL;
}

static void take_line(struct muen_end *end)
{
	const char *trap;

	end->line[end->length] = '\0';
	trap = find_last(end->line, TRAP);
	if (trap)
		take_trap(end, trap);
	end->said_end =
		find_last(end->line, HALTED) && !strcmp(find_last(end->line, HALTED), HALTED);
	/* The end's own line leaves the status as the line before it has it. */
	if (!end->said_end)
		end->status = status_of(end->line);
	end->length = 0;
}

void muen_end_output(struct muen_end *end, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			take_line(end);
			continue;
		}
		if (end->length == MUEN_END_LINE) {
			/* What Solo5 says is at the end of a line. */
			end->length = MUEN_END_LINE / 2;
			memcpy(end->line, end->line + MUEN_END_LINE / 2, end->length);
		}
		/* NUL ends no line, and no text is to be looked for behind one. */
		end->line[end->length++] = text[i] ? text[i] : ' ';
		end->said_end = false;
	}
}
