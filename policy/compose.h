/* Composes a system for the unikernels that are asked for, and no larger: each with its
 * monitor, a time server, a debug server; a Linux with the network card only if a
 * unikernel has a network device that is not joined to another unikernel.
 */
#ifndef POLICY_COMPOSE_H
#define POLICY_COMPOSE_H

#include "base/findings.h"
#include "policy/hardware.h"
#include "policy/system.h"
#include "recipes/recipe.h"

struct unikernel_request {
	const struct component *component; /* borrowed */
	const char *subject;		   /* the subject's name: the component's, except in a
					    * template of the user's */
	unsigned ticks;			   /* of its minor frame; 0: the recipe's */
	int cpu;			   /* -1: where there is room */
};

/* Joins two network devices directly: what one writes, the other reads. */
struct link_end {
	const char *unikernel; /* component name */
	const char *device;
};

struct link {
	struct link_end left, right;
};

struct composition {
	const struct recipe *recipe;
	const char *name; /* of the system */
	unsigned cpus;	  /* to use; 0: the recipe's */
	const struct unikernel_request *unikernels;
	size_t unikernel_count;
	const struct link *links;
	size_t link_count;
	const struct hardware *hardware; /* NULL: not known, so not checked */
};

/* Composes the system. Fails with ERR_USAGE or ERR_INPUT when a rule of Muen would be
 * broken, in the user's words: names that collide or get too long, RAM that does not fit the
 * hardware, more CPUs than there are, links between what cannot be linked, devices that are not
 * there. */
struct system *compose_system(const struct composition *composition, struct findings *findings,
			      struct error *err);

#endif
