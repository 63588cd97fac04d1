/* The time: how fast the time stamp counter and the timer are, and what the subjects' clock pages
 * say. */
#ifndef IMAGE_STANDIN_CLOCK_H
#define IMAGE_STANDIN_CLOCK_H

#include "subject/clock_pages.h"

#define CLOCK_FRAMES 1000u /* minor frames in a second: how often the subjects' time advances */

/* Measures them and asks the machine's clock. Takes some 100 ms. */
void clock_init(void);

/* Counts of the timer in a minor frame. */
uint32_t clock_frame_count(void);

/* Time goes on: never back, never 0. */
void clock_advance(struct schedule_info *schedule);
void clock_publish(struct time_info *info);

#endif
