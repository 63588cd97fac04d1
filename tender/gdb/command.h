/* What the packets mean; gdb_session.c alone calls this.
 *
 * A handler gets what is behind the packet's letter, fills in the reply (left empty, it says
 * "not supported" to the debugger) and may resume, kill or leave the guest.
 */
#ifndef TENDER_GDB_COMMAND_H
#define TENDER_GDB_COMMAND_H

#include "tender/gdb/session.h"

/* What of a packet has not been read yet. */
struct gdb_words {
	const char *next, *end;
};

/* Reads a hexadecimal number of 1 to 16 digits; false, and nothing read, if there is none. */
bool gdb_take_number(struct gdb_words *words, uint64_t *number);

/* Reads this character, or this text; false, and nothing read, if it is not the next. */
bool gdb_take(struct gdb_words *words, char character);
bool gdb_take_text(struct gdb_words *words, const char *text);

/* Whether everything is read. */
bool gdb_words_end(const struct gdb_words *words);

/* What becomes of the debugger's hold after a packet. */
enum gdb_action {
	GDB_STAY,   /* answer, and wait for more */
	GDB_RESUME, /* no answer until the guest halts: session->resume says how */
	GDB_KILL,   /* answer if there is one, then end the guest */
	GDB_DETACH, /* answer, then leave the guest alone */
};

/* Executes one packet. */
enum gdb_action gdb_execute(struct gdb_session *session, const char *packet, size_t length,
			    struct buffer *reply);

/* "E01": the packet is not understood; "E0e": no such memory; "E16": cannot be done. */
enum gdb_failure {
	GDB_MALFORMED = 0x01,
	GDB_NO_MEMORY = 0x0e,
	GDB_FAILED = 0x16,
};
enum gdb_action gdb_fail(struct buffer *reply, enum gdb_failure failure);
enum gdb_action gdb_succeed(struct buffer *reply);

/* The packets that begin with q, Q and v: gdb_query.c. */
enum gdb_action gdb_query(struct gdb_session *session, struct gdb_words words,
			  struct buffer *reply);
enum gdb_action gdb_set(struct gdb_session *session, struct gdb_words words, struct buffer *reply);
enum gdb_action gdb_verbose(struct gdb_session *session, struct gdb_words words,
			    struct buffer *reply);

#endif
