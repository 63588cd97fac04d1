#include "tender/muen/end.h"

#include <stdlib.h>
#include <string.h>

#define TRAP "Solo5: trap: "

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

/* A line that the application began may end with it. */
static void take_line(struct muen_end *end)
{
	const char *trap = NULL;

	for (const char *next = end->ending.line; (next = strstr(next, TRAP)); next++)
		trap = next;
	if (trap)
		take_trap(end, trap);
}

void muen_end_output(struct muen_end *end, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (subject_ending_read(&end->ending, text[i]))
			take_line(end);
}
