/* Both ends of a channel of shared memory (SHMStream, version 2). */
#ifndef TESTS_GUESTS_LIB_CHANNEL_H
#define TESTS_GUESTS_LIB_CHANNEL_H

#include "tests/guests/lib/muen-abi.h"

#include <stdbool.h>
#include <stddef.h>

struct channel_writer {
	volatile struct channel_header *header;
	uint64_t size;
	uint64_t elements;
	uint64_t written;
};

/* Makes the region a channel of this guest. False if not one element fits or the epoch is 0. */
bool channel_begin(struct channel_writer *writer, uintptr_t address, uint64_t region_size,
		   uint64_t protocol, uint64_t element_size, uint64_t epoch);
void channel_write(struct channel_writer *writer, const void *element);

enum channel_result {
	CHANNEL_INACTIVE,
	CHANNEL_INCOMPATIBLE, /* not this protocol, or a size that is not ours */
	CHANNEL_EPOCH_CHANGED,
	CHANNEL_NO_DATA,
	CHANNEL_OVERRUN,
	CHANNEL_SUCCESS,
};

struct channel_reader {
	const volatile struct channel_header *header;
	uint64_t region_size;
	uint64_t protocol;
	uint64_t size; /* of an element */
	uint64_t epoch;
	uint64_t elements;
	uint64_t read;
};

/* Reads one element of reader->size bytes. After CHANNEL_OVERRUN the reader has not moved: see
 * channel_skip(). */
enum channel_result channel_read(struct channel_reader *reader, void *element);
/* True if the writer is ahead of the reader; synchronises with a new epoch. */
bool channel_pending(struct channel_reader *reader);
/* Gives up everything that was written so far. */
void channel_skip(struct channel_reader *reader);

#endif
