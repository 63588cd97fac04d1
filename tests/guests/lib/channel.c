#include "tests/guests/lib/channel.h"

#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/guest.h"

static uintptr_t slot(const volatile struct channel_header *header, uint64_t number,
		      uint64_t elements, uint64_t size)
{
	return (uintptr_t)(header + 1) + number % elements * size;
}

bool channel_begin(struct channel_writer *writer, uintptr_t address, uint64_t region_size,
		   uint64_t protocol, uint64_t element_size, uint64_t epoch)
{
	volatile struct channel_header *header = (volatile struct channel_header *)address;

	if (!epoch || region_size < sizeof(*header) + element_size)
		return false;
	*writer = (struct channel_writer){
		.header = header,
		.size = element_size,
		.elements = (region_size - sizeof(*header)) / element_size,
	};
	header->epoch = 0;
	cpu_barrier();
	memset((void *)(address + sizeof(*header)), 0, region_size - sizeof(*header));
	header->transport = CHANNEL_TRANSPORT;
	header->protocol = protocol;
	header->size = element_size;
	header->elements = writer->elements;
	header->reserved = 0;
	header->write_start = 0;
	header->written = 0;
	cpu_barrier();
	header->epoch = epoch;
	return true;
}

void channel_write(struct channel_writer *writer, const void *element)
{
	uint64_t number = writer->written++;

	writer->header->write_start = number + 1;
	cpu_barrier();
	memcpy((void *)slot(writer->header, number, writer->elements, writer->size), element,
	       writer->size);
	cpu_barrier();
	writer->header->written = number + 1;
}

/* Reads a new epoch's header. What does not fit into the region is refused: a reader that trusted
 * the header would read beyond it. */
static bool synchronise(struct channel_reader *reader)
{
	uint64_t epoch = reader->header->epoch;
	uint64_t elements = reader->header->elements;
	uint64_t fitting = (reader->region_size - sizeof(*reader->header)) / reader->size;

	reader->epoch = 0;
	if (reader->header->transport != CHANNEL_TRANSPORT ||
	    reader->header->protocol != reader->protocol || reader->header->size != reader->size ||
	    !elements || elements > fitting)
		return false;
	reader->elements = elements;
	reader->read = 0;
	reader->epoch = epoch;
	return true;
}

enum channel_result channel_read(struct channel_reader *reader, void *element)
{
	const volatile struct channel_header *header = reader->header;
	uint64_t ahead;

	if (!header->epoch) {
		reader->epoch = 0;
		return CHANNEL_INACTIVE;
	}
	if (reader->epoch != header->epoch)
		return synchronise(reader) ? CHANNEL_EPOCH_CHANGED : CHANNEL_INCOMPATIBLE;
	ahead = header->written - reader->read;
	if (!ahead)
		return CHANNEL_NO_DATA;
	if (ahead > reader->elements)
		return CHANNEL_OVERRUN;
	memcpy(element, (const void *)slot(header, reader->read, reader->elements, reader->size),
	       reader->size);
	cpu_barrier();
	if (header->write_start - reader->read > reader->elements)
		return CHANNEL_OVERRUN;
	if (reader->epoch != header->epoch) {
		reader->epoch = 0;
		return CHANNEL_EPOCH_CHANGED;
	}
	reader->read++;
	return CHANNEL_SUCCESS;
}

bool channel_pending(struct channel_reader *reader)
{
	uint64_t epoch = reader->header->epoch;

	if (!epoch || (reader->epoch != epoch && !synchronise(reader)))
		return false;
	return reader->header->written > reader->read;
}

void channel_skip(struct channel_reader *reader)
{
	reader->read = reader->header->written;
}
