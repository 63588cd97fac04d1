/* The hostile guest: a table of cases, each of which does one thing that no honest guest does. Its
 * argument names the case, GROUP/CASE. hostile.c and hostile-cpu.c serve both targets; -muen and
 * -regions are muen's parts, the others hvt's. */
#ifndef TESTS_GUESTS_HOSTILE_H
#define TESTS_GUESTS_HOSTILE_H

#include "tests/guests/lib/guest.h"

struct hostile_case {
	const char *name;
	uint64_t a, b; /* as the group's function takes them */
};

struct hostile_group {
	const char *name;
	const struct hostile_case *cases;
	size_t count;
	void (*attempt)(const struct hostile_group *group, const struct hostile_case *what);
	unsigned number; /* the hypercall, where the group is about one */
};

/* An initialiser: the group's name, its array of cases, its function, its number. */
#define HOSTILE_GROUP(title, array, function, hypercall)                                           \
	{                                                                                          \
		.name = (title), .cases = (array), .count = sizeof(array) / sizeof((array)[0]),    \
		.attempt = (function), .number = (hypercall)                                       \
	}

struct hostile_part {
	const struct hostile_group *groups;
	size_t count;
};

#define HOSTILE_PART(array)                                                                        \
	{                                                                                          \
		.groups = (array), .count = sizeof(array) / sizeof((array)[0])                     \
	}

/* The target's parts; ends with NULL. */
extern const struct hostile_part *const hostile_parts[];

extern const struct hostile_part hostile_cpu;
extern const struct hostile_part hostile_regions; /* muen */

#endif
