/* The machine that a policy is for, as its hardware and platform descriptions say: what is
 * needed to tell early that a system cannot work on it.
 */
#ifndef POLICY_HARDWARE_H
#define POLICY_HARDWARE_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_block {
	uint64_t address; /* physical */
	uint64_t size;	  /* bytes */
};

/* A device or an alias of one, and the resources that it has. */
struct hardware_device {
	char *name;
	char **resources; /* names of its memory, I/O ports, interrupts */
	size_t resource_count;
};

struct hardware {
	char *description;	     /* the hardware file's path */
	unsigned cpus;		     /* logical CPUs that Muen may use */
	struct memory_block *blocks; /* allocatable RAM, by ascending address */
	size_t block_count;
	struct hardware_device *devices; /* physical devices, then aliases and classes */
	size_t device_count;
};

/* Reads the descriptions: paths of files; `additional` and `platform` may be NULL. Fails with
 * ERR_NO_INPUT or ERR_INPUT "FILE:LINE: ...". */
struct hardware *hardware_read(const char *hardware, const char *additional, const char *platform,
			       struct error *err);
void hardware_free(struct hardware *hardware);
DEFINE_CLEANUP(struct hardware *, hardware_free)
#define cleanup_hardware cleanup_with(hardware_freep)

/* The device or alias of that name, or NULL; whether it has such a resource. */
const struct hardware_device *hardware_device(const struct hardware *hardware, const char *name);
bool hardware_device_has(const struct hardware_device *device, const char *resource);

#endif
