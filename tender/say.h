/* The tender's own words while a guest runs: whole lines on stderr, which the guest's output
 * never goes to. Safe from any thread; needs no memory. */
#ifndef TENDER_SAY_H
#define TENDER_SAY_H

#include "base/error.h"

/* "muenbuild-hvt: <text>\n", in one write. A text that is too long is cut. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An error and its mend. */
void say_error(const struct error *err);

#endif
