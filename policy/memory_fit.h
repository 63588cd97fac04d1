/* Whether a system's memory fits the machine, found out as Muen's allocator does. Inside policy. */
#ifndef POLICY_MEMORY_FIT_H
#define POLICY_MEMORY_FIT_H

#include "base/findings.h"
#include "policy/hardware.h"
#include "policy/system.h"

/* Places every region that Muen will place, in its order (by kind, then the largest first) at the
 * lowest address with room. Regions of components that are not known here (Muen's own) count as
 * large as they are in Muen's demo systems. A crash audit region that is not RAM is a finding.
 * Fails with ERR_INPUT, naming the region that finds no place. */
int check_memory_fits(const struct system *system, const struct hardware *hardware,
		      struct findings *findings, struct error *err);

#endif
