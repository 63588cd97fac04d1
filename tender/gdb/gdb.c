#include "tender/gdb/gdb.h"

#include "tender/clock.h"
#include "tender/gdb/try.h"
#include "tender/say.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define FAREWELL_MS 1000 /* for the debugger to take its last packet */

int gdb_open(struct gdb *gdb, const char *address, uint16_t port, struct error *err)
{
	if (gdb_listen(&gdb->link, address, port, err) < 0)
		return -1;
	if (gdb->link.is_exposed)
		say("warning: --gdb: %s can be reached from other machines: whoever connects "
		    "there reads and changes the guest as he likes",
		    gdb->link.name);
	return 0;
}

void gdb_allow(const struct gdb *gdb, struct filter *filter)
{
	const int fd = gdb->link.fd;

	say("the sandbox is open a little: --gdb may accept debuggers at %s, and change the "
	    "guest's memory, protected or not, and its registers",
	    gdb->link.name);
	filter_allow_fd(filter, __NR_accept4, gdb->link.listen_fd);
	filter_allow_masked(filter, __NR_dup3, 1, UINT32_MAX, (uint32_t)fd);
	filter_allow_command(filter, __NR_fcntl, fd, F_SETOWN);
	filter_allow_command(filter, __NR_fcntl, fd, F_SETFL);
	filter_allow_fd(filter, __NR_recvfrom, fd);
	filter_allow_fd(filter, __NR_sendto, fd);
	filter_allow(filter, __NR_close);
	filter_allow_masked(filter, __NR_mprotect, 2, PROT_EXEC, 0);
}

int gdb_attach(struct gdb *gdb, struct vm *vm, const struct guest_memory *memory, struct stop *stop,
	       struct error *err)
{
	gdb->session.vm = vm;
	gdb->session.memory = memory;
	gdb->stop = stop;
	return gdb_try_machine(vm, memory, &gdb->session.points.blind, err);
}

/* ---- the connection ------------------------------------------------------------------------ */

static void part(struct gdb *gdb, const char *how)
{
	gdb_link_close(&gdb->link);
	gdb_session_disconnect(&gdb->session);
	say("gdb: the debugger %s", how);
}

static void flush(struct gdb *gdb)
{
	struct buffer *out = &gdb->session.out;

	if (!gdb->link.connected || !out->length)
		return;
	if (gdb_link_send(&gdb->link, out->data, out->length, &gdb->stop->requested) < 0)
		part(gdb, "is gone; the guest goes on without it");
	out->length = 0;
}

static void meet(struct gdb *gdb)
{
	gdb->begun = true;
	gdb_session_connect(&gdb->session);
	say("gdb: a debugger has come");
	if (gdb->session.points.blind.code)
		say("gdb: this host's KVM does not notice breakpoints: while there are any, the "
		    "guest runs step by step");
	if (gdb->session.points.blind.data)
		say("gdb: this host's KVM does not notice accesses to data: watchpoints for "
		    "writing make the guest run step by step, those for reading are refused");
}

/* Takes in all that has come; false once the debugger is no longer there. */
static bool serve(struct gdb *gdb)
{
	char bytes[4096];
	ssize_t count;

	while ((count = gdb_link_receive(&gdb->link, bytes, sizeof(bytes))) > 0) {
		gdb_session_feed(&gdb->session, bytes, (size_t)count);
		flush(gdb);
		if (!gdb->link.connected || gdb->session.killed)
			return gdb->link.connected;
		if (gdb->session.leaves) {
			part(gdb, "detached; the guest goes on");
			return false;
		}
	}
	if (count == 0)
		return true;
	part(gdb, "is gone; the guest goes on without it");
	return false;
}

static void take_news(struct gdb *gdb)
{
	/* When one has gone, the next may be waiting already. */
	do {
		if (!gdb->link.connected) {
			if (!gdb_link_accept(&gdb->link))
				return;
			meet(gdb);
		}
	} while (!serve(gdb));
	if (!gdb->session.killed)
		return;
	say("gdb: the debugger killed the guest");
	gdb->stop->signal = SIGKILL;
	gdb->stop->requested = 1;
}

static bool must_wait(const struct gdb *gdb)
{
	return !gdb->stop->requested && (gdb->session.halted || !gdb->begun);
}

static void wait_for_orders(struct gdb *gdb)
{
	flush(gdb);
	if (stop_debugger_news(gdb->stop))
		take_news(gdb);
	while (must_wait(gdb)) {
		gdb_link_wait(&gdb->link, -1);
		stop_debugger_news(gdb->stop);
		take_news(gdb);
	}
}

/* ---- the run -------------------------------------------------------------------------------- */

int gdb_before_run(struct gdb *gdb, struct error *err)
{
	if (!gdb->invited) {
		gdb->invited = true;
		say("gdb: the guest waits for a debugger: gdb UNIKERNEL -ex 'target remote %s'",
		    gdb->link.name);
	}
	wait_for_orders(gdb);
	return gdb_session_prepare(&gdb->session, err);
}

void gdb_look(struct gdb *gdb, enum gdb_signal signal, const struct vm_registers *registers)
{
	struct error ignored;

	if (!gdb->link.connected)
		return;
	gdb_session_halt(&gdb->session, signal);
	/* A machine that refuses them shows its own. */
	(void)vm_set_registers(gdb->session.vm, registers, &ignored);
	wait_for_orders(gdb);
}

void gdb_end(struct gdb *gdb, char how, unsigned number)
{
	const uint64_t deadline = clock_monotonic() + FAREWELL_MS * 1000000ull;
	char bytes[256];

	if (!gdb->link.connected || !gdb->session.waits)
		return;
	gdb_session_end(&gdb->session, how, number);
	flush(gdb);
	while (gdb->link.connected && clock_monotonic() < deadline) {
		if (gdb_link_receive(&gdb->link, bytes, sizeof(bytes)) < 0)
			gdb_link_close(&gdb->link);
		else
			gdb_link_wait(&gdb->link, 20);
	}
}
