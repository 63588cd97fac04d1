/* --http-check: does the unikernel answer? A helper process asks, again and again, until the
 * answer is 2xx or 3xx; so the process that runs the guest needs no sockets.
 */
#ifndef TENDER_PROBE_H
#define TENDER_PROBE_H

#include "base/error.h"
#include "tender/isolate.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the helper tells, in memory that both share. */
struct probe_news {
	bool answered;
	int status;	  /* of the last answer, 0: none came */
	char reason[192]; /* why the last attempt failed */
};

struct probe {
	const char *url;	 /* borrowed */
	char host[256], port[6]; /* an IPv6 address with its brackets */
	const char *path;	 /* in url; "" means "/" */
	volatile struct probe_news *news;
	uint64_t seen; /* clock_monotonic() when it was noticed, 0: not yet */
};

/* Takes the URL apart. Fails with ERR_USAGE on anything but http://HOST[:PORT][/PATH]. */
int probe_parse(struct probe *probe, const char *url, struct error *err);

/* Starts the helper, which sends SIGCHLD by ending once it has its answer. Must be called
 * before guest memory is there. The helper runs as `identity`. Fails with ERR_MISSING. */
int probe_start(struct probe *probe, const struct identity *identity, struct error *err);

/* Whether it has been answered; notes when. */
bool probe_answered(struct probe *probe);

/* Takes the status out of the first bytes of an HTTP answer; 0 if that is none. */
int probe_http_status(const char *answer, size_t length);

#endif
