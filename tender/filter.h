/* The list of system calls that a process may still make, down to their arguments.
 *
 * Everything else is trapped before it happens: a handler names the call on stderr and ends the
 * process with EXIT_SANDBOX. (With libseccomp's KILL_PROCESS the kernel would end it without a
 * word; a trapped call is refused just the same, whatever becomes of the handler, and changing
 * the handler is itself not allowed. What the handler could not name, calls of another
 * architecture, is killed.)
 */
#ifndef TENDER_FILTER_H
#define TENDER_FILTER_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct filter;

/* `who` begins the message of a violation: "the sandbox". Fails with ERR_MISSING. */
struct filter *filter_new(const char *who, struct error *err);

/* Each permits one more kind of call; failures are remembered and reported by filter_load().
 * `call` is a __NR_ number. */
void filter_allow(struct filter *filter, int call);
/* ... with the descriptor as its first argument */
void filter_allow_fd(struct filter *filter, int call, int fd);
/* ... with this descriptor and this command: ioctl(), fcntl() */
void filter_allow_command(struct filter *filter, int call, int fd, unsigned long command);
/* ... where argument number `index` (from 0) has exactly `value` in the bits of `mask` */
void filter_allow_masked(struct filter *filter, int call, unsigned index, uint64_t mask,
			 uint64_t value);
/* openat(): below `folder`, new files only, never one that is there */
void filter_allow_creation(struct filter *filter, int folder, int flags);

/* Memory for malloc(), never executable; ending; time. What every process needs. */
void filter_allow_basics(struct filter *filter);

/* Puts the filter in force for all threads, forever. */
int filter_load(struct filter *filter, struct error *err);

void filter_free(struct filter *filter);

#endif
