/* The subject's address space: what lies where, and what must not overlap. */
#ifndef GENCSPEC_LAYOUT_H
#define GENCSPEC_LAYOUT_H

#include "gencspec/component.h"

/* Checks that no two of the component's regions and channels overlap each other or the places
 * that Muen uses itself in every subject. Fails with ERR_INPUT, naming both sides and the mend. */
int layout_check(const struct component *component, uint64_t log_channel_size, struct error *err);

#endif
