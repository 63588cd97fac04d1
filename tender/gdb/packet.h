/* Packets of the GDB remote serial protocol: "$contents#checksum", and the bytes between them.
 *
 * Source: Debugging with GDB, appendix E. Knows nothing of what is in a packet.
 */
#ifndef TENDER_GDB_PACKET_H
#define TENDER_GDB_PACKET_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

#define GDB_PACKET_MAX 16384 /* bytes of contents that are taken, as qSupported says */

enum gdb_event {
	GDB_NOTHING,
	GDB_PACKET,    /* `contents` has a whole one */
	GDB_DAMAGED,   /* one with a wrong checksum, or one that is too long */
	GDB_INTERRUPT, /* Ctrl-C */
	GDB_ACK,
	GDB_NAK,
};

/* What has come in of a packet. Zero-initialise. */
struct gdb_decoder {
	enum {
		GDB_BETWEEN, /* packets */
		GDB_CONTENTS,
		GDB_ESCAPED,
		GDB_CHECKSUM_HIGH,
		GDB_CHECKSUM_LOW,
	} state;
	bool damaged;
	unsigned char sum, claimed;
	size_t length;			   /* of contents, without escapes */
	char contents[GDB_PACKET_MAX + 1]; /* after GDB_PACKET with a NUL behind them */
};

/* Takes the next byte of the connection. */
enum gdb_event gdb_decode(struct gdb_decoder *decoder, unsigned char byte);

/* Adds a packet with these contents. */
void gdb_encode(struct buffer *out, const void *contents, size_t length);

/* Adds two digits for each byte. */
void gdb_add_hex(struct buffer *out, const void *bytes, size_t length);

#endif
