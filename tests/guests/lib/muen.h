/* What the muen bindings offer beyond Solo5's interface: to their own parts and to guests that
 * look at the subject's environment directly. */
#ifndef TESTS_GUESTS_LIB_MUEN_H
#define TESTS_GUESTS_LIB_MUEN_H

#include "tests/guests/lib/muen-abi.h"
#include "tests/guests/lib/solo5.h"

/* The resource of that kind whose name is `name` followed by `suffix`, or NULL; NULL, too, if the
 * sinfo has another revision than this guest was built for. */
const struct sinfo_resource *muen_resource(const char *name, const char *suffix,
					   enum sinfo_kind kind);

/* The subject's name, or NULL. */
const struct sinfo_name *muen_subject_name(void);

/* The scheduling info's fields; 0 if the sinfo has another revision. */
uint64_t muen_schedule_start(void);
uint64_t muen_schedule_end(void);

/* The time info's base in nanoseconds, or 0. */
uint64_t muen_time_base(void);

/* The devices that have a frame. */
solo5_handle_set_t muen_net_ready(void);

#endif
