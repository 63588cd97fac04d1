/* What a unikernel adds to its component: image, RAM, channels, registers, libraries. Plain data,
 * without XML; convert.c writes it into the specification. Inside gencspec.
 */
#ifndef GENCSPEC_COMPONENT_PLAN_H
#define GENCSPEC_COMPONENT_PLAN_H

#include "gencspec/convert.h"

/* Adds it all to `component`, which has its name and what the source specification provides, and
 * sets what the options say; without options->source, the boot info page is added, too. Fails with
 * ERR_INPUT. */
int component_plan(struct component *component, const struct unikernel *unikernel,
		   const struct conversion_options *options, struct error *err);

#endif
