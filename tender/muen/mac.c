#include "tender/muen/mac.h"

#include <string.h>

#define GROUP 1u /* in the first byte: not one station */
#define LOCAL 2u /* locally administered */
#define MASK ((1ull << 8 * MUEN_MAC_LENGTH) - 1)

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
	bits %= 64;
	return bits ? value << bits | value >> (64 - bits) : value;
}

static uint64_t rotate_right(uint64_t value, unsigned bits)
{
	return rotate_left(value, 64 - bits % 64);
}

/* The first bytes of the name as a number, as the address's bytes are one. */
static uint64_t name_bits(const char *name)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < MUEN_MAC_LENGTH && name[i]; i++)
		bits |= (uint64_t)(unsigned char)name[i] << (8 * i);
	return bits;
}

void muen_mac_of(const struct muen_mac_clock *clock, const char *name, unsigned number,
		 uint8_t mac[static MUEN_MAC_LENGTH])
{
	uint64_t bits = (clock->start << 32 | clock->end) ^ clock->base * 1000;

	bits = (rotate_left(bits, number) + number) ^ name_bits(name);
	for (unsigned i = 0; i < MUEN_MAC_LENGTH; i++)
		mac[i] = (uint8_t)(bits >> (8 * i));
	mac[0] = (uint8_t)((mac[0] & ~GROUP) | LOCAL);
}

bool muen_mac_is_possible(const uint8_t mac[static MUEN_MAC_LENGTH])
{
	return (mac[0] & (GROUP | LOCAL)) == LOCAL;
}

bool muen_mac_choose(struct muen_mac_clock *clock, const char *name, unsigned number,
		     const uint8_t mac[static MUEN_MAC_LENGTH])
{
	const uint64_t mask = rotate_right(MASK, number);
	uint64_t wanted = 0, given = clock->start << 32;

	for (unsigned i = 0; i < MUEN_MAC_LENGTH; i++)
		wanted |= (uint64_t)mac[i] << (8 * i);
	wanted ^= name_bits(name);
	/* The bindings set the two lowest bits themselves: any will do. */
	for (uint64_t lowest = 0; lowest <= (GROUP | LOCAL); lowest++) {
		uint64_t bits = (wanted & ~(uint64_t)(GROUP | LOCAL)) | lowest;

		bits = (rotate_right(bits - number, number) ^ clock->base * 1000) & mask;
		/* Start and end are or-ed. */
		if (given & mask & ~bits)
			continue;
		clock->end = bits;
		return true;
	}
	return false;
}
