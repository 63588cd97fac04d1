/* What the hvt bindings offer beyond Solo5's interface: to their own parts and to guests that
 * talk to the tender directly. */
#ifndef TESTS_GUESTS_LIB_HVT_H
#define TESTS_GUESTS_LIB_HVT_H

#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/hvt-abi.h"

/* Passes a hypercall structure to the tender, by the low half of its address. */
static inline void hvt_hypercall(enum hvt_hypercall number, uint64_t address)
{
	cpu_out32((uint16_t)(HVT_PORT + number), (uint32_t)address);
}

#define hvt_call(number, structure) hvt_hypercall(number, (uintptr_t)(structure))

/* The network ring, or NULL if the tender offers none. */
volatile struct hvt_ring *hvt_ring(void);

#endif
