/* A list of things worth telling the user about an input: what a room saw that is
 * not (yet) a reason to stop. Rooms collect, the command prints.
 *
 * Zero-initialise it; release it with findings_free().
 */
#ifndef BASE_FINDINGS_H
#define BASE_FINDINGS_H

#include "base/cleanup.h"

#include <stddef.h>

enum severity {
	FINDING_NOTE,	 /* good to know */
	FINDING_WARNING, /* works, but probably not as meant */
	FINDING_ERROR,	 /* will not work */
};

struct finding {
	enum severity severity;
	char *text; /* what was found on which object */
	char *mend; /* what to do about it; may be empty, never NULL */
};

struct findings {
	struct finding *list;
	size_t count;
};

/* Adds a finding; `mend` may be "" and is copied as it is. */
void findings_add(struct findings *findings, enum severity severity, const char *mend,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The name of a severity as reports write it: "note", "warning", "error". */
const char *severity_name(enum severity severity);

/* The number of findings of exactly that severity. */
size_t findings_count(const struct findings *findings, enum severity severity);

void findings_free(struct findings *findings);

#define cleanup_findings cleanup_with(findings_free)

#endif
