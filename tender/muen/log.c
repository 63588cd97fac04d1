#include "tender/muen/log.h"

#include <string.h>

#define BATCH 64 /* records that are written at once */

void muen_log_open(struct muen_log *log, const void *region, uint64_t size)
{
	*log = (struct muen_log){ 0 };
	channel_attach(&log->channel, region, size, CHANNEL_LOG_PROTOCOL,
		       sizeof(struct log_record));
}

/* The next record. Counters that lie make every read an overrun: one is enough for now. */
static enum channel_result next_record(struct channel_reader *channel, struct log_record *record)
{
	enum channel_result result = channel_read(channel, record);

	return result == CHANNEL_OVERRUN ? channel_read(channel, record) : result;
}

/* Reads up to a batch of records: the length of their text; *more: there may be others. */
static size_t take_batch(struct muen_log *log, char text[static BATCH * 56], bool *more)
{
	size_t length = 0;
	struct log_record record;

	*more = true;
	for (int i = 0; i < BATCH && *more; i++) {
		*more = next_record(&log->channel, &record) == CHANNEL_READ;
		if (!*more)
			break;
		log->records++;
		memcpy(text + length, record.text, sizeof(record.text));
		length += strnlen(record.text, sizeof(record.text));
	}
	return length;
}

bool muen_log_drain(struct muen_log *log, struct console *console)
{
	_Static_assert(sizeof(((struct log_record *)0)->text) == 56, "a record's text");
	const uint64_t before = log->records;
	bool more = true;

	while (more) {
		char text[BATCH * 56];
		size_t length = take_batch(log, text, &more);

		muen_end_output(&log->end, text, length);
		console_write(console, text, length);
	}
	return log->records != before;
}
