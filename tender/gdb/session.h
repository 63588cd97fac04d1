/* A debugger's hold on the guest, from the bytes that it sends to the bytes that it gets.
 *
 * Knows no socket and no KVM: whoever has the connection feeds in what came and sends what is in
 * `out`; whoever runs the machine asks before every vm_run(), and tells how it ended. All
 * that comes in is checked here; guest memory is reached through the map alone.
 */
#ifndef TENDER_GDB_SESSION_H
#define TENDER_GDB_SESSION_H

#include "tender/gdb/packet.h"
#include "tender/gdb/points.h"
#include "tender/gdb/registers.h"

/* gdb's numbers of signals, which are those of Linux as far as they are used here. */
enum gdb_signal {
	GDB_SIGINT = 2,
	GDB_SIGTRAP = 5,
	GDB_SIGABRT = 6,
	GDB_SIGSEGV = 11,
};

/* How the guest is to go on. */
struct gdb_resume {
	bool step;	     /* one instruction, or as long as RIP is in the range */
	uint64_t start, end; /* the range, without its end; empty: one instruction */
};

struct gdb_session {
	struct vm *vm;
	const struct guest_memory *memory;
	struct gdb_points points;
	struct vm_debug armed; /* what the machine was last told */

	bool connected;	 /* somebody is at the other end */
	bool leaves;	 /* ... and is to be let go: the connection may be closed */
	bool halted;	 /* the guest must not run */
	bool killed;	 /* the debugger wants the guest to end */
	bool waits;	 /* the debugger waits for a stop reply */
	bool no_ack;	 /* QStartNoAckMode */
	bool says_why;	 /* the debugger understands swbreak and hwbreak */
	bool incomplete; /* the machine has not yet gone past a port access */
	struct gdb_resume resume;

	struct gdb_decoder decoder;
	struct buffer out;   /* to be sent */
	struct buffer reply; /* contents of the last packet, in case that it was damaged */
	struct buffer halt;  /* the stop reply that '?' gets */
};

/* ---- for whoever has the connection ------------------------------------------------- */

/* A debugger has come: the guest halts. */
void gdb_session_connect(struct gdb_session *session);

/* It has gone: breakpoints are removed, and the guest may go on. */
void gdb_session_disconnect(struct gdb_session *session);

/* Takes bytes from the connection and acts on them; answers are added to `out`. */
void gdb_session_feed(struct gdb_session *session, const void *bytes, size_t length);

/* Tells that the guest is no more: exited ('W') with a status or died ('X') of a signal. */
void gdb_session_end(struct gdb_session *session, char how, unsigned number);

void gdb_session_free(struct gdb_session *session);

/* ---- for whoever runs the machine --------------------------------------------------- */

/* To be called before every vm_run(): arms breakpoints. */
int gdb_session_prepare(struct gdb_session *session, struct error *err);

/* To be called after every vm_run(); true if the exit was the debugger's business alone. */
bool gdb_session_takes(struct gdb_session *session, const struct vm_exit *exit);

/* To be called after a port access was served, if the guest goes on. */
void gdb_session_served(struct gdb_session *session);

/* Halts the guest, because of a signal. */
void gdb_session_halt(struct gdb_session *session, enum gdb_signal signal);

#endif
