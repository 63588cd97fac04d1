#include "image/standin/handover.h"

#define PAGE 0x1000u

static bool inside(const struct standin_handover *handover, uint32_t offset, uint64_t count,
		   uint64_t element)
{
	return offset <= handover->size && offset % 8 == 0 &&
	       count * element <= handover->size - offset;
}

static bool is_memory(uint64_t address, uint64_t size)
{
	return address % PAGE == 0 && address > STANDIN_HANDOVER && address < STANDIN_MEMORY_END &&
	       size <= STANDIN_MEMORY_END - address;
}

static bool subject_is_good(const struct standin_handover *handover,
			    const struct standin_subject *subject)
{
	const struct standin_region *regions;

	if (!is_memory(subject->cr3, PAGE) || !is_memory(subject->schedule, PAGE) ||
	    !is_memory(subject->time_info, PAGE) || !is_memory(subject->log, subject->log_size) ||
	    !subject->log_size || subject->log_size % PAGE || subject->log_address % PAGE ||
	    subject->name >= handover->size ||
	    !inside(handover, subject->regions, subject->region_count,
		    sizeof(struct standin_region)))
		return false;
	regions = standin_regions(handover, subject);
	for (uint32_t i = 0; i < subject->region_count; i++)
		if (regions[i].name >= handover->size || regions[i].origin >= handover->size)
			return false;
	return true;
}

bool standin_handover_check(const struct standin_handover *handover, const char **what)
{
	const struct standin_subject *subjects;

	*what = "it is not one";
	if (handover->magic != STANDIN_MAGIC)
		return false;
	*what = "it is of another version";
	if (handover->version != STANDIN_VERSION)
		return false;
	*what = "its size is wrong";
	if (handover->size < sizeof(*handover) + 1 ||
	    handover->size > STANDIN_MEMORY_END - STANDIN_HANDOVER ||
	    ((const char *)handover)[handover->size - 1])
		return false;
	*what = "its list of subjects is wrong";
	if (!handover->subject_count || handover->subject_count > STANDIN_SUBJECTS_MAX ||
	    !inside(handover, handover->subjects, handover->subject_count, sizeof(*subjects)))
		return false;
	*what = "one of its subjects is wrong";
	subjects = standin_subjects(handover);
	for (uint32_t i = 0; i < handover->subject_count; i++)
		if (!subject_is_good(handover, &subjects[i]))
			return false;
	*what = "";
	return true;
}
