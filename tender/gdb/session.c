#include "tender/gdb/session.h"

#include "tender/gdb/command.h"

#include <inttypes.h>
#include <string.h>

#define EXCEPTION_BREAKPOINT 3

/* ---- halting ------------------------------------------------------------------------------ */

static void empty(struct buffer *buffer)
{
	buffer->length = 0;
}

/* Sends the packet whose contents are in `reply`. */
static void send_reply(struct gdb_session *session)
{
	gdb_encode(&session->out, session->reply.data, session->reply.length);
}

/* What reached a point: "swbreak:;", "watch:ADDRESS;". */
static void add_reason(const struct gdb_session *session, const struct gdb_point *point,
		       struct buffer *halt)
{
	if (point->type == GDB_WRITE)
		buffer_printf(halt, "watch:%" PRIx64 ";", point->address);
	else if (point->type == GDB_ACCESS)
		buffer_printf(halt, "awatch:%" PRIx64 ";", point->address);
	else if (session->says_why)
		buffer_add_text(halt, point->type == GDB_SOFTWARE ? "swbreak:;" : "hwbreak:;");
}

/* Lets the machine finish an access to a port or a device, without running the guest: only then are
 * registers what they seem, and may be changed. */
static void complete(struct gdb_session *session)
{
	struct vm_exit exit;
	struct error ignored;

	if (!session->incomplete)
		return;
	session->incomplete = false;
	vm_interrupt(session->vm);
	/* A machine that broke breaks again, and is heard, when the guest goes on. */
	(void)vm_run(session->vm, &exit, &ignored);
}

static void halt(struct gdb_session *session, enum gdb_signal signal, const struct gdb_point *point)
{
	complete(session);
	session->halted = true;
	empty(&session->halt);
	buffer_printf(&session->halt, "T%02xthread:1;", (unsigned)signal);
	if (point)
		add_reason(session, point, &session->halt);
	if (!session->waits)
		return;
	session->waits = false;
	empty(&session->reply);
	buffer_add(&session->reply, session->halt.data, session->halt.length);
	send_reply(session);
}

void gdb_session_halt(struct gdb_session *session, enum gdb_signal signal)
{
	halt(session, signal, NULL);
}

/* ---- the connection ------------------------------------------------------------------------ */

void gdb_session_connect(struct gdb_session *session)
{
	session->connected = true;
	session->leaves = session->waits = session->no_ack = session->says_why = false;
	session->decoder = (struct gdb_decoder){ 0 };
	session->points.memory = session->memory;
	empty(&session->out);
	empty(&session->reply);
	gdb_session_halt(session, GDB_SIGTRAP);
}

void gdb_session_disconnect(struct gdb_session *session)
{
	gdb_points_clear(&session->points);
	session->connected = session->halted = session->waits = false;
	session->resume = (struct gdb_resume){ 0 };
}

static void execute(struct gdb_session *session)
{
	enum gdb_action action;

	empty(&session->reply);
	action = gdb_execute(session, session->decoder.contents, session->decoder.length,
			     &session->reply);
	if (action == GDB_RESUME) {
		session->waits = true;
		session->halted = false;
		return;
	}
	if (action != GDB_KILL || session->reply.length)
		send_reply(session);
	session->killed |= action == GDB_KILL;
	session->leaves |= action == GDB_DETACH;
}

static void take_packet(struct gdb_session *session, bool damaged)
{
	if (!session->no_ack)
		buffer_add(&session->out, damaged ? "-" : "+", 1);
	if (!damaged && session->halted) {
		execute(session);
	} else if (damaged && session->no_ack) {
		/* It is not sent again, and must have an answer. */
		empty(&session->reply);
		gdb_fail(&session->reply, GDB_MALFORMED);
		send_reply(session);
	}
	/* While the guest runs there is nothing to answer: only Ctrl-C may come. */
}

void gdb_session_feed(struct gdb_session *session, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;

	for (size_t i = 0; i < length && !session->killed && !session->leaves; i++) {
		switch (gdb_decode(&session->decoder, next[i])) {
		case GDB_PACKET:
			take_packet(session, false);
			break;
		case GDB_DAMAGED:
			take_packet(session, true);
			break;
		case GDB_INTERRUPT:
			if (!session->halted)
				gdb_session_halt(session, GDB_SIGINT);
			break;
		case GDB_NAK:
			if (!session->no_ack && session->reply.length)
				send_reply(session);
			break;
		case GDB_ACK:
		case GDB_NOTHING:
		default:
			break;
		}
	}
}

void gdb_session_end(struct gdb_session *session, char how, unsigned number)
{
	if (!session->connected || !session->waits)
		return;
	session->waits = false;
	empty(&session->reply);
	buffer_printf(&session->reply, "%c%02x", how, number & 0xff);
	send_reply(session);
}

void gdb_session_free(struct gdb_session *session)
{
	gdb_points_clear(&session->points);
	buffer_free(&session->out);
	buffer_free(&session->reply);
	buffer_free(&session->halt);
}

/* ---- the machine --------------------------------------------------------------------------- */

int gdb_session_prepare(struct gdb_session *session, struct error *err)
{
	struct vm_debug debug;

	memset(&debug, 0, sizeof(debug)); /* with what lies between its fields */
	if (session->connected) {
		debug.stop_at_breakpoints = true;
		debug.single_step = session->resume.step || gdb_points_must_step(&session->points);
		gdb_points_arm(&session->points, &debug);
	}
	if (!memcmp(&debug, &session->armed, sizeof(debug)))
		return 0;
	if (vm_set_debug(session->vm, &debug, err) < 0)
		return -1;
	memcpy(&session->armed, &debug, sizeof(debug));
	return 0;
}

static uint64_t rip_of(const struct gdb_session *session)
{
	struct vm_registers registers;
	struct error ignored;

	return vm_get_registers(session->vm, &registers, &ignored) < 0 ? 0 : registers.rip;
}

/* One instruction was executed. */
static void stepped(struct gdb_session *session)
{
	const struct gdb_resume *resume = &session->resume;
	uint64_t rip = rip_of(session);
	const struct gdb_point *reached = gdb_points_stepped(&session->points, rip);

	if (reached || (resume->step && (rip < resume->start || rip >= resume->end)))
		halt(session, GDB_SIGTRAP, reached);
}

/* An INT3 of the guest's own: as other systems do it, the debugger finds it executed. */
static void skip_breakpoint(struct gdb_session *session, uint64_t rip)
{
	struct vm_registers registers;
	struct error ignored;

	if (vm_get_registers(session->vm, &registers, &ignored) < 0)
		return;
	registers.rip = rip + 1;
	(void)vm_set_registers(session->vm, &registers, &ignored);
}

static void at_debug_exit(struct gdb_session *session, const struct vm_exit *exit)
{
	const struct gdb_point *point;

	if (exit->exception == EXCEPTION_BREAKPOINT) {
		point = gdb_points_planted(&session->points, exit->debug_rip);
		if (!point)
			skip_breakpoint(session, exit->debug_rip);
		halt(session, GDB_SIGTRAP, point);
		return;
	}
	point = gdb_points_triggered(&session->points, exit->dr6);
	if (point)
		halt(session, GDB_SIGTRAP, point);
	else
		stepped(session);
}

bool gdb_session_takes(struct gdb_session *session, const struct vm_exit *exit)
{
	const struct gdb_point *point;

	session->incomplete = exit->kind == VM_EXIT_PORT || exit->kind == VM_EXIT_MMIO;
	if (exit->kind == VM_EXIT_DEBUG) {
		at_debug_exit(session, exit);
		return true;
	}
	if (exit->kind != VM_EXIT_UNABLE)
		return false;
	/* Where INT3 cannot be interpreted, one of ours is a breakpoint all the same. */
	point = gdb_points_planted(&session->points, rip_of(session));
	if (point)
		halt(session, GDB_SIGTRAP, point);
	return point != NULL;
}

void gdb_session_served(struct gdb_session *session)
{
	if (!session->armed.single_step)
		return;
	complete(session);
	stepped(session);
}
