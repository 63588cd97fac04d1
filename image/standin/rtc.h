/* The clock that a PC's battery keeps going. */
#ifndef IMAGE_STANDIN_RTC_H
#define IMAGE_STANDIN_RTC_H

#include <stdbool.h>
#include <stdint.h>

/* Waits until its next second begins. False if it stands still. */
bool rtc_wait_second(void);

/* Seconds since 1970, taking it for UTC. False if there is none. */
bool rtc_read(uint64_t *seconds);

/* What its registers say, as seconds since 1970; `status` is register B, which says how they count.
 * False if that is no time. */
struct rtc_registers {
	uint8_t second, minute, hour, day, month, year, status;
};
bool rtc_seconds(const struct rtc_registers *registers, uint64_t *seconds);

#endif
