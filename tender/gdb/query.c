/* Packets with names: what debugger and tender can do, threads, and the newer way to go on. */
#include "tender/gdb/command.h"

#include <string.h>

/* ---- q ------------------------------------------------------------------------------------- */

/* "PacketSize=..;swbreak+;..": what the debugger can do. */
static enum gdb_action tell_support(struct gdb_session *session, struct gdb_words words,
				    struct buffer *reply)
{
	gdb_take(&words, ':');
	while (!gdb_words_end(&words)) {
		if (gdb_take_text(&words, "swbreak+") || gdb_take_text(&words, "hwbreak+"))
			session->says_why = true;
		while (!gdb_words_end(&words) && *words.next++ != ';')
			;
	}
	buffer_printf(reply,
		      "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;"
		      "vContSupported+",
		      GDB_PACKET_MAX);
	return GDB_STAY;
}

/* "OFFSET,LENGTH" of target.xml. */
static enum gdb_action tell_features(struct gdb_session *session, struct gdb_words words,
				     struct buffer *reply)
{
	cleanup_buffer struct buffer xml = { 0 };
	uint64_t offset, length;

	(void)session;
	if (!gdb_take_number(&words, &offset) || !gdb_take(&words, ',') ||
	    !gdb_take_number(&words, &length) || !gdb_words_end(&words))
		return gdb_fail(reply, GDB_MALFORMED);
	gdb_describe_registers(&xml);
	if (offset > xml.length)
		return gdb_fail(reply, GDB_MALFORMED);
	/* Escapes may double it. */
	if (length > GDB_PACKET_MAX / 2)
		length = GDB_PACKET_MAX / 2;
	if (length > xml.length - offset)
		length = xml.length - offset;
	buffer_add_text(reply, offset + length < xml.length ? "m" : "l");
	buffer_add(reply, xml.data + offset, length);
	return GDB_STAY;
}

static enum gdb_action tell_thread(struct gdb_session *session, struct gdb_words words,
				   struct buffer *reply)
{
	(void)session;
	(void)words;
	buffer_add_text(reply, "QC1");
	return GDB_STAY;
}

static enum gdb_action tell_threads(struct gdb_session *session, struct gdb_words words,
				    struct buffer *reply)
{
	(void)session;
	(void)words;
	buffer_add_text(reply, "m1");
	return GDB_STAY;
}

static enum gdb_action tell_no_more_threads(struct gdb_session *session, struct gdb_words words,
					    struct buffer *reply)
{
	(void)session;
	(void)words;
	buffer_add_text(reply, "l");
	return GDB_STAY;
}

/* The guest was there before the debugger, which shall not kill it on its way out. */
static enum gdb_action tell_attached(struct gdb_session *session, struct gdb_words words,
				     struct buffer *reply)
{
	(void)session;
	(void)words;
	buffer_add_text(reply, "1");
	return GDB_STAY;
}

/* ---- Q ------------------------------------------------------------------------------------- */

static enum gdb_action start_no_ack(struct gdb_session *session, struct gdb_words words,
				    struct buffer *reply)
{
	(void)words;
	session->no_ack = true;
	return gdb_succeed(reply);
}

/* ---- v ------------------------------------------------------------------------------------- */

static enum gdb_action tell_ways_on(struct gdb_session *session, struct gdb_words words,
				    struct buffer *reply)
{
	(void)session;
	(void)words;
	buffer_add_text(reply, "vCont;c;C;s;S;r");
	return GDB_STAY;
}

/* One action of vCont, up to ';' or the end: "c", "C05", "s", "S05", "rSTART,END". */
static bool take_way_on(struct gdb_words *words, struct gdb_resume *resume)
{
	uint64_t signal;

	*resume = (struct gdb_resume){ 0 };
	if (gdb_take(words, 'c'))
		return true;
	if (gdb_take(words, 'C'))
		return gdb_take_number(words, &signal);
	resume->step = true;
	if (gdb_take(words, 's'))
		return true;
	if (gdb_take(words, 'S'))
		return gdb_take_number(words, &signal);
	return gdb_take(words, 'r') && gdb_take_number(words, &resume->start) &&
	       gdb_take(words, ',') && gdb_take_number(words, &resume->end);
}

/* ":THREAD", or nothing for all of them; *ours: it means the one that there is. */
static bool take_whose(struct gdb_words *words, bool *ours)
{
	uint64_t thread;

	*ours = true;
	if (!gdb_take(words, ':'))
		return true;
	if (gdb_take_text(words, "-1"))
		return true;
	if (!gdb_take_number(words, &thread))
		return false;
	*ours = thread <= 1;
	return true;
}

/* ";ACTION[:THREAD]..": the first that means our thread counts. */
static enum gdb_action go_on(struct gdb_session *session, struct gdb_words words,
			     struct buffer *reply)
{
	bool found = false;

	while (!gdb_words_end(&words)) {
		struct gdb_resume resume;
		bool ours;

		if (!gdb_take(&words, ';') || !take_way_on(&words, &resume) ||
		    !take_whose(&words, &ours))
			return gdb_fail(reply, GDB_MALFORMED);
		if (ours && !found)
			session->resume = resume;
		found |= ours;
	}
	return found ? GDB_RESUME : gdb_fail(reply, GDB_MALFORMED);
}

static enum gdb_action kill_guest(struct gdb_session *session, struct gdb_words words,
				  struct buffer *reply)
{
	(void)session;
	(void)words;
	gdb_succeed(reply);
	return GDB_KILL;
}

/* ---- dispatch ------------------------------------------------------------------------------ */

struct named {
	const char *name; /* with the separator, if something follows */
	bool whole;	  /* nothing may follow */
	enum gdb_action (*handle)(struct gdb_session *session, struct gdb_words words,
				  struct buffer *reply);
};

static enum gdb_action dispatch(struct gdb_session *session, const struct named *named,
				size_t count, struct gdb_words words, struct buffer *reply)
{
	for (size_t i = 0; i < count; i++) {
		struct gdb_words rest = words;

		if (gdb_take_text(&rest, named[i].name) &&
		    (!named[i].whole || gdb_words_end(&rest)))
			return named[i].handle(session, rest, reply);
	}
	return GDB_STAY;
}

enum gdb_action gdb_query(struct gdb_session *session, struct gdb_words words, struct buffer *reply)
{
	static const struct named queries[] = {
		{ "Supported", false, tell_support },
		{ "Xfer:features:read:target.xml:", false, tell_features },
		{ "C", true, tell_thread },
		{ "fThreadInfo", true, tell_threads },
		{ "sThreadInfo", true, tell_no_more_threads },
		{ "Attached", false, tell_attached },
	};

	return dispatch(session, queries, sizeof(queries) / sizeof(queries[0]), words, reply);
}

enum gdb_action gdb_set(struct gdb_session *session, struct gdb_words words, struct buffer *reply)
{
	static const struct named settings[] = { { "StartNoAckMode", true, start_no_ack } };

	return dispatch(session, settings, 1, words, reply);
}

enum gdb_action gdb_verbose(struct gdb_session *session, struct gdb_words words,
			    struct buffer *reply)
{
	static const struct named verbs[] = {
		{ "Cont?", true, tell_ways_on },
		{ "Cont", false, go_on },
		{ "Kill;", false, kill_guest },
	};

	return dispatch(session, verbs, sizeof(verbs) / sizeof(verbs[0]), words, reply);
}
