/* The MAC address that Solo5's muen bindings give a network device: nobody configures it, they
 * make it of the subject's name and of what the clock pages say when the device is acquired. So
 * whoever answers the clock determines it. */
#ifndef TENDER_MUEN_MAC_H
#define TENDER_MUEN_MAC_H

#include <stdbool.h>
#include <stdint.h>

#define MUEN_MAC_LENGTH 6

/* What the bindings read. */
struct muen_mac_clock {
	uint64_t start, end; /* struct schedule_info */
	uint64_t base;	     /* time_info.base */
};

/* The address of the device that is acquired as number `number` (the first is 0) by the subject of
 * that name. */
void muen_mac_of(const struct muen_mac_clock *clock, const char *name, unsigned number,
		 uint8_t mac[static MUEN_MAC_LENGTH]);

/* Whether such an address can be asked for: the bindings only make those of one station that are
 * locally administered (x2, x6, xa, xe in the first byte). */
bool muen_mac_is_possible(const uint8_t mac[static MUEN_MAC_LENGTH]);

/* Sets clock->end so that the address becomes `mac`; false if it cannot. It can for the first three
 * devices, if the lower 16 bits of clock->start are zero. */
bool muen_mac_choose(struct muen_mac_clock *clock, const char *name, unsigned number,
		     const uint8_t mac[static MUEN_MAC_LENGTH]);

#endif
