#include "tender/tender.h"

#include "tender/clock.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define CR0_PROTECTED 1u /* PE: every guest of ours starts with it */

/* ---- expectations --------------------------------------------------------------------- */

bool tender_is_smoke_test(const struct tender *tender)
{
	return tender->watch.count || tender->probe_count;
}

size_t tender_unmet(const struct tender *tender)
{
	size_t unmet = tender->watch.expected;

	for (size_t i = 0; i < tender->probe_count; i++)
		if (!tender->probes[i].seen)
			unmet++;
	return unmet;
}

static bool expects_something(const struct tender *tender)
{
	for (size_t i = 0; i < tender->watch.count; i++)
		if (!tender->watch.patterns[i].reject)
			return true;
	return tender->probe_count != 0;
}

/* Whether a smoke test has its result while the guest still runs. */
static bool is_decided(struct tender *tender)
{
	if (tender->watch.rejected) {
		tender->outcome.cause = OUTCOME_REJECTED;
		return true;
	}
	if (!expects_something(tender) || tender_unmet(tender))
		return false;
	tender->timings.met = clock_monotonic();
	tender->outcome.cause = OUTCOME_MET;
	return true;
}

/* ---- what ends a run -------------------------------------------------------------------- */

static bool is_stopped(struct tender *tender)
{
	const struct stop *stop = &tender->stop;

	if (!stop->requested)
		return false;
	tender->outcome.cause = stop->timed_out ? OUTCOME_TIMEOUT : OUTCOME_SIGNAL;
	tender->outcome.signal = stop->signal;
	return true;
}

static void read_registers(struct tender *tender)
{
	struct error ignored;

	tender->outcome.has_registers =
		vm_get_registers(tender->vm, &tender->outcome.registers, &ignored) == 0;
}

static uint64_t rip_of(const struct tender *tender)
{
	return tender->outcome.has_registers ? tender->outcome.registers.rip : 0;
}

static void end_fault(struct tender *tender, const struct vm_exit *exit)
{
	struct error *err = &tender->outcome.error;
	const struct guest_region *region =
		exit->kind == VM_EXIT_MMIO ? guest_region_at(tender->guest, exit->address) : NULL;

	if (exit->kind == VM_EXIT_FAULT)
		err_fail(err, ERR_INPUT,
			 "KVM: host/guest translation fault: rip=0x%" PRIx64
			 ": the guest accessed memory that is protected, e.g. wrote to its code",
			 rip_of(tender));
	else if (region)
		err_fail(err, ERR_INPUT,
			 "KVM: host/guest translation fault: rip=0x%" PRIx64 ": the guest %s %u "
			 "bytes at 0x%" PRIx64 ", in its %s, which is protected",
			 rip_of(tender), exit->write ? "wrote" : "read", exit->size, exit->address,
			 region->name);
	else
		err_fail(err, ERR_INPUT,
			 "the guest %s %u bytes at the address 0x%" PRIx64
			 ", where it has no memory: rip=0x%" PRIx64,
			 exit->write ? "wrote" : "read", exit->size, exit->address, rip_of(tender));
	tender->outcome.cause = OUTCOME_GUEST;
}

static void end_unable(struct tender *tender, const struct vm_exit *exit)
{
	struct error *err = &tender->outcome.error;

	err_fail(err, ERR_MISSING, "this host cannot run the guest on: %s, rip=0x%" PRIx64,
		 exit->reason, rip_of(tender));
	if (tender->vm->limitation)
		err_mend(err, "%s", tender->vm->limitation);
	tender->outcome.cause = OUTCOME_UNABLE;
}

/* VMX and SVM leave the registers as after a reset, which says nothing. */
static void end_shutdown(struct tender *tender)
{
	struct outcome *outcome = &tender->outcome;
	char fault[640] = "";

	if (!(outcome->registers.cr0 & CR0_PROTECTED))
		outcome->has_registers = false;
	if (outcome->has_registers)
		guest_explain_cr2(tender->guest, outcome->registers.cr2, fault, sizeof(fault));
	err_fail(&outcome->error, ERR_INPUT,
		 "the guest's CPU shut down (triple fault): an exception came that its own "
		 "handlers could not take%s%s",
		 *fault ? "; " : "", fault);
}

static void end_badly(struct tender *tender, const struct vm_exit *exit)
{
	struct error *err = &tender->outcome.error;

	read_registers(tender);
	tender->outcome.cause = OUTCOME_GUEST;
	switch (exit->kind) {
	case VM_EXIT_HALT:
		err_fail(err, ERR_INPUT, "the guest stopped its CPU (HLT) for good: rip=0x%" PRIx64,
			 rip_of(tender));
		break;
	case VM_EXIT_SHUTDOWN:
		end_shutdown(tender);
		break;
	case VM_EXIT_MMIO:
	case VM_EXIT_FAULT:
		end_fault(tender, exit);
		break;
	case VM_EXIT_UNABLE:
		end_unable(tender, exit);
		break;
	case VM_EXIT_PORT:
	case VM_EXIT_INTERRUPTED:
	case VM_EXIT_DEBUG:
	case VM_EXIT_KINDS:
	default:
		err_fail(err, ERR_INTERNAL, "an exit of the kind %s that nothing asked for",
			 vm_exit_name(exit->kind));
		tender->outcome.cause = OUTCOME_HOST;
	}
}

/* As far as the guest's handler kept them, registers become those at the trap. */
static void go_back_to_trap(struct tender *tender)
{
	struct vm_registers *registers = &tender->outcome.registers;
	const struct guest_trap *trap = &tender->guest->trap;

	registers->rip = trap->rip;
	registers->rflags = trap->rflags;
	registers->gpr[VM_RSP] = trap->rsp;
	if (trap->cs) {
		registers->cs.selector = trap->cs;
		registers->ss.selector = trap->ss;
	}
}

/* ---- debugging --------------------------------------------------------------------------- */

/* Lets a debugger see the guest where it broke down. */
static void show_crash(struct tender *tender)
{
	const struct outcome *outcome = &tender->outcome;
	bool aborted = outcome->cause == OUTCOME_HALT && !tender->guest->trapped;

	if (tender->options.gdb && tender_crashed(tender) && outcome->has_registers)
		gdb_look(&tender->gdb, aborted ? GDB_SIGABRT : GDB_SIGSEGV, &outcome->registers);
}

static void tell_debugger(struct tender *tender)
{
	const struct outcome *outcome = &tender->outcome;

	if (!tender->options.gdb)
		return;
	if (outcome->cause == OUTCOME_SIGNAL)
		gdb_end(&tender->gdb, 'X', (unsigned)outcome->signal);
	else if (outcome->cause == OUTCOME_HALT)
		gdb_end(&tender->gdb, 'W', (unsigned)outcome->guest_status);
	else
		gdb_end(&tender->gdb, 'W', (unsigned)tender_status(tender));
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void end_halted(struct tender *tender)
{
	struct outcome *outcome = &tender->outcome;
	const struct guest *guest = tender->guest;

	outcome->cause = OUTCOME_HALT;
	outcome->guest_status = guest->exit_status;
	if (outcome->guest_status == 255)
		read_registers(tender);
	if (outcome->has_registers && guest->trapped)
		go_back_to_trap(tender);
	if (guest_explain_trap(guest, outcome->error.message, sizeof(outcome->error.message)) ||
	    (outcome->has_registers && !guest->trapped &&
	     guest_explain_cr2(guest, outcome->registers.cr2, outcome->error.message,
			       sizeof(outcome->error.message))))
		outcome->error.kind = ERR_INPUT;
}

/* Deals with an exit; true if the run has ended. */
static bool serve(struct tender *tender, const struct vm_exit *exit)
{
	struct outcome *outcome = &tender->outcome;

	switch (guest_serve(tender->guest, exit, &outcome->error)) {
	case GUEST_GOES_ON:
		return false;
	case GUEST_HALTED:
		end_halted(tender);
		return true;
	case GUEST_FAULT:
		outcome->cause = OUTCOME_GUEST;
		read_registers(tender);
		return true;
	case GUEST_NOT_ASKED:
	default:
		end_badly(tender, exit);
		return true;
	}
}

/* Runs up to the next exit and deals with it; true if the run has ended. */
static bool step(struct tender *tender)
{
	struct gdb *gdb = tender->options.gdb ? &tender->gdb : NULL;
	struct vm_exit exit;
	bool ended;

	if (vm_run(tender->vm, &exit, &tender->outcome.error) < 0) {
		tender->outcome.cause = OUTCOME_HOST;
		return true;
	}
	tender->exits[exit.kind]++;
	if (gdb && gdb_session_takes(&gdb->session, &exit))
		return false;
	ended = serve(tender, &exit);
	if (gdb && !ended && exit.kind != VM_EXIT_INTERRUPTED)
		gdb_session_served(&gdb->session);
	return ended;
}

/* Waits for a debugger's orders, then runs; true if the run has ended. */
static bool go_on(struct tender *tender)
{
	if (tender->options.gdb) {
		if (gdb_before_run(&tender->gdb, &tender->outcome.error) < 0) {
			tender->outcome.cause = OUTCOME_HOST;
			return true;
		}
		if (tender->stop.requested)
			return false;
	}
	return step(tender);
}

static void take_news(struct tender *tender)
{
	if (!stop_child_news(&tender->stop))
		return;
	for (size_t i = 0; i < tender->probe_count; i++)
		probe_answered(&tender->probes[i]);
}

void tender_run(struct tender *tender)
{
	bool smoke = tender_is_smoke_test(tender), ended = false;

	tender->timings.entry = clock_monotonic();
	if (tender->options.timeout)
		stop_after(tender->options.timeout);
	while (!ended && !is_stopped(tender)) {
		ended = go_on(tender);
		/* Also without probes: news that nobody takes would end every wait of the guest. */
		take_news(tender);
		if (!smoke)
			continue;
		/* What was printed last counts, even if the guest ended with it. */
		if ((!ended || tender->outcome.cause == OUTCOME_HALT) && is_decided(tender))
			break;
	}
	if (ended)
		show_crash(tender);
	guest_finish(tender->guest);
	tender->timings.end = clock_monotonic();
	tell_debugger(tender);
}
