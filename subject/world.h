/* A Muen subject's world: everything that a Solo5 unikernel finds in its address space, as
 * plain data. Whoever runs a subject, the tender in KVM or the stand-in kernel on a machine,
 * makes its memory from this and from nothing else.
 *
 * Made from a component alone (world_from_component()), as the built-in policy would lay it out;
 * from a policy (policy/world_xml.h); or from the text that one program hands to another
 * (world_text.h).
 */
#ifndef SUBJECT_WORLD_H
#define SUBJECT_WORLD_H

#include "gencspec/component.h"

/* What a region is for. */
enum world_role {
	WORLD_BINARY,	   /* part of the unikernel's image; what it is reset from is MEMORY */
	WORLD_RAM,	   /* memory behind the image: heap and stack */
	WORLD_BOOT_INFO,   /* see subject_info.h */
	WORLD_SINFO,	   /* see subject_info.h */
	WORLD_SCHEDULE,	   /* scheduling info, see clock_pages.h */
	WORLD_TIMED_EVENT, /* Solo5 does not use it */
	WORLD_TIME_INFO,   /* see clock_pages.h */
	WORLD_DEBUG_LOG,   /* the console's channel, see channel.h */
	WORLD_CHANNEL,	   /* any other channel: NAME|in, NAME|out */
	WORLD_CONTROL,	   /* lifecycle, for muinit: not used by Solo5 */
	WORLD_STATUS,	   /* the same */
	WORLD_MEMORY,	   /* another mapping that the policy gives the subject */
	WORLD_ROLES,
};

struct world_region {
	enum world_role role;
	char *name;	  /* logical, as the subject info announces it */
	uint64_t address; /* virtual, multiple of MUEN_PAGE */
	uint64_t size;	  /* bytes, > 0, multiple of MUEN_PAGE */
	bool writable;
	bool executable;
	enum region_content content; /* REGION_EMPTY: zeroes */
	uint8_t pattern;	     /* REGION_FILL */
	char *file;		     /* REGION_FILE: its path; NULL: the world's own `image` */
	uint64_t file_offset;	     /* REGION_FILE: bytes */
	char *physical; /* its name in the policy, by which two subjects share it, or NULL */
	int shared_fd;	/* memory that another process maps as well, or -1; borrowed */
	char *origin;	/* where that comes from, for people: "component_web.xml:61",
			 * "Solo5's muen bindings" */
};

struct subject_world {
	char *name;		      /* of the subject; at most MUEN_NAME_MAX bytes */
	char *unikernel;	      /* path of the unikernel's ELF file, or NULL */
	unsigned sinfo_revision;      /* 2..5: what the unikernel's code looks for */
	char *bootparams;	      /* "" for none; at most BOOT_PARAMETERS_MAX bytes */
	uint64_t entry;		      /* RIP */
	uint64_t stack;		      /* RSP */
	uint64_t boot_info;	      /* RDI: the address of the boot info page */
	int exit_event;		      /* number of the event `solo5_exit`, which the unikernel
				       * causes by VMCALL at its end; -1: none. Whoever cannot take
				       * a VMCALL sets -1: the unikernel then ends with HLT. */
	struct world_region *regions; /* ascending by address, without overlap */
	size_t count;
};

struct subject_world *world_new(void);
void world_free(struct subject_world *world);
DEFINE_CLEANUP(struct subject_world *, world_free)
#define cleanup_world cleanup_with(world_freep)

/* Adds a region with role, name, address, size and access; its content is REGION_EMPTY, its
 * origin a copy. Valid until the next one is added. world_settle() must follow. */
struct world_region *world_add(struct subject_world *world, enum world_role role, const char *name,
			       uint64_t address, uint64_t size, bool writable, bool executable,
			       const char *origin);

/* Sorts the regions and checks everything that whoever runs the subject relies on: page
 * multiples, below MUEN_ADDRESS_END, no overlap (both sides are named with their origins), at most
 * WORLD_REGIONS_MAX regions and WORLD_MEMORY_MAX bytes, entry inside an executable region, stack
 * and boot info inside regions; exactly one each of SINFO, SCHEDULE, TIME_INFO, DEBUG_LOG and
 * BOOT_INFO, where (SINFO, SCHEDULE) and as what (time_info, debuglog) Solo5's bindings look for
 * them, and writable only if they are written; boot parameters that fit; names of 1 to
 * MUEN_NAME_MAX bytes, no two alike; RAM writable and without a gap behind the image, as the
 * bindings' heap needs. Fails with ERR_INPUT. */
int world_settle(struct subject_world *world, struct error *err);

#define WORLD_REGIONS_MAX 255	      /* resources that the subject info has room for */
#define WORLD_MEMORY_MAX (1ull << 40) /* bytes of all regions */

/* The region that has the address, or NULL. */
const struct world_region *world_region_at(const struct subject_world *world, uint64_t address);
/* The first region with that role, or NULL. */
const struct world_region *world_region_of(const struct subject_world *world, enum world_role role);
const struct world_region *world_region_named(const struct subject_world *world, const char *name);

/* "binary", "ram", "boot_info", ...: as world_text.h writes it. */
const char *world_role_name(enum world_role role);

/* Where RAM ends: what boot info calls mem_size. */
uint64_t world_memory_end(const struct subject_world *world);
/* The address behind the image's highest region. */
uint64_t world_binary_end(const struct subject_world *world);

/* What belongs to a world beyond its component. */
struct world_options {
	const char *name;	   /* of the subject */
	const char *unikernel;	   /* path of its ELF file, or NULL */
	unsigned sinfo_revision;   /* 2..5 */
	uint64_t log_channel_size; /* bytes */
	const char *origin;	   /* of what the component asks for: "the unikernel" or a file */
};

/* The world of a component's subject in the built-in policy: the component's regions and channels
 * (those without an address behind the last that has one), and what Muen adds. Regions that come
 * from the file which has the entry point are of the world's own image. A component that Muen
 * restarts (depends on muinit) is entered at the begin of its text, as muinit does it, and has the
 * event `solo5_exit`. Fails as world_settle() does. */
struct subject_world *world_from_component(const struct component *component,
					   const struct world_options *options, struct error *err);

#endif
