/* A channel whose header the input writes: whatever it says and becomes, no access leaves the
 * region, and the reader keeps what it promises.
 *
 * The input: size of the region (2 bytes), of an element (1), then steps: a byte that says what is
 * done, with its operands. The region and the element lie in allocations of their exact size.
 */
#include "subject/channel.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define PROTOCOL 0x4c4f4750u

struct input {
	const uint8_t *data;
	size_t size;
};

struct game {
	unsigned char *region, *element;
	uint64_t size, element_size;
	struct channel_writer writer;
	struct channel_reader reader;
	bool open;
	uint64_t epoch;
};

static uint64_t take(struct input *input, size_t bytes)
{
	uint64_t value = 0;

	for (; bytes && input->size; bytes--, input->data++, input->size--)
		value = value << 8 | *input->data;
	return value;
}

static void read_once(struct game *game)
{
	uint64_t lost = game->reader.lost;
	enum channel_result result = channel_read(&game->reader, game->element);

	demand(game->reader.lost >= lost, "losses only grow");
	demand(result != CHANNEL_READ || game->reader.epoch != 0, "reading in an epoch");
	demand(result == CHANNEL_INACTIVE || result == CHANNEL_INCOMPATIBLE ||
		       game->reader.elements <= (game->size - CHANNEL_DATA) / game->element_size,
	       "elements inside the region");
}

static void write_many(struct game *game, unsigned count)
{
	memset(game->element, (int)count, game->element_size);
	for (unsigned i = 0; game->open && i < count; i++)
		channel_write(&game->writer, game->element);
}

/* A word of the header, or a byte of the data. */
static void lie(struct game *game, struct input *input)
{
	uint64_t at = take(input, 1), value = take(input, 1) & 1 ? take(input, 8) : take(input, 1);

	if (at < CHANNEL_DATA / 8)
		memcpy(game->region + at * 8, &value, 8);
	else if (at < game->size)
		game->region[at] = (unsigned char)value;
}

/* Both ends as they are meant: what was written is read, in order. */
static void play_fairly(struct game *game)
{
	struct channel_writer writer;
	struct channel_reader reader;

	if (channel_open(&writer, game->region, game->size, PROTOCOL, game->element_size,
			 ++game->epoch | 1ull << 32) < 0)
		return;
	channel_attach(&reader, game->region, game->size, PROTOCOL, game->element_size);
	for (unsigned i = 0; i < 3 * writer.elements + 1 && i < 200; i++) {
		memset(game->element, (int)i, game->element_size);
		channel_write(&writer, game->element);
		memset(game->element, 0x55, game->element_size);
		demand(channel_read(&reader, game->element) == CHANNEL_READ, "reading");
		for (uint64_t k = 0; k < game->element_size; k++)
			demand(game->element[k] == (uint8_t)i, "what was written is read");
	}
	demand(channel_read(&reader, game->element) == CHANNEL_EMPTY, "the end");
	demand(reader.lost == 0, "no loss");
	game->open = false;
}

static void step(struct game *game, struct input *input)
{
	switch (take(input, 1) % 8) {
	case 0:
		game->open = !channel_open(&game->writer, game->region, game->size, PROTOCOL,
					   game->element_size, ++game->epoch);
		break;
	case 1:
		write_many(game, (unsigned)take(input, 1));
		break;
	case 2:
		if (game->open)
			channel_restart(&game->writer, ++game->epoch);
		break;
	case 3:
		if (game->open)
			channel_close(&game->writer);
		break;
	case 4:
		lie(game, input);
		break;
	case 5:
		channel_attach(&game->reader, game->region, game->size, PROTOCOL,
			       game->element_size);
		break;
	case 6:
		play_fairly(game);
		break;
	default:
		read_once(game);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct game game = { 0 };

	game.size = CHANNEL_DATA + take(&input, 2) % 4096;
	game.element_size = take(&input, 1);
	game.region = calloc(1, game.size);
	game.element = calloc(1, game.element_size);
	if (!game.region || !game.element)
		abort();
	channel_attach(&game.reader, game.region, game.size, PROTOCOL, game.element_size);
	while (input.size)
		step(&game, &input);
	free(game.region);
	free(game.element);
	return 0;
}
