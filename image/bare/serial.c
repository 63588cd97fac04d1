#include "image/bare/serial.h"

#include "image/bare/instructions.h"

#include <stdbool.h>

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
#define STATUS_SENT 0x40  /* and has sent all before it */
#define DIVISOR_115200 1

/* Reads of the status before a port counts as dead: each takes about a microsecond on a PC, and a
 * byte 90 of them to go out. So many, because who reads the line of an emulated one may pause. */
#define PATIENCE 50000000u

static bool there;

void serial_open(void)
{
	cpu_out8(SCRATCH, 0x5a);
	there = cpu_in8(SCRATCH) == 0x5a;
	cpu_out8(SCRATCH, 0xa5);
	there = there && cpu_in8(SCRATCH) == 0xa5;
	if (!there)
		return;
	cpu_out8(INTERRUPTS, 0);
	cpu_out8(LINE, LINE_DIVISOR);
	cpu_out8(DATA, DIVISOR_115200);
	cpu_out8(INTERRUPTS, 0); /* the divisor's high byte */
	cpu_out8(LINE, LINE_8N1);
	cpu_out8(FIFO, 0x07); /* on, emptied */
	cpu_out8(MODEM, MODEM_READY);
}

/* Whether the port got there; one that does not is given up. */
static bool wait_for(uint8_t status)
{
	unsigned left = PATIENCE;

	while (there && !(cpu_in8(LINE_STATUS) & status))
		there = --left != 0;
	return there;
}

void serial_put(char character)
{
	if (wait_for(STATUS_EMPTY))
		cpu_out8(DATA, (uint8_t)character);
}

void serial_drain(void)
{
	wait_for(STATUS_SENT);
}
