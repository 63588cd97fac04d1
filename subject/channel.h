/* Both ends of a channel (SHMStream, version 2): one writer, readers that it does not know of.
 * Freestanding: the stand-in kernel is linked with channel.c, too, and has memcpy() and memset()
 * for it, which compilers call on their own.
 *
 * The other side is not trusted. A reader copies what the header says once, checks it against the
 * region's size, and uses its copy; whatever the header becomes later, no access leaves the region.
 *
 * Source: Muen's libmuchannel and Solo5's muen bindings.
 */
#ifndef SUBJECT_CHANNEL_H
#define SUBJECT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_TRANSPORT 0x487312b6b79a9b6dull
#define CHANNEL_DATA 64u /* bytes of the header */

#define CHANNEL_LOG_PROTOCOL 0xf00789094b6f70cfull
#define CHANNEL_NET_PROTOCOL 0x7ade5c549b08e814ull

struct channel_header {
	uint64_t transport;
	uint64_t epoch; /* 0: inactive */
	uint64_t protocol;
	uint64_t element_size; /* bytes */
	uint64_t elements;
	uint64_t reserved;
	uint64_t write_start; /* elements whose writing has begun */
	uint64_t written;     /* elements written */
};

/* A record of the debug log: at most 56 bytes of text, up to the first NUL. */
struct log_record {
	uint64_t timestamp;
	char text[56];
};

/* An Ethernet frame. */
struct net_element {
	uint8_t frame[1514];
	uint16_t length; /* bytes of `frame`, at offset 1514 */
} __attribute__((packed));

struct channel_writer {
	struct channel_header *header;
	uint64_t protocol, element_size, elements;
	uint64_t written; /* elements, in this epoch */
};

/* Begins to write, in a region that is cleared (64-bit aligned). -1 if it (bytes) has no room for
 * an element, or the epoch is 0 or the one that it has already. */
int channel_open(struct channel_writer *writer, void *region, uint64_t region_size,
		 uint64_t protocol, uint64_t element_size, uint64_t epoch);
/* The element is `element_size` bytes. Never waits: the oldest element is overwritten. */
void channel_write(struct channel_writer *writer, const void *element);
/* A new epoch, neither 0 nor the present one, for the same channel: readers lose what they had not
 * read. */
void channel_restart(struct channel_writer *writer, uint64_t epoch);
/* The channel is inactive from now on. */
void channel_close(struct channel_writer *writer);

enum channel_result {
	CHANNEL_READ,	      /* one element was copied */
	CHANNEL_EMPTY,	      /* nothing new */
	CHANNEL_INACTIVE,     /* no writer */
	CHANNEL_INCOMPATIBLE, /* another protocol, or a header that does not fit the region */
	CHANNEL_OVERRUN,      /* the writer was faster: elements are lost; the next call goes on
			       * with the newest half of those that are still there */
};

struct channel_reader {
	const struct channel_header *header;
	uint64_t region_size; /* bytes */
	uint64_t protocol;
	uint64_t element_size; /* bytes: what the header must say */
	uint64_t epoch, elements, read;
	uint64_t epochs; /* how many were seen */
	uint64_t lost;	 /* elements, by overruns */
};

void channel_attach(struct channel_reader *reader, const void *region, uint64_t region_size,
		    uint64_t protocol, uint64_t element_size);
/* Reads the next element to `element`, of element_size bytes, which may also be written if the
 * result is another one than CHANNEL_READ. A new epoch is followed. */
enum channel_result channel_read(struct channel_reader *reader, void *element);

#endif
