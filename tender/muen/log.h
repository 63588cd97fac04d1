/* A Muen subject's console: its debug log channel, brought to the tender's console. */
#ifndef TENDER_MUEN_LOG_H
#define TENDER_MUEN_LOG_H

#include "subject/channel.h"
#include "tender/console.h"
#include "tender/muen/end.h"

struct muen_log {
	struct channel_reader channel;
	struct muen_end end; /* what the text tells of the end */
	uint64_t records;
};

void muen_log_open(struct muen_log *log, const void *region, uint64_t size);

/* Brings over what is there; whether there was anything. Records that the guest overwrote are
 * counted in log->channel.lost. */
bool muen_log_drain(struct muen_log *log, struct console *console);

#endif
