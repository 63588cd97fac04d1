/* The timer that interrupts a subject: the local APIC's, which every 64-bit PC has. All other
 * interrupts are masked. */
#ifndef IMAGE_STANDIN_INTERRUPTS_H
#define IMAGE_STANDIN_INTERRUPTS_H

#include <stdint.h>

void interrupts_init(void);

/* Lets the timer count down from its maximum, without interrupts. */
void timer_count_begin(void);
/* How far it has come. */
uint32_t timer_counted(void);

/* VECTOR_TIMER comes each time that it has counted so far. */
void timer_start(uint32_t count);
void timer_stop(void);

/* For every interrupt that came. */
void interrupt_done(unsigned vector);

#endif
