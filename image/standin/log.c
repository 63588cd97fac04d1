#include "image/standin/log.h"

#include "image/standin/console.h"
#include "image/standin/machine.h"
#include "image/standin/tables.h"
#include "subject/channel.h"
#include "subject/ending.h"

/* A channel has no flow control: a subject that writes faster than once around between two timer
 * interrupts would lose lines. So a page of the channel half way around is write-protected: when
 * the subject gets there, it is stopped, the log is read, and the guard moves on. */
static struct {
	const struct standin_subject *subject;
	const char *prefix;
	struct channel_reader reader;
	struct subject_ending ending;
	uint64_t guard; /* address of the protected page; 0: none */
	bool incompatible;
} state;

/* ---- the guard ------------------------------------------------------------------------------ */

/* A large page cannot be a guard; a channel that has some is never filled in a minor frame. */
static void set_guard(uint64_t address, bool on)
{
	struct translation page;

	if (!tables_translate(state.subject->cr3, address, &page) || page.size != PAGE)
		return;
	if (on)
		*page.leaf &= ~(uint64_t)PTE_WRITABLE;
	else
		*page.leaf |= PTE_WRITABLE;
	forget_page(address);
	state.guard = on ? address : 0;
}

/* Half way around from the page where the subject writes, but not the page of the header. */
static void move_guard(uint64_t page)
{
	uint64_t pages = state.subject->log_size / PAGE, next = (page + pages / 2) % pages;

	if (state.guard)
		set_guard(state.guard, false);
	if (pages >= 4)
		set_guard(state.subject->log_address + (next ? next : 1) * PAGE, true);
}

/* While the subject clears the channel, its epoch is 0: then it is the guard that shows where it
 * is. */
static void follow_writer(void)
{
	const struct channel_reader *reader = &state.reader;

	if (reader->epoch)
		move_guard(reader->read % reader->elements * reader->element_size / PAGE);
}

bool log_guard_hit(uint64_t address)
{
	if (!state.guard || address / PAGE != state.guard / PAGE)
		return false;
	log_drain();
	move_guard((address - state.subject->log_address) / PAGE);
	return true;
}

/* ---- its text ------------------------------------------------------------------------------- */

static void show(const struct log_record *record)
{
	for (unsigned i = 0; i < sizeof(record->text) && record->text[i]; i++) {
		if (console_at_line_start())
			say_raw("%s", state.prefix);
		console_put(record->text[i]);
		subject_ending_read(&state.ending, record->text[i]);
	}
}

/* Ends at an overrun, too: a header that lies may make one of every look at it, and the subject is
 * to go on in between. */
void log_drain(void)
{
	uint64_t left = state.subject->log_size / sizeof(struct log_record);
	enum channel_result result;
	struct log_record record;

	while ((result = channel_read(&state.reader, &record)) == CHANNEL_READ && left--)
		show(&record);
	if (result == CHANNEL_INCOMPATIBLE && !state.incompatible)
		say("the debug log's header does not fit its region or is of another protocol");
	state.incompatible = result == CHANNEL_INCOMPATIBLE;
	follow_writer();
}

void log_attach(const struct standin_subject *subject, const char *prefix)
{
	state.subject = subject;
	state.prefix = prefix;
	state.ending = (struct subject_ending){ .status = 0 };
	state.guard = 0;
	state.incompatible = false;
	channel_attach(&state.reader, memory_at(subject->log), subject->log_size,
		       CHANNEL_LOG_PROTOCOL, sizeof(struct log_record));
	move_guard(0);
}

void log_detach(const char *name)
{
	log_drain();
	log_drain(); /* behind an overrun */
	if (state.reader.lost)
		say("%s: %lu records of its debug log were lost", name, state.reader.lost);
}

int log_exit_status(void)
{
	return state.ending.status;
}
