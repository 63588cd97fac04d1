/* A Muen component: what a unikernel provides to and requests from the system that runs it.
 *
 * Made from a unikernel by gencspec_convert() or gencspec_plan(), or read from a component
 * specification by component_parse(). Plain data; `document` is the specification itself, in
 * canonical form.
 */
#ifndef GENCSPEC_COMPONENT_H
#define GENCSPEC_COMPONENT_H

#include "base/cleanup.h"
#include "base/error.h"
#include "solo5/muen_ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Muen's limit for every name, after all suffixes (types.xsd, nameType). */
#define MUEN_NAME_MAX 63

/* Solo5's boot info page: a header of 40 bytes, then the boot parameters and a NUL. */
#define BOOT_PARAMETERS_MAX (4096 - 40 - 1)

enum region_content {
	REGION_EMPTY, /* the kernel provides it; not initialised */
	REGION_FILL,  /* filled with a byte */
	REGION_FILE,  /* from a file */
};

/* Muen's types of memory (types.xsd) that gencspec gives. */
#define MEMORY_PLAIN "subject" /* what has no type */
#define MEMORY_BINARY "subject_binary"
#define MEMORY_BOOT_INFO "subject_solo5_boot_info"

struct component_region {
	char *logical; /* name inside the component */
	char *type;    /* MEMORY_... or another of Muen's types */
	uint64_t address;
	uint64_t size; /* bytes, multiple of MUEN_PAGE */
	bool writable;
	bool executable;
	enum region_content content;
	uint8_t pattern;      /* REGION_FILL */
	char *file;	      /* REGION_FILE: name of the file, without folder */
	uint64_t file_offset; /* REGION_FILE: bytes; 0 also for Muen's "none" */
};

struct component_channel {
	char *logical;
	bool writer; /* the component writes it */
	bool placed; /* whether `address` is given; if not, Muen chooses one */
	uint64_t address;
	uint64_t size; /* bytes, multiple of MUEN_PAGE */
};

struct component {
	char *name;
	bool resettable;
	char *bootparams; /* "" if there are none */
	uint64_t entry;	  /* RIP, RSP and RDI at the start; 0 if it does not say a number */
	uint64_t stack;
	uint64_t boot_info;
	struct component_region *regions;
	size_t region_count;
	struct component_channel *channels;
	size_t channel_count;
	char **libraries; /* that it depends on */
	size_t library_count;
	char *other;	/* the first resource that it asks for and that is none of `channels`, in
			 * words: "the device 'eth0'"; NULL if there is none */
	char *document; /* the specification as XML text; NULL if it was only planned */
};

/* Reads a component specification. `name` stands for the file in messages. Fails with ERR_INPUT
 * "NAME:LINE: ...". What was read lies below the end of a subject's address space, and no two
 * regions or channels have the same name. Release with component_free(). */
struct component *component_parse(const char *name, const char *text, size_t length,
				  struct error *err);
void component_free(struct component *component);
DEFINE_CLEANUP(struct component *, component_free)
#define cleanup_component cleanup_with(component_freep)

/* Each appends a zeroed element and returns it; valid until the next of its kind is added. */
struct component_region *component_add_region(struct component *component);
struct component_channel *component_add_channel(struct component *component);
void component_add_library(struct component *component, const char *name);

/* Whether it depends on the library. */
bool component_depends(const struct component *component, const char *library);

/* The region of that name, or NULL. */
const struct component_region *component_region_named(const struct component *component,
						      const char *logical);

/* A network device, seen through its two channels NAME|in and NAME|out. */
struct component_device {
	char name[MUEN_NAME_MAX + 1];
	const struct component_channel *in;  /* the component reads it */
	const struct component_channel *out; /* the component writes it */
};

/* Steps through the network devices in the order of their first channel: start with
 * *position = 0. Returns false at the end. A channel that is not part of such a pair is skipped;
 * see component_stray_channel(). */
bool component_next_device(const struct component *component, size_t *position,
			   struct component_device *device);

/* The first channel that is not one half of a device's pair, or NULL. */
const struct component_channel *component_stray_channel(const struct component *component);

#endif
