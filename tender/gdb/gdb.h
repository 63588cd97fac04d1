/* The tender's debugger server, --gdb: what the stages of a run call.
 *
 * The guest stands before its first instruction until a debugger has come, halts whenever one
 * comes again, and goes on when it leaves.
 */
#ifndef TENDER_GDB_GDB_H
#define TENDER_GDB_GDB_H

#include "tender/filter.h"
#include "tender/gdb/link.h"
#include "tender/gdb/session.h"
#include "tender/stop.h"

struct gdb {
	struct gdb_link link;
	struct gdb_session session;
	struct stop *stop;
	bool invited; /* it was said how to connect */
	bool begun;   /* the first debugger has come */
};

/* Listens (see gdb_listen()) and says so. `gdb` must outlive the run. */
int gdb_open(struct gdb *gdb, const char *address, uint16_t port, struct error *err);

/* Permits what a debugger needs, beside the machine's own calls, and says so. */
void gdb_allow(const struct gdb *gdb, struct filter *filter);

/* Gives it the guest, which is ready to start: finds out what this machine notices. */
int gdb_attach(struct gdb *gdb, struct vm *vm, const struct guest_memory *memory, struct stop *stop,
	       struct error *err);

/* To be called before every vm_run(): returns when the guest is to run, or the run is to stop
 * (stop->requested; a debugger that kills the guest does it with SIGKILL). */
int gdb_before_run(struct gdb *gdb, struct error *err);

/* The guest cannot go on: lets a debugger look at it. *registers is what it gets to see. */
void gdb_look(struct gdb *gdb, enum gdb_signal signal, const struct vm_registers *registers);

/* The end, as gdb_session_end() has it. */
void gdb_end(struct gdb *gdb, char how, unsigned number);

#endif
