#include "tender/gdb/packet.h"

#include "base/text.h"

#define CTRL_C 0x03
#define ESCAPE '}'
#define ESCAPE_FLIP 0x20

static const char hex_digits[] = "0123456789abcdef";

void gdb_add_hex(struct buffer *out, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;

	for (size_t i = 0; i < length; i++) {
		const char digits[2] = { hex_digits[next[i] >> 4], hex_digits[next[i] & 15] };

		buffer_add(out, digits, sizeof(digits));
	}
}

/* ---- in --------------------------------------------------------------------------- */

static enum gdb_event begin(struct gdb_decoder *decoder)
{
	decoder->state = GDB_CONTENTS;
	decoder->damaged = false;
	decoder->sum = 0;
	decoder->length = 0;
	return GDB_NOTHING;
}

static enum gdb_event between_packets(struct gdb_decoder *decoder, unsigned char byte)
{
	switch (byte) {
	case '$':
		return begin(decoder);
	case CTRL_C:
		return GDB_INTERRUPT;
	case '+':
		return GDB_ACK;
	case '-':
		return GDB_NAK;
	default:
		return GDB_NOTHING;
	}
}

static void keep(struct gdb_decoder *decoder, unsigned char byte)
{
	if (decoder->length == GDB_PACKET_MAX)
		decoder->damaged = true;
	else
		decoder->contents[decoder->length++] = (char)byte;
}

static enum gdb_event in_contents(struct gdb_decoder *decoder, unsigned char byte)
{
	/* A packet that was broken off: the sender begins anew. */
	if (byte == '$')
		return begin(decoder);
	if (byte == '#') {
		decoder->state = GDB_CHECKSUM_HIGH;
		return GDB_NOTHING;
	}
	decoder->sum += byte;
	if (byte == ESCAPE)
		decoder->state = GDB_ESCAPED;
	else
		keep(decoder, byte);
	return GDB_NOTHING;
}

static enum gdb_event at_checksum(struct gdb_decoder *decoder, unsigned char byte)
{
	int digit = text_hex_digit((char)byte);

	if (digit < 0)
		decoder->damaged = true;
	if (decoder->state == GDB_CHECKSUM_HIGH) {
		decoder->claimed = (unsigned char)((digit & 15) << 4);
		decoder->state = GDB_CHECKSUM_LOW;
		return GDB_NOTHING;
	}
	decoder->claimed |= (unsigned char)(digit & 15);
	decoder->state = GDB_BETWEEN;
	decoder->contents[decoder->length] = '\0';
	return decoder->damaged || decoder->claimed != decoder->sum ? GDB_DAMAGED : GDB_PACKET;
}

enum gdb_event gdb_decode(struct gdb_decoder *decoder, unsigned char byte)
{
	switch (decoder->state) {
	case GDB_CONTENTS:
		return in_contents(decoder, byte);
	case GDB_ESCAPED:
		decoder->sum += byte;
		keep(decoder, byte ^ ESCAPE_FLIP);
		decoder->state = GDB_CONTENTS;
		return GDB_NOTHING;
	case GDB_CHECKSUM_HIGH:
	case GDB_CHECKSUM_LOW:
		return at_checksum(decoder, byte);
	case GDB_BETWEEN:
	default:
		return between_packets(decoder, byte);
	}
}

/* ---- out -------------------------------------------------------------------------- */

void gdb_encode(struct buffer *out, const void *contents, size_t length)
{
	const unsigned char *next = contents;
	unsigned char sum = 0;

	buffer_add(out, "$", 1);
	for (size_t i = 0; i < length; i++) {
		unsigned char bytes[2] = { next[i] };
		size_t count = 1;

		/* '*' would begin a run length. */
		if (next[i] == '$' || next[i] == '#' || next[i] == ESCAPE || next[i] == '*') {
			bytes[0] = ESCAPE;
			bytes[1] = next[i] ^ ESCAPE_FLIP;
			count = 2;
		}
		for (size_t k = 0; k < count; k++)
			sum += bytes[k];
		buffer_add(out, bytes, count);
	}
	buffer_add(out, "#", 1);
	gdb_add_hex(out, &sum, 1);
}
