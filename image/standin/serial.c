#include "image/standin/console.h"
#include "image/standin/machine.h"

#define COM1 0x3f8
#define DATA (COM1 + 0)
#define INTERRUPTS (COM1 + 1)
#define FIFO (COM1 + 2)
#define LINE (COM1 + 3)
#define MODEM (COM1 + 4)
#define LINE_STATUS (COM1 + 5)
#define SCRATCH (COM1 + 7)

#define LINE_8N1 0x03
#define LINE_DIVISOR 0x80
#define MODEM_READY 0x03  /* DTR, RTS */
#define STATUS_EMPTY 0x20 /* the transmitter takes a byte */
#define DIVISOR_115200 1

/* Reads of the status before a port counts as dead: each takes about a microsecond on a PC, and a
 * byte 90 of them to go out. So many, because who reads the line of an emulated one may pause. */
#define PATIENCE 50000000u

static bool there;

void serial_init(void)
{
	out8(SCRATCH, 0x5a);
	there = in8(SCRATCH) == 0x5a;
	out8(SCRATCH, 0xa5);
	there = there && in8(SCRATCH) == 0xa5;
	if (!there)
		return;
	out8(INTERRUPTS, 0);
	out8(LINE, LINE_DIVISOR);
	out8(DATA, DIVISOR_115200);
	out8(INTERRUPTS, 0); /* the divisor's high byte */
	out8(LINE, LINE_8N1);
	out8(FIFO, 0x07); /* on, emptied */
	out8(MODEM, MODEM_READY);
}

void serial_put(char character)
{
	unsigned left = PATIENCE;

	if (!there)
		return;
	while (!(in8(LINE_STATUS) & STATUS_EMPTY)) {
		if (!--left) {
			there = false;
			return;
		}
	}
	out8(DATA, (uint8_t)character);
}
