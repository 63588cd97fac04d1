/* The subjects of the built-in system. Inside policy.
 *
 * Logical names are those that Muen's own component specifications ask for (sm, sl, time,
 * dbgserver, linux, libmutime, libmudebuglog, libmucontrol) or that their code looks up in the
 * subject info. */
#ifndef POLICY_SUBJECTS_H
#define POLICY_SUBJECTS_H

#include "policy/compose.h"

#define SUBJECT_TIME "time"
#define SUBJECT_DEBUG_SERVER "dbgserver"
#define SUBJECT_LINUX "nic_linux"
#define SUBJECT_LINUX_MONITOR "nic_sm"
#define SUBJECT_LINUX_LOADER "nic_sl"

#define PARTITION_SERVICE "service"

#define CHANNEL_CLOCK "clock"
#define EVENT_PANIC "panic"

void add_time_server(struct system *system);
void add_unikernel(struct system *system, const struct component *component);
void add_linux(struct system *system, const struct recipe *recipe);

/* Comes last: it reads every log channel that the system has by then. */
void add_debug_server(struct system *system, const struct recipe *recipe);

#endif
