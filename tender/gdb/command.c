#include "tender/gdb/command.h"

#include "base/alloc.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* ---- words ----------------------------------------------------------------------------- */

bool gdb_take_number(struct gdb_words *words, uint64_t *number)
{
	const char *next = words->next;
	uint64_t value = 0;
	int digit;

	while (next < words->end && (digit = text_hex_digit(*next)) >= 0) {
		if (next - words->next == 16)
			return false;
		value = value << 4 | (unsigned)digit;
		next++;
	}
	if (next == words->next)
		return false;
	words->next = next;
	*number = value;
	return true;
}

bool gdb_take(struct gdb_words *words, char character)
{
	if (words->next == words->end || *words->next != character)
		return false;
	words->next++;
	return true;
}

bool gdb_take_text(struct gdb_words *words, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(words->end - words->next) < length || memcmp(words->next, text, length) != 0)
		return false;
	words->next += length;
	return true;
}

bool gdb_words_end(const struct gdb_words *words)
{
	return words->next == words->end;
}

/* Reads exactly `length` bytes of two digits each. */
static bool take_bytes(struct gdb_words *words, unsigned char *bytes, size_t length)
{
	if ((size_t)(words->end - words->next) / 2 < length)
		return false;
	for (size_t i = 0; i < length; i++) {
		int high = text_hex_digit(words->next[0]);
		int low = text_hex_digit(words->next[1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high << 4 | low);
		words->next += 2;
	}
	return true;
}

enum gdb_action gdb_fail(struct buffer *reply, enum gdb_failure failure)
{
	buffer_printf(reply, "E%02x", (unsigned)failure);
	return GDB_STAY;
}

enum gdb_action gdb_succeed(struct buffer *reply)
{
	buffer_add_text(reply, "OK");
	return GDB_STAY;
}

/* ---- registers --------------------------------------------------------------------------- */

static int read_cpu(struct gdb_session *session, struct gdb_cpu *cpu)
{
	struct error ignored;

	return vm_get_registers(session->vm, &cpu->registers, &ignored) < 0 ||
			       vm_get_fpu(session->vm, &cpu->fpu, &ignored) < 0
		       ? -1
		       : 0;
}

static int write_cpu(struct gdb_session *session, const struct gdb_cpu *cpu)
{
	struct error ignored;

	return vm_set_registers(session->vm, &cpu->registers, &ignored) < 0 ||
			       vm_set_fpu(session->vm, &cpu->fpu, &ignored) < 0
		       ? -1
		       : 0;
}

static enum gdb_action write_back(struct gdb_session *session, const struct gdb_cpu *cpu,
				  struct buffer *reply)
{
	return write_cpu(session, cpu) < 0 ? gdb_fail(reply, GDB_FAILED) : gdb_succeed(reply);
}

static enum gdb_action read_registers(struct gdb_session *session, struct gdb_words words,
				      struct buffer *reply)
{
	struct gdb_cpu cpu;

	if (!gdb_words_end(&words))
		return gdb_fail(reply, GDB_MALFORMED);
	if (read_cpu(session, &cpu) < 0)
		return gdb_fail(reply, GDB_FAILED);
	for (unsigned i = 0; i < GDB_REGISTERS; i++) {
		unsigned char bytes[GDB_REGISTER_MAX];

		gdb_register_get(&cpu, i, bytes);
		gdb_add_hex(reply, bytes, gdb_register_size(i));
	}
	return GDB_STAY;
}

/* A debugger that reads no target description sends fewer than there are. */
static enum gdb_action write_registers(struct gdb_session *session, struct gdb_words words,
				       struct buffer *reply)
{
	struct gdb_cpu cpu;

	if (read_cpu(session, &cpu) < 0)
		return gdb_fail(reply, GDB_FAILED);
	for (unsigned i = 0; i < GDB_REGISTERS && !gdb_words_end(&words); i++) {
		unsigned char bytes[GDB_REGISTER_MAX] = { 0 };

		if (!take_bytes(&words, bytes, gdb_register_size(i)))
			return gdb_fail(reply, GDB_MALFORMED);
		gdb_register_set(&cpu, i, bytes);
	}
	if (!gdb_words_end(&words))
		return gdb_fail(reply, GDB_MALFORMED);
	return write_back(session, &cpu, reply);
}

static bool take_register(struct gdb_words *words, unsigned *number)
{
	uint64_t value;

	if (!gdb_take_number(words, &value) || value >= GDB_REGISTERS)
		return false;
	*number = (unsigned)value;
	return true;
}

static enum gdb_action read_register(struct gdb_session *session, struct gdb_words words,
				     struct buffer *reply)
{
	unsigned char bytes[GDB_REGISTER_MAX];
	struct gdb_cpu cpu;
	unsigned number;

	if (!take_register(&words, &number) || !gdb_words_end(&words))
		return gdb_fail(reply, GDB_MALFORMED);
	if (read_cpu(session, &cpu) < 0)
		return gdb_fail(reply, GDB_FAILED);
	gdb_register_get(&cpu, number, bytes);
	gdb_add_hex(reply, bytes, gdb_register_size(number));
	return GDB_STAY;
}

static enum gdb_action write_register(struct gdb_session *session, struct gdb_words words,
				      struct buffer *reply)
{
	unsigned char bytes[GDB_REGISTER_MAX] = { 0 };
	struct gdb_cpu cpu;
	unsigned number;

	if (!take_register(&words, &number) || !gdb_take(&words, '=') ||
	    !take_bytes(&words, bytes, gdb_register_size(number)) || !gdb_words_end(&words))
		return gdb_fail(reply, GDB_MALFORMED);
	if (read_cpu(session, &cpu) < 0)
		return gdb_fail(reply, GDB_FAILED);
	gdb_register_set(&cpu, number, bytes);
	return write_back(session, &cpu, reply);
}

/* ---- memory -------------------------------------------------------------------------------- */

/* "ADDRESS,LENGTH" */
static bool take_range(struct gdb_words *words, uint64_t *address, uint64_t *length)
{
	return gdb_take_number(words, address) && gdb_take(words, ',') &&
	       gdb_take_number(words, length);
}

/* As much from the beginning as there is, page by page. */
static enum gdb_action read_memory(struct gdb_session *session, struct gdb_words words,
				   struct buffer *reply)
{
	unsigned char page[GUEST_PAGE];
	uint64_t address, left;

	if (!take_range(&words, &address, &left) || !gdb_words_end(&words))
		return gdb_fail(reply, GDB_MALFORMED);
	if (left > GDB_PACKET_MAX / 2)
		left = GDB_PACKET_MAX / 2;
	while (left) {
		size_t part = GUEST_PAGE - address % GUEST_PAGE;

		if (part > left)
			part = left;
		if (gdb_points_read(&session->points, address, page, part) < 0)
			break;
		gdb_add_hex(reply, page, part);
		address += part;
		left -= part;
	}
	return left && !reply->length ? gdb_fail(reply, GDB_NO_MEMORY) : GDB_STAY;
}

static enum gdb_action put_memory(struct gdb_session *session, uint64_t address, const void *bytes,
				  size_t length, struct buffer *reply)
{
	/* With length 0 it is only asked whether the packet is known. */
	if (length && gdb_points_write(&session->points, address, bytes, length) < 0)
		return gdb_fail(reply, GDB_NO_MEMORY);
	return gdb_succeed(reply);
}

static enum gdb_action write_memory(struct gdb_session *session, struct gdb_words words,
				    struct buffer *reply)
{
	cleanup_free unsigned char *bytes = xcalloc(GDB_PACKET_MAX / 2, 1);
	uint64_t address, length;

	if (!take_range(&words, &address, &length) || !gdb_take(&words, ':') ||
	    length > GDB_PACKET_MAX / 2 || !take_bytes(&words, bytes, length) ||
	    !gdb_words_end(&words))
		return gdb_fail(reply, GDB_MALFORMED);
	return put_memory(session, address, bytes, length, reply);
}

static enum gdb_action write_binary(struct gdb_session *session, struct gdb_words words,
				    struct buffer *reply)
{
	uint64_t address, length;

	if (!take_range(&words, &address, &length) || !gdb_take(&words, ':') ||
	    length != (size_t)(words.end - words.next))
		return gdb_fail(reply, GDB_MALFORMED);
	return put_memory(session, address, words.next, length, reply);
}

/* ---- running ------------------------------------------------------------------------------- */

/* "[ADDRESS]": where to go on. */
static enum gdb_action go_on(struct gdb_session *session, struct gdb_words words, bool step,
			     struct buffer *reply)
{
	struct gdb_cpu cpu;
	uint64_t address;

	session->resume = (struct gdb_resume){ .step = step };
	if (gdb_words_end(&words))
		return GDB_RESUME;
	if (!gdb_take_number(&words, &address) || !gdb_words_end(&words))
		return gdb_fail(reply, GDB_MALFORMED);
	if (read_cpu(session, &cpu) < 0)
		return gdb_fail(reply, GDB_FAILED);
	cpu.registers.rip = address;
	return write_cpu(session, &cpu) < 0 ? gdb_fail(reply, GDB_FAILED) : GDB_RESUME;
}

static enum gdb_action resume(struct gdb_session *session, struct gdb_words words,
			      struct buffer *reply)
{
	return go_on(session, words, false, reply);
}

static enum gdb_action step(struct gdb_session *session, struct gdb_words words,
			    struct buffer *reply)
{
	return go_on(session, words, true, reply);
}

/* "SIGNAL[;ADDRESS]". A unikernel knows no signals: there is nothing to deliver. */
static bool take_signal(struct gdb_words *words)
{
	uint64_t signal;

	return gdb_take_number(words, &signal) && (gdb_words_end(words) || gdb_take(words, ';'));
}

static enum gdb_action resume_signal(struct gdb_session *session, struct gdb_words words,
				     struct buffer *reply)
{
	return take_signal(&words) ? go_on(session, words, false, reply)
				   : gdb_fail(reply, GDB_MALFORMED);
}

static enum gdb_action step_signal(struct gdb_session *session, struct gdb_words words,
				   struct buffer *reply)
{
	return take_signal(&words) ? go_on(session, words, true, reply)
				   : gdb_fail(reply, GDB_MALFORMED);
}

static enum gdb_action kill_guest(struct gdb_session *session, struct gdb_words words,
				  struct buffer *reply)
{
	(void)session;
	(void)words;
	(void)reply;
	return GDB_KILL;
}

static enum gdb_action detach(struct gdb_session *session, struct gdb_words words,
			      struct buffer *reply)
{
	(void)session;
	(void)words;
	gdb_succeed(reply);
	return GDB_DETACH;
}

/* ---- breakpoints --------------------------------------------------------------------------- */

/* "TYPE,ADDRESS,KIND" */
static enum gdb_action change_point(struct gdb_session *session, struct gdb_words words,
				    enum gdb_point_result (*change)(struct gdb_points *,
								    enum gdb_point_type, uint64_t,
								    uint64_t),
				    struct buffer *reply)
{
	uint64_t type, address, kind;

	if (!gdb_take_number(&words, &type) || !gdb_take(&words, ',') ||
	    !take_range(&words, &address, &kind))
		return gdb_fail(reply, GDB_MALFORMED);
	/* Conditions and commands for us to execute were not announced. */
	if (!gdb_words_end(&words) || type >= GDB_POINT_TYPES)
		return GDB_STAY;
	switch (change(&session->points, (enum gdb_point_type)type, address, kind)) {
	case GDB_POINT_DONE:
		return gdb_succeed(reply);
	case GDB_POINT_UNSUPPORTED:
		return GDB_STAY;
	case GDB_POINT_FAILED:
	default:
		return gdb_fail(reply, GDB_FAILED);
	}
}

static enum gdb_action insert_point(struct gdb_session *session, struct gdb_words words,
				    struct buffer *reply)
{
	return change_point(session, words, gdb_points_insert, reply);
}

static enum gdb_action remove_point(struct gdb_session *session, struct gdb_words words,
				    struct buffer *reply)
{
	return change_point(session, words, gdb_points_remove, reply);
}

/* ---- threads ------------------------------------------------------------------------------- */

/* There is one, number 1; -1 stands for all and 0 for any. */
static bool take_thread(struct gdb_words *words)
{
	uint64_t thread;
	bool all = gdb_take(words, '-');

	return gdb_take_number(words, &thread) && gdb_words_end(words) && thread <= 1 &&
	       (!all || thread == 1);
}

static enum gdb_action is_thread_alive(struct gdb_session *session, struct gdb_words words,
				       struct buffer *reply)
{
	(void)session;
	return take_thread(&words) ? gdb_succeed(reply) : gdb_fail(reply, GDB_MALFORMED);
}

static enum gdb_action choose_thread(struct gdb_session *session, struct gdb_words words,
				     struct buffer *reply)
{
	(void)session;
	if (!gdb_take(&words, 'g') && !gdb_take(&words, 'c'))
		return gdb_fail(reply, GDB_MALFORMED);
	return take_thread(&words) ? gdb_succeed(reply) : gdb_fail(reply, GDB_MALFORMED);
}

static enum gdb_action tell_halt(struct gdb_session *session, struct gdb_words words,
				 struct buffer *reply)
{
	(void)words;
	buffer_add(reply, session->halt.data, session->halt.length);
	return GDB_STAY;
}

/* ---- dispatch ------------------------------------------------------------------------------ */

static const struct {
	char letter;
	enum gdb_action (*handle)(struct gdb_session *session, struct gdb_words words,
				  struct buffer *reply);
} commands[] = {
	{ '?', tell_halt },
	{ 'g', read_registers },
	{ 'G', write_registers },
	{ 'p', read_register },
	{ 'P', write_register },
	{ 'm', read_memory },
	{ 'M', write_memory },
	{ 'X', write_binary },
	{ 'c', resume },
	{ 'C', resume_signal },
	{ 's', step },
	{ 'S', step_signal },
	{ 'k', kill_guest },
	{ 'D', detach },
	{ 'Z', insert_point },
	{ 'z', remove_point },
	{ 'T', is_thread_alive },
	{ 'H', choose_thread },
	{ 'q', gdb_query },
	{ 'Q', gdb_set },
	{ 'v', gdb_verbose },
};

enum gdb_action gdb_execute(struct gdb_session *session, const char *packet, size_t length,
			    struct buffer *reply)
{
	const struct gdb_words words = { packet + 1, packet + length };

	if (length == 0)
		return GDB_STAY;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].letter == packet[0])
			return commands[i].handle(session, words, reply);
	return GDB_STAY;
}
