/* A debugger's session with a machine that is none: for the tests and the fuzzer of --gdb. */
#ifndef TESTS_UNIT_GDB_FIXTURE_H
#define TESTS_UNIT_GDB_FIXTURE_H

#include "tender/gdb/session.h"

/* The guest: two pages of text that it cannot write, two of RAM right behind them. */
#define FIXTURE_TEXT 0x100000ull
#define FIXTURE_RAM 0x102000ull
#define FIXTURE_END 0x104000ull

struct fake_vm {
	struct vm vm;
	struct vm_registers registers;
	struct vm_fpu fpu;
	struct vm_debug debug;	      /* as it was last set */
	unsigned debug_changes;	      /* how often that was */
	const struct vm_exit *script; /* how the next runs end; then they are interrupted */
	size_t script_length;
	unsigned runs, interrupts;
	bool refuses_registers; /* setting them fails */
};

struct gdb_fixture {
	struct fake_vm vm;
	struct guest_ram ram;
	struct guest_memory memory;
	struct gdb_session session;
	char reply[2 * GDB_PACKET_MAX]; /* contents of the last packet, NUL-terminated */
	size_t reply_length;
	size_t acks, naks, packets; /* that came with the last answer */
};

/* Makes the guest, with the bytes 0, 1, 2.. in every page, and connects a debugger. */
void gdb_fixture_new(struct gdb_fixture *fixture);
void gdb_fixture_free(struct gdb_fixture *fixture);

/* Feeds these bytes in and takes what comes out apart; returns the contents of the last packet,
 * or NULL if none came. */
const char *gdb_feed(struct gdb_fixture *fixture, const void *bytes, size_t length);

/* The same for one packet with these contents. */
const char *gdb_ask(struct gdb_fixture *fixture, const char *contents);

#endif
