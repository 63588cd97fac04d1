/* What a Muen subject's fault was about, in terms of the policy. */
#ifndef TENDER_MUEN_FAULT_H
#define TENDER_MUEN_FAULT_H

#include "subject/world.h"
#include "tender/guest.h"

/* Writes a sentence on a page fault: "the guest wrote to 0x200010, in its region 'text'
 * (component_web.xml:23), which is read-only". */
void muen_explain_fault(const struct subject_world *world, const struct guest_trap *trap,
			char *text, size_t size);

/* The same if only the address is known: "the guest's last page fault was at 0x200010, in its
 * region 'text' (component_web.xml:23), which is read-only". */
void muen_explain_address(const struct subject_world *world, uint64_t address, char *text,
			  size_t size);

#endif
