/* What is expected of several subjects together: lines, answers, an end in time. */
#ifndef CLI_RUN_WATCH_H
#define CLI_RUN_WATCH_H

#include "cli/run_options.h"
#include "tender/options.h"
#include "tender/probe.h"
#include "tender/watch.h"

#include <jansson.h>

struct run_watch {
	struct watch watch;
	struct probe probes[OPTIONS_PROBES_MAX];
	size_t probe_count;
	uint64_t timeout;  /* ns, 0: none */
	uint64_t deadline; /* clock_monotonic(), 0: none */
	const char *json;  /* path of the report, or NULL */
};

/* Takes the words that are about all together. Fails with ERR_USAGE. */
int run_watch_begin(struct run_watch *watch, const struct run_options *options, struct error *err);
void run_watch_end(struct run_watch *watch);

/* Starts what asks the URLs, and the time. Fails with ERR_MISSING. */
int run_watch_start(struct run_watch *watch, struct error *err);

/* Milliseconds that are left, 0 if none are, -1 without a limit. */
int run_watch_left(const struct run_watch *watch);

/* Whether there is something that has not been seen; whether all there was has been. */
bool run_watch_unmet(struct run_watch *watch);
bool run_watch_met(struct run_watch *watch);

/* Whether a run that reaches its time limit has passed: there are only --reject. */
bool run_watch_passes_at_timeout(const struct run_watch *watch);

/* Tells on stderr what was seen and what was not. */
void run_watch_tell(struct run_watch *watch);

/* The same for the report. */
json_t *run_watch_report(struct run_watch *watch);

#endif
