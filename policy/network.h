/* How the unikernels' network devices are joined: to each other, or to Linux. Inside policy. */
#ifndef POLICY_NETWORK_H
#define POLICY_NETWORK_H

#include "policy/compose.h"

/* Whether any device is not joined to another unikernel's, so that Linux must serve it. */
bool network_needs_linux(const struct composition *composition);

/* Checks the links: ends that exist, each used once, of equal channel sizes. ERR_USAGE. */
int network_check_links(const struct composition *composition, struct error *err);

/* Adds the channels of every device, maps them into the unikernels, and gives Linux (which the
 * system has by then, if it is needed) the other ends. Fails with ERR_USAGE if Linux cannot take
 * that many. */
int network_join(struct system *system, const struct composition *composition,
		 struct findings *findings, struct error *err);

#endif
