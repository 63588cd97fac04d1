#include "image/standin/console.h"
#include "image/standin/subject.h"

#define FAULT_WRITE 2u
#define FAULT_FETCH 16u

#define REPORTS_MAX 16 /* a unikernel may probe its memory, or loop */

/* An access so close behind a region may have been meant for it. Bytes. */
#define NEAR 0x1000000u

static const struct standin_handover *handover;
static const struct standin_subject *subject;
static unsigned reports;

void fault_report_begin(const struct standin_handover *of_handover,
			const struct standin_subject *of_subject)
{
	handover = of_handover;
	subject = of_subject;
	reports = 0;
}

/* The region that has the address, or NULL; *below the last one before it. */
static const struct standin_region *find(uint64_t address, const struct standin_region **below)
{
	const struct standin_region *regions = standin_regions(handover, subject);

	*below = NULL;
	for (uint32_t i = 0; i < subject->region_count && regions[i].address <= address; i++) {
		if (address - regions[i].address < regions[i].size)
			return &regions[i];
		*below = &regions[i];
	}
	return NULL;
}

static const char *access_of(uint64_t error_code)
{
	return error_code & FAULT_FETCH	  ? "executed"
	       : error_code & FAULT_WRITE ? "wrote to"
					  : "read";
}

static const char *rights_of(const struct standin_region *region)
{
	if (region->access & STANDIN_EXECUTABLE)
		return region->access & STANDIN_WRITABLE ? "writable and executable"
							 : "read-only and executable";
	return region->access & STANDIN_WRITABLE ? "writable, not executable" : "read-only";
}

void fault_report(uint64_t address, uint64_t error_code, uint64_t rip)
{
	const char *name = standin_text(handover, subject->name), *access = access_of(error_code);
	const struct standin_region *region, *below;

	if (reports > REPORTS_MAX)
		return;
	if (reports++ == REPORTS_MAX) {
		say("%s: its further page faults are not told", name);
		return;
	}
	region = find(address, &below);
	if (region)
		say("%s %s 0x%lx in '%s', %s (%s), at rip 0x%lx", name, access, address,
		    standin_text(handover, region->name), rights_of(region),
		    standin_text(handover, region->origin), rip);
	else if (below && address - below->address - below->size < NEAR)
		say("%s %s 0x%lx, where nothing is, %lu bytes behind the end of '%s' (%s), at rip "
		    "0x%lx",
		    name, access, address, address - below->address - below->size,
		    standin_text(handover, below->name), standin_text(handover, below->origin),
		    rip);
	else
		say("%s %s 0x%lx, where nothing is, at rip 0x%lx", name, access, address, rip);
}
