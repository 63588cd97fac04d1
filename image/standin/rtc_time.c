#include "image/standin/rtc.h"

#define STATUS_24_HOURS 2u
#define STATUS_BINARY 4u
#define HOUR_PM 0x80u

static unsigned number(const struct rtc_registers *registers, uint8_t value)
{
	return registers->status & STATUS_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

/* Days from 1970-01-01: years that begin in March have the leap day at their end. */
static uint64_t days(unsigned year, unsigned month, unsigned day)
{
	unsigned shifted = month > 2 ? month - 3 : month + 9;
	unsigned from = month > 2 ? year : year - 1;

	return from * 365ull + from / 4 - from / 100 + from / 400 + (shifted * 153 + 2) / 5 + day -
	       719469; /* the same of 1970-01-01 */
}

bool rtc_seconds(const struct rtc_registers *registers, uint64_t *seconds)
{
	unsigned hour = number(registers, registers->hour & (HOUR_PM - 1));
	unsigned minute = number(registers, registers->minute);
	unsigned second = number(registers, registers->second);
	unsigned day = number(registers, registers->day);
	unsigned month = number(registers, registers->month);
	unsigned year = number(registers, registers->year);

	if (!(registers->status & STATUS_24_HOURS)) {
		hour %= 12;
		if (registers->hour & HOUR_PM)
			hour += 12;
	}
	if (hour > 23 || minute > 59 || second > 60 || !day || day > 31 || !month || month > 12 ||
	    year > 99)
		return false;
	*seconds = days(2000 + year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return true;
}
