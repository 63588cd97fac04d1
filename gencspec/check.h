/* What cannot become a component of Muen: options, names, unikernels. Inside gencspec. */
#ifndef GENCSPEC_CHECK_H
#define GENCSPEC_CHECK_H

#include "gencspec/convert.h"

/* Whether the options can be at all. Fails with ERR_USAGE. */
int check_options(const struct conversion_options *options, struct error *err);

/* Whether a component can have the name, with what is added to it. Fails with ERR_USAGE. */
int check_component_name(const char *name, struct error *err);

/* Whether the unikernel can work on Muen as the options ask. ERR_INPUT; findings that are no errors
 * are added. */
int check_unikernel(const struct unikernel *unikernel, const struct conversion_options *options,
		    struct findings *findings, struct error *err);

/* Whether muinit, if the component has it, would find the code that it is to start. ERR_INPUT. */
int check_restart_region(const struct component *component, const struct elf *elf,
			 struct error *err);

#endif
