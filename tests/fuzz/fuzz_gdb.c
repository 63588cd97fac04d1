/* A debugger that sends anything, to a guest that does anything: every answer is a well-formed
 * packet, nothing but the guest's memory is touched (there are guards around it), and when the
 * debugger has gone no breakpoint stays behind.
 *
 * One line is one event: "=BYTES" come over the connection as they are; "!" and a letter is
 * something that the machine does (below); anything else is the contents of a packet.
 */
#include "tests/unit/gdb_fixture.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The machine runs, if it may, and ends so. */
static void run(struct gdb_fixture *fixture, const struct vm_exit *exit)
{
	struct gdb_session *session = &fixture->session;
	struct error err;

	if (session->halted)
		return;
	demand(gdb_session_prepare(session, &err) == 0, "this machine takes every breakpoint");
	if (gdb_session_takes(session, exit))
		demand(exit->kind == VM_EXIT_DEBUG || session->halted,
		       "an exit that is taken halts the guest");
	else if (exit->kind == VM_EXIT_PORT)
		gdb_session_served(session);
	gdb_feed(fixture, "", 0);
}

/* "!b100010": a breakpoint there; "!d1": DR6; "!g100010": RIP; "!w102000": the guest writes;
 * "!p": a port access; "!u": the host cannot go on; "!e": the end; "!x": the debugger goes and
 * comes back; "!o3": what the machine does not notice,
 * 1 breakpoints, 2 watchpoints. */
static void act(struct gdb_fixture *fixture, const char *line)
{
	uint64_t number = strtoull(line[0] ? line + 1 : line, NULL, 16);
	struct gdb_session *session = &fixture->session;
	struct vm_exit exit = { .kind = VM_EXIT_DEBUG, .exception = 1, .dr6 = number };

	switch (line[0]) {
	case 'b':
		exit.exception = 3;
		exit.debug_rip = number;
		/* fall through */
	case 'd':
		run(fixture, &exit);
		break;
	case 'p':
	case 'u':
		exit.kind = line[0] == 'p' ? VM_EXIT_PORT : VM_EXIT_UNABLE;
		run(fixture, &exit);
		break;
	case 'g':
		fixture->vm.registers.rip = number;
		break;
	case 'w':
		if (number >= FIXTURE_RAM && number < FIXTURE_END)
			fixture->ram.host[number - FIXTURE_TEXT]++;
		break;
	case 'e':
		gdb_session_end(session, 'W', (unsigned)number);
		gdb_feed(fixture, "", 0);
		break;
	case 'x':
		gdb_session_disconnect(session);
		demand(session->points.count == 0, "breakpoints do not stay");
		gdb_session_connect(session);
		break;
	case 'o':
		/* A machine does not change while there are watchpoints. */
		if (!session->points.count)
			session->points.blind = (struct gdb_blindness){ number & 1, number & 2 };
		break;
	default:
		break;
	}
}

static void take_line(struct gdb_fixture *fixture, const char *line, size_t length)
{
	cleanup_buffer struct buffer packet = { 0 };
	bool halted = fixture->session.halted;

	if (length && line[0] == '!') {
		char text[32];

		snprintf(text, sizeof(text), "%.*s", (int)(length - 1), line + 1);
		act(fixture, text);
		return;
	}
	if (length && line[0] == '=') {
		gdb_feed(fixture, line + 1, length - 1);
		return;
	}
	gdb_encode(&packet, line, length);
	gdb_feed(fixture, packet.data, packet.length);
	demand(fixture->packets <= (halted ? 1 : 0), "one answer to one question");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gdb_fixture *fixture = malloc(sizeof(*fixture));
	size_t start = 0;

	if (!fixture)
		return 0;
	gdb_fixture_new(fixture);
	for (size_t i = 0; i <= size; i++) {
		if (i < size && data[i] != '\n')
			continue;
		take_line(fixture, (const char *)data + start, i - start);
		start = i + 1;
		fixture->session.killed = false;
		if (fixture->session.leaves)
			act(fixture, "x");
	}
	act(fixture, "x");
	gdb_fixture_free(fixture);
	free(fixture);
	return 0;
}
