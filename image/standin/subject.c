#include "image/standin/subject.h"

#include "image/standin/clock.h"
#include "image/standin/console.h"
#include "image/standin/interrupts.h"
#include "image/standin/log.h"
#include "image/standin/machine.h"
#include "image/standin/tables.h"

#define FAULT_PRESENT 1u
#define FAULT_USER 4u

/* Selectors that Muen's "native" profile enters a subject with. */
#define ENTRY_CODE 0x08
#define ENTRY_DATA 0x10

/* entry.S: cpu_enter() comes back by cpu_leave(). */
void cpu_enter(const struct trap_frame *frame);
_Noreturn void cpu_leave(void);
void trap_handle(struct trap_frame *frame);

enum ending { ENDED, RESET, REFUSED, SHUT_DOWN };

static struct {
	const struct standin_subject *subject;
	const char *name;
	struct vcpu vcpu;
	enum ending ending;
	const char *refused;	     /* the instruction */
	struct vcpu_exception first; /* SHUT_DOWN: what could not be delivered */
	struct trap_frame last;	     /* registers at its end */
} state;

static _Noreturn void end(enum ending ending)
{
	state.ending = ending;
	state.last = *state.vcpu.frame;
	cpu_leave();
}

/* ---- traps ---------------------------------------------------------------------------------- */

static const char *vector_name(uint64_t vector)
{
	static const char names[][4] = {
		"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "#9 ", "#TS",
		"#NP", "#SS", "#GP", "#PF", "#15", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
	};

	return vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "#?";
}

/* What the subject would have seen at privilege level 0, with none of our own pages. */
static uint64_t error_code_of(const struct trap_frame *frame, uint64_t address)
{
	uint64_t code = frame->error_code & ~(uint64_t)FAULT_USER;

	return address >> 47 ? code & ~(uint64_t)FAULT_PRESENT : code;
}

static void deliver(void)
{
	state.first = state.vcpu.exception;
	log_drain();
	if (state.first.vector == VECTOR_PF)
		fault_report(state.first.address, state.first.error_code, state.vcpu.frame->rip);
	if (vcpu_deliver(&state.vcpu, false) == STEP_SHUTDOWN)
		end(SHUT_DOWN);
}

/* Without an event of that number, Muen's monitor ignores a VMCALL. */
static void call(void)
{
	if (state.subject->exit_event >= 0 &&
	    state.vcpu.frame->gpr[RAX] == (uint64_t)state.subject->exit_event)
		end(RESET);
}

static void carry_out(const struct insn *insn)
{
	switch (vcpu_emulate(&state.vcpu, insn)) {
	case STEP_DONE:
		return;
	case STEP_EXCEPTION:
		return deliver();
	case STEP_HALT:
		end(ENDED);
	case STEP_CALL:
		return call();
	case STEP_REFUSED:
		state.refused = insn->name;
		end(REFUSED);
	case STEP_SHUTDOWN:
		state.first = state.vcpu.exception;
		end(SHUT_DOWN);
	}
}

/* #GP and #UD come for what a subject may not do at privilege level 3, too. */
static void instruction(void)
{
	unsigned char bytes[INSN_MAX];
	struct insn insn;

	if (!insn_decode(bytes, vcpu_fetch(&state.vcpu, bytes), &insn) ||
	    (state.vcpu.exception.vector == VECTOR_UD) != (insn.kind == INSN_VMCALL))
		insn.kind = INSN_OTHER;
	carry_out(&insn);
}

static void page_fault(const struct trap_frame *frame)
{
	uint64_t address = read_cr2();

	if (log_guard_hit(address))
		return;
	state.vcpu.exception.address = address;
	state.vcpu.exception.error_code = error_code_of(frame, address);
	deliver();
}

static void exception(struct trap_frame *frame)
{
	state.vcpu.exception = (struct vcpu_exception){ .vector = (unsigned)frame->vector,
							.error_code = frame->error_code };
	if (frame->vector == VECTOR_PF)
		page_fault(frame);
	else if (frame->vector == VECTOR_GP || frame->vector == VECTOR_UD)
		instruction();
	else
		deliver();
}

static void interrupt(uint64_t vector)
{
	if (vector == VECTOR_TIMER) {
		log_drain();
		clock_advance(memory_at(state.subject->schedule));
	}
	interrupt_done((unsigned)vector);
}

static bool is_machines(uint64_t vector)
{
	return vector == VECTOR_NMI || vector == VECTOR_DF || vector == VECTOR_MC;
}

void trap_handle(struct trap_frame *frame)
{
	bool own = !(frame->cs & 3);

	if (frame->vector >= VECTOR_EXCEPTIONS) {
		if (own)
			interrupt_done((unsigned)frame->vector);
		else
			interrupt(frame->vector);
		return;
	}
	if (own || is_machines(frame->vector))
		give_up("%s (0x%lx) at 0x%lx in %s, address 0x%lx: the machine stops",
			vector_name(frame->vector), frame->error_code, frame->rip,
			own ? "the stand-in kernel" : state.name, read_cr2());
	frame->gpr[RSP] = frame->rsp;
	state.vcpu.frame = frame;
	exception(frame);
	if (!vcpu_is_canonical(frame->rip))
		end(SHUT_DOWN);
}

/* ---- a run ---------------------------------------------------------------------------------- */

static void tell_end(void)
{
	const char *name = state.name;
	unsigned status = (unsigned)log_exit_status();

	switch (state.ending) {
	case ENDED:
		say("%s: ended, exit status %u", name, status);
		return;
	case RESET:
		say("%s: asked for its reset event, exit status %u", name, status);
		return;
	case REFUSED:
		say("%s: ended by %s at rip 0x%lx: Muen halts a subject that does that", name,
		    state.refused, state.last.rip);
		return;
	case SHUT_DOWN:
		say("%s: ended by %s at rip 0x%lx (error code 0x%lx): it has no handler that could "
		    "be entered",
		    name, vector_name(state.first.vector), state.last.rip, state.first.error_code);
		return;
	}
}

static void enter(void)
{
	struct trap_frame frame = {
		.gpr = { [RDI] = state.subject->boot_info },
		.rip = state.subject->entry,
		.cs = USER_CODE,
		.rflags = RFLAGS_RESERVED | RFLAGS_IF,
		.rsp = state.subject->stack,
		.ss = USER_DATA,
	};

	vcpu_set_segment_base(SEGMENT_FS, 0);
	vcpu_set_segment_base(SEGMENT_GS, 0);
	timer_start(clock_frame_count());
	cpu_enter(&frame);
	timer_stop();
}

void subject_run(const struct standin_handover *handover, const struct standin_subject *subject,
		 bool prefixed)
{
	static char prefix[80];
	const char *name = standin_text(handover, subject->name);
	unsigned length = 0;

	for (; prefixed && name[length] && length < sizeof(prefix) - 3; length++)
		prefix[length] = name[length];
	prefix[length] = '\0';
	if (length)
		__builtin_memcpy(prefix + length, ": ", 3);

	state.subject = subject;
	state.name = name;
	state.vcpu = (struct vcpu){ .cr3 = subject->cr3, .cs = ENTRY_CODE, .ss = ENTRY_DATA };
	tables_use(subject->cr3);
	clock_publish(memory_at(subject->time_info));
	clock_advance(memory_at(subject->schedule));
	log_attach(subject, prefix);
	fault_report_begin(handover, subject);
	say("%s: enters at 0x%lx", name, subject->entry);
	enter();
	log_detach(name);
	tables_use_own();
	tell_end();
}
