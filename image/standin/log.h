/* The debug log of the subject that runs: from its channel to the console. */
#ifndef IMAGE_STANDIN_LOG_H
#define IMAGE_STANDIN_LOG_H

#include "image/standin/handover.h"

/* `prefix` begins each line; "" for none. The subject's page tables must be in use. */
void log_attach(const struct standin_subject *subject, const char *prefix);

/* Shows what it has written since. */
void log_drain(void);

/* Whether a page fault of the subject at that address was the guard's; then the log was drained,
 * and the access can go on. */
bool log_guard_hit(uint64_t address);

/* Shows the rest; says if records were lost. */
void log_detach(const char *name);

/* The exit status, as far as the log told it. */
int log_exit_status(void);

#endif
