/* A Muen system policy in source form, as plain data: what system_document() writes.
 *
 * Only what the built-in system needs; the names are those of Muen's policy schema.
 * Everything belongs to the system: texts are made with system_text() and live as long as it does.
 */
#ifndef POLICY_SYSTEM_H
#define POLICY_SYSTEM_H

#include "gencspec/component.h"

/* A physical memory region that the policy declares itself. */
struct memory {
	const char *name;
	uint64_t size;	  /* bytes, multiple of MUEN_PAGE */
	uint64_t address; /* physical; 0: Muen chooses */
	const char *caching;
	const char *type; /* NULL: Muen's default "subject" */
	enum region_content content;
	uint8_t pattern;     /* REGION_FILL */
	const char *file;    /* REGION_FILE */
	bool changes;	     /* written while it runs: Muen must not hash its content */
	const char *subject; /* the unikernel that it is there for, or NULL */
};

struct event {
	const char *name;
	const char *mode;    /* switch, self, async, asap, kernel */
	const char *subject; /* the unikernel that it is there for, or NULL */
};

struct channel {
	const char *name;
	uint64_t size;
	bool log;	     /* a debug log: its size is the variable logchannel_size */
	const char *subject; /* the unikernel that it is there for, or NULL */
};

/* Who may send (source) or receives (target) an event, inside a subject. */
struct event_end {
	const char *group;    /* source: "vmx_exit" or "vmcall"; target: NULL */
	int id;		      /* -1: none given (targets get the lowest free one) */
	bool all_others;      /* source: the default of the group: everything without an entry */
	const char *logical;  /* NULL only with all_others */
	const char *physical; /* name of the event */
	const char *action;   /* element of the action, or NULL */
	int vector;	      /* of inject_interrupt, else -1 */
};

struct monitored {
	const char *kind; /* "state" or "loader" */
	const char *subject;
	const char *logical;
	uint64_t address;
};

struct memory_mapping {
	const char *logical, *physical;
	uint64_t address;
};

struct channel_end {
	bool writer;
	const char *logical, *physical;
	uint64_t address;
};

/* Gives a resource that the component asks for. */
struct resource_map {
	const char *logical, *physical;
	const char *part_logical, *part_physical; /* of a device, or NULL */
};

struct device_reference {
	const char *logical, *physical;
};

struct subject {
	const char *name;
	const char *component;
	const char *unikernel;	/* the unikernel's name, if this is one or its monitor */
	const char *bootparams; /* NULL: none */
	bool sleeps;		/* HLT exits, so that the subject can sleep */
	struct memory_mapping *memory;
	size_t memory_count;
	struct device_reference *devices;
	size_t device_count;
	struct event_end *sources;
	size_t source_count;
	struct event_end *targets;
	size_t target_count;
	struct channel_end *channels;
	size_t channel_count;
	struct monitored *monitored;
	size_t monitored_count;
	struct resource_map *maps;
	size_t map_count;
};

/* Subjects that are scheduled together: each group is connected by switch events. */
struct scheduling_group {
	const char *subjects[3];
	size_t count;
};

struct partition {
	const char *name;
	struct scheduling_group groups[2];
	size_t group_count;
	unsigned cpu;
	unsigned ticks; /* of its minor frame */
};

struct device_domain {
	const char *name;		/* NULL: there is none */
	const char *subject;		/* whose memory its devices may reach */
	const char *logical, *physical; /* the device */
};

struct system {
	const char *name;
	uint64_t log_channel_size;
	struct memory *memory;
	size_t memory_count;
	struct device_domain domain;
	struct event *events;
	size_t event_count;
	struct channel *channels;
	size_t channel_count;
	const struct component **components; /* borrowed */
	size_t component_count;
	struct subject *subjects;
	size_t subject_count;
	unsigned tick_rate; /* ticks per second */
	unsigned cpu_count;
	struct partition *partitions;
	size_t partition_count;
	char **texts; /* what system_text() made */
	size_t text_count;
};

struct system *system_new(void);
void system_free(struct system *system);
DEFINE_CLEANUP(struct system *, system_free)
#define cleanup_system cleanup_with(system_freep)

const char *system_text(struct system *system, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Each appends a zeroed element and returns it; valid until the next of its kind is added. */
struct memory *system_add_memory(struct system *system);
struct subject *system_add_subject(struct system *system, const char *name, const char *component);
struct partition *system_add_partition(struct system *system, const char *name);
void system_add_event(struct system *system, const char *name, const char *mode,
		      const char *subject);
void system_add_channel(struct system *system, const char *name, uint64_t size, bool log,
			const char *subject);

void subject_map(struct subject *subject, const char *logical, const char *physical);
struct resource_map *subject_map_device(struct subject *subject, const char *logical,
					const char *physical);
void subject_add_source(struct subject *subject, struct event_end end);
void subject_add_target(struct subject *subject, struct event_end end);
void subject_add_monitored(struct subject *subject, struct monitored monitored);
void subject_add_memory(struct subject *subject, struct memory_mapping mapping);
void subject_add_device(struct subject *subject, struct device_reference device);
void subject_add_channel(struct subject *subject, struct channel_end end);

struct subject *system_subject(const struct system *system, const char *name);

#endif
