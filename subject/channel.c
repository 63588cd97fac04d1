#include "subject/channel.h"

_Static_assert(sizeof(struct channel_header) == CHANNEL_DATA, "a channel's header");
_Static_assert(sizeof(struct log_record) == 64, "a record of the debug log");
_Static_assert(sizeof(struct net_element) == 1516, "an Ethernet frame's element");

/* How often one call follows a writer that begins anew under its hands. */
#define ATTEMPTS 3

static uint64_t load(const uint64_t *field)
{
	return __atomic_load_n(field, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *field, uint64_t value)
{
	__atomic_store_n(field, value, __ATOMIC_RELEASE);
}

/* Elements that a region has room for. */
static uint64_t room(uint64_t region_size, uint64_t element_size)
{
	return region_size < CHANNEL_DATA || !element_size
		       ? 0
		       : (region_size - CHANNEL_DATA) / element_size;
}

/* ---- the writer ---------------------------------------------------------- */

int channel_open(struct channel_writer *writer, void *region, uint64_t region_size,
		 uint64_t protocol, uint64_t element_size, uint64_t epoch)
{
	struct channel_header *header = region;
	uint64_t elements = room(region_size, element_size);

	if (!elements || !epoch || load(&header->epoch) == epoch)
		return -1;
	*writer = (struct channel_writer){ .header = header,
					   .protocol = protocol,
					   .element_size = element_size,
					   .elements = elements };
	channel_close(writer);
	__builtin_memset((unsigned char *)region + CHANNEL_DATA, 0, region_size - CHANNEL_DATA);
	channel_restart(writer, epoch);
	return 0;
}

void channel_restart(struct channel_writer *writer, uint64_t epoch)
{
	struct channel_header *header = writer->header;

	channel_close(writer);
	writer->written = 0;
	store(&header->transport, CHANNEL_TRANSPORT);
	store(&header->protocol, writer->protocol);
	store(&header->element_size, writer->element_size);
	store(&header->elements, writer->elements);
	store(&header->reserved, 0);
	store(&header->write_start, 0);
	store(&header->written, 0);
	store(&header->epoch, epoch);
}

void channel_write(struct channel_writer *writer, const void *element)
{
	struct channel_header *header = writer->header;
	uint64_t slot = writer->written % writer->elements;
	unsigned char *data = (unsigned char *)header + CHANNEL_DATA;

	store(&header->write_start, ++writer->written);
	/* No byte of the element may be seen before its writing is announced. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__builtin_memcpy(data + slot * writer->element_size, element, writer->element_size);
	store(&header->written, writer->written);
}

void channel_close(struct channel_writer *writer)
{
	store(&writer->header->epoch, 0);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* ---- the reader ---------------------------------------------------------- */

void channel_attach(struct channel_reader *reader, const void *region, uint64_t region_size,
		    uint64_t protocol, uint64_t element_size)
{
	*reader = (struct channel_reader){ .header = region,
					   .region_size = region_size,
					   .protocol = protocol,
					   .element_size = element_size };
}

/* Takes over the header of a new epoch: every field is read once, and is good only if the epoch
 * is still the same afterwards. */
static enum channel_result follow(struct channel_reader *reader, uint64_t epoch)
{
	const struct channel_header *header = reader->header;
	uint64_t transport = load(&header->transport), protocol = load(&header->protocol);
	uint64_t element_size = load(&header->element_size), elements = load(&header->elements);

	reader->epoch = 0;
	if (load(&header->epoch) != epoch)
		return CHANNEL_EMPTY;
	if (transport != CHANNEL_TRANSPORT || protocol != reader->protocol ||
	    element_size != reader->element_size || !elements ||
	    elements > room(reader->region_size, reader->element_size))
		return CHANNEL_INCOMPATIBLE;
	reader->elements = elements;
	reader->read = 0;
	reader->epoch = epoch;
	reader->epochs++;
	return CHANNEL_READ;
}

/* CHANNEL_READ if the reader is in the writer's epoch. */
static enum channel_result synchronise(struct channel_reader *reader)
{
	enum channel_result result = CHANNEL_EMPTY;

	if (!room(reader->region_size, reader->element_size))
		return CHANNEL_INCOMPATIBLE;
	for (int attempt = 0; attempt < ATTEMPTS && result == CHANNEL_EMPTY; attempt++) {
		uint64_t epoch = load(&reader->header->epoch);

		if (!epoch) {
			reader->epoch = 0;
			return CHANNEL_INACTIVE;
		}
		if (epoch == reader->epoch)
			return CHANNEL_READ;
		result = follow(reader, epoch);
	}
	return result;
}

/* Goes on with the newest half of the elements: those behind it are about to be overwritten, too. A
 * writer that has stopped is read to its end, so that its last words are not lost. */
static enum channel_result overrun(struct channel_reader *reader, uint64_t written)
{
	uint64_t kept = reader->elements - reader->elements / 2;
	uint64_t next = written > kept ? written - kept : 0;

	/* Counters that go back are a lie: nothing is known of what they count. */
	if (written < reader->read) {
		reader->read = written;
		return CHANNEL_OVERRUN;
	}
	/* Never back to what was read already, where a writer that lies of its next element's
	 * beginning would keep the reader for ever. */
	if (next <= reader->read)
		next = reader->read + 1;
	if (reader->lost <= UINT64_MAX - (next - reader->read))
		reader->lost += next - reader->read;
	reader->read = next;
	return CHANNEL_OVERRUN;
}

/* One element, in the epoch that the reader is in. */
static enum channel_result take(struct channel_reader *reader, void *element)
{
	const struct channel_header *header = reader->header;
	const unsigned char *data = (const unsigned char *)header + CHANNEL_DATA;
	uint64_t slot = reader->read % reader->elements;
	uint64_t written = load(&header->written);

	if (written == reader->read)
		return CHANNEL_EMPTY;
	if (written - reader->read > reader->elements)
		return overrun(reader, written);
	__builtin_memcpy(element, data + slot * reader->element_size, reader->element_size);
	/* Whoever wrote a byte of it since then has announced that before. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (load(&header->write_start) - reader->read > reader->elements)
		return overrun(reader, load(&header->written));
	reader->read++;
	return CHANNEL_READ;
}

enum channel_result channel_read(struct channel_reader *reader, void *element)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		enum channel_result result = synchronise(reader);

		if (result != CHANNEL_READ)
			return result;
		result = take(reader, element);
		if (load(&reader->header->epoch) == reader->epoch)
			return result;
		/* The writer began anew meanwhile: what was seen may belong to either epoch. */
	}
	return CHANNEL_EMPTY;
}
