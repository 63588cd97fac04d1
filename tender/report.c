#include "tender/tender.h"

#include "base/text.h"
#include "tender/exit_status.h"
#include "tender/say.h"
#include "tender/symbols.h"

#include <inttypes.h>
#include <string.h>

/* ---- exit status ------------------------------------------------------------------------ */

static bool only_rejects(const struct tender *tender)
{
	if (tender->watch.count == 0 || tender->probe_count)
		return false;
	for (size_t i = 0; i < tender->watch.count; i++)
		if (!tender->watch.patterns[i].reject)
			return false;
	return true;
}

int tender_status(const struct tender *tender)
{
	switch (tender->outcome.cause) {
	case OUTCOME_NOT_STARTED:
		return tender->outcome.start_status;
	case OUTCOME_HALT:
		return tender_unmet(tender) ? EXIT_EXPECTATION : tender->outcome.guest_status;
	case OUTCOME_GUEST:
		return EXIT_GUEST;
	case OUTCOME_UNABLE:
		return EXIT_UNABLE;
	case OUTCOME_SIGNAL:
		return EXIT_SIGNAL + tender->outcome.signal;
	case OUTCOME_TIMEOUT:
		/* "Nothing bad for so long" is what such a test asks for. */
		return only_rejects(tender) ? 0 : EXIT_EXPECTATION;
	case OUTCOME_MET:
		return 0;
	case OUTCOME_REJECTED:
		return EXIT_EXPECTATION;
	case OUTCOME_HOST:
	default:
		return EXIT_HOST;
	}
}

/* ---- words ---------------------------------------------------------------------------------- */

/* "0.123 s" after the start of the guest. */
static const char *after_entry(const struct tender *tender, uint64_t moment, char text[static 32])
{
	uint64_t passed = moment > tender->timings.entry ? moment - tender->timings.entry : 0;

	snprintf(text, 32, "%" PRIu64 ".%03" PRIu64 " s", passed / 1000000000,
		 passed / 1000000 % 1000);
	return text;
}

static void tell_pattern(const struct tender *tender, const struct watch_pattern *pattern)
{
	char moment[32];

	if (pattern->seen)
		say("%s '%s': seen after %s: %s", pattern->reject ? "reject" : "expect",
		    pattern->text, after_entry(tender, pattern->seen, moment), pattern->line);
	else if (!pattern->reject)
		say("expect '%s': not seen", pattern->text);
}

static void tell_probe(const struct tender *tender, const struct probe *probe)
{
	char moment[32], reason[192];

	if (probe->seen) {
		say("http-check %s: status %d after %s", probe->url, probe->news->status,
		    after_entry(tender, probe->seen, moment));
		return;
	}
	text_printable((const char *)probe->news->reason,
		       strnlen((const char *)probe->news->reason, sizeof(probe->news->reason)),
		       reason, sizeof(reason));
	say("http-check %s: no good answer (%s)", probe->url, *reason ? reason : "not asked yet");
}

static void tell_end(const struct tender *tender)
{
	const struct outcome *outcome = &tender->outcome;
	char moment[32];

	after_entry(tender, tender->timings.end, moment);
	switch (outcome->cause) {
	case OUTCOME_HALT:
		if (tender_is_smoke_test(tender))
			say("the guest ended with status %d after %s", outcome->guest_status,
			    moment);
		if (outcome->error.message[0])
			say_error(&outcome->error);
		break;
	case OUTCOME_SIGNAL:
		say("Exiting on signal %d (%s)", outcome->signal, strsignal(outcome->signal));
		break;
	case OUTCOME_TIMEOUT:
		say("the time limit of --timeout ended the guest after %s", moment);
		break;
	case OUTCOME_MET:
	case OUTCOME_REJECTED:
		break;
	case OUTCOME_NOT_STARTED:
	case OUTCOME_GUEST:
	case OUTCOME_UNABLE:
	case OUTCOME_HOST:
	default:
		say_error(&outcome->error);
	}
}

static void tell_smoke_test(const struct tender *tender)
{
	char moment[32];

	if (tender->console.first_output)
		say("first output after %s",
		    after_entry(tender, tender->console.first_output, moment));
	else
		say("the guest printed nothing");
	for (size_t i = 0; i < tender->watch.count; i++)
		tell_pattern(tender, &tender->watch.patterns[i]);
	for (size_t i = 0; i < tender->probe_count; i++)
		tell_probe(tender, &tender->probes[i]);
	say("%s", tender_status(tender) == 0 ? "passed" : "failed");
}

/* ---- crashes ------------------------------------------------------------------------------ */

bool tender_crashed(const struct tender *tender)
{
	const struct outcome *outcome = &tender->outcome;

	return outcome->cause == OUTCOME_GUEST || outcome->cause == OUTCOME_UNABLE ||
	       (outcome->cause == OUTCOME_HALT && outcome->guest_status == 255);
}

static void tell_place(const struct tender *tender, uint64_t rip)
{
	char symbol[224];

	symbol_near(&tender->unikernel.elf, rip, symbol, sizeof(symbol));
	say("rip=0x%016" PRIx64 "%s%s", rip, *symbol ? " in " : "", symbol);
}

static void tell_registers(const struct vm_registers *registers)
{
	static const char *const names[VM_GPRS] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi",
						    "rbp", "rsp", "r8",	 "r9",	"r10", "r11",
						    "r12", "r13", "r14", "r15" };

	for (int i = 0; i < VM_GPRS; i += 4)
		say("%3s=0x%016" PRIx64 " %3s=0x%016" PRIx64 " %3s=0x%016" PRIx64
		    " %3s=0x%016" PRIx64,
		    names[i], registers->gpr[i], names[i + 1], registers->gpr[i + 1], names[i + 2],
		    registers->gpr[i + 2], names[i + 3], registers->gpr[i + 3]);
	say("rflags=0x%" PRIx64 " cr0=0x%" PRIx64 " cr2=0x%" PRIx64 " cr3=0x%" PRIx64
	    " cr4=0x%" PRIx64 " efer=0x%" PRIx64,
	    registers->rflags, registers->cr0, registers->cr2, registers->cr3, registers->cr4,
	    registers->efer);
}

static void tell_trap(const struct tender *tender)
{
	const struct guest_trap *trap = &tender->guest->trap;

	tell_place(tender, trap->rip);
	say("rsp=0x%" PRIx64 " rflags=0x%" PRIx64 " cr2=0x%" PRIx64 " error code 0x%" PRIx64,
	    trap->rsp, trap->rflags, trap->cr2, trap->error_code);
}

/* Registers and the nearest symbol, if the guest crashed. */
static void tell_crash(const struct tender *tender)
{
	if (!tender_crashed(tender))
		return;
	if (tender->outcome.cause == OUTCOME_HALT) {
		if (tender->guest->trapped)
			tell_trap(tender);
		return;
	}
	if (!tender->outcome.has_registers)
		return;
	tell_place(tender, tender->outcome.registers.rip);
	tell_registers(&tender->outcome.registers);
}

/* ---- all of it ---------------------------------------------------------------------------- */

void tender_tell(const struct tender *tender)
{
	tell_end(tender);
	tell_crash(tender);
	if (tender->console.lost)
		say("%" PRIu64 " bytes of the guest's output were lost", tender->console.lost);
	if (tender_is_smoke_test(tender))
		tell_smoke_test(tender);
}
