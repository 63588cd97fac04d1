#include "image/standin/rtc.h"

#include "image/standin/machine.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

enum { SECOND = 0, MINUTE = 2, HOUR = 4, DAY = 7, MONTH = 8, YEAR = 9, STATUS_A = 10, STATUS_B };

#define UPDATING 0x80 /* STATUS_A */

#define ATTEMPTS 5
#define PATIENCE                                                                                   \
	20000000u    /* reads of the chip: each takes a microsecond on a PC, less elsewhere        \
		      */
#define NOTHING 0xff /* what a register of no chip says */

static uint8_t cmos(unsigned number)
{
	cpu_out8(CMOS_INDEX, (uint8_t)(0x80 | number)); /* 0x80: NMIs stay off */
	return cpu_in8(CMOS_DATA);
}

bool rtc_wait_second(void)
{
	uint8_t before = cmos(SECOND);

	if (before == NOTHING)
		return false;
	for (unsigned left = PATIENCE; left; left--)
		if (cmos(SECOND) != before)
			return true;
	return false;
}

static bool read_registers(struct rtc_registers *registers)
{
	unsigned left = PATIENCE;

	if (cmos(STATUS_A) == NOTHING)
		return false;
	while (cmos(STATUS_A) & UPDATING)
		if (!--left)
			return false;
	*registers = (struct rtc_registers){
		.second = cmos(SECOND),
		.minute = cmos(MINUTE),
		.hour = cmos(HOUR),
		.day = cmos(DAY),
		.month = cmos(MONTH),
		.year = cmos(YEAR),
		.status = cmos(STATUS_B),
	};
	return true;
}

/* An update in the middle would show: read until it says the same twice. */
bool rtc_read(uint64_t *seconds)
{
	struct rtc_registers registers;
	uint64_t before = 0;

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		if (!read_registers(&registers) || !rtc_seconds(&registers, seconds))
			return false;
		if (i && *seconds == before)
			return true;
		before = *seconds;
	}
	return true;
}
