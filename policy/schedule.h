/* The scheduling plan: one major frame, each partition on one CPU. Inside policy. */
#ifndef POLICY_SCHEDULE_H
#define POLICY_SCHEDULE_H

#include "policy/compose.h"

/* Makes the partitions for the subjects that the system has by now and places them on CPUs. Fails
 * with ERR_USAGE when a CPU is asked for that is not there or would stay empty. */
int schedule_system(struct system *system, const struct composition *composition,
		    struct error *err);

#endif
