/* Why and when to stop: signals, the time limit, and news of helper processes, brought to the
 * thread that runs the guest wherever it is: inside the guest, waiting, or writing.
 */
#ifndef TENDER_STOP_H
#define TENDER_STOP_H

#include "base/error.h"
#include "tender/vm/vm.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct stop {
	volatile sig_atomic_t requested; /* end the guest: signal or time limit */
	volatile sig_atomic_t signal;	 /* the number, 0: none came */
	volatile sig_atomic_t timed_out;
	volatile sig_atomic_t child;	/* a helper process ended */
	volatile sig_atomic_t debugger; /* something came from a debugger: SIGIO */
	volatile sig_atomic_t ticking;	/* the handler repeats itself */
	int wake_fd;			/* readable from the moment that something happened */
	struct vm *vm;			/* interrupted when something happens */
};

/* Takes over SIGINT, SIGTERM, SIGHUP (unless it is ignored), SIGQUIT, SIGALRM, SIGCHLD and SIGIO,
 * and ignores SIGPIPE. One
 * struct per process; it must outlive it. Fails with ERR_MISSING. */
int stop_install(struct stop *stop, struct error *err);

/* Begins the time limit: after that many nanoseconds `timed_out` and `requested` are set. */
void stop_after(uint64_t nanoseconds);

/* Brings the thread back from the guest every so many nanoseconds from now on, by the signal
 * STOP_HEARTBEAT, and from nothing else if that is blocked. Fails with ERR_MISSING. */
int stop_heartbeat(struct stop *stop, uint64_t nanoseconds, struct error *err);

#define STOP_HEARTBEAT SIGRTMIN

/* Whether a helper ended since the last call; quietens wake_fd unless a stop is requested. */
bool stop_child_news(struct stop *stop);

/* Whether something came from a debugger since the last call; quietens wake_fd likewise, unless
 * there is other news. */
bool stop_debugger_news(struct stop *stop);

#endif
