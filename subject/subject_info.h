/* The subject info page (sinfo): how a unikernel finds out what it has.
 *
 * Source: Muen's musinfo, revisions 02 to 05; shared between all who run subjects.
 */
#ifndef SUBJECT_SUBJECT_INFO_H
#define SUBJECT_SUBJECT_INFO_H

#include "subject/world.h"

/* Writes the subject's info, of the revision that the world asks for, to MUEN_SINFO_SIZE bytes
 * at `page`, which need not be zeroed. The resources are the world's regions, and the event
 * `solo5_exit` if there is one. `tsc_khz` is the frequency of the time stamp counter, 0 if not
 * known. */
void subject_info_write(const struct subject_world *world, uint32_t tsc_khz, unsigned char *page);

/* Solo5's boot info page, as mugensolo5 makes it: header, boot parameters. MUEN_PAGE bytes. */
void boot_info_write(const struct subject_world *world, unsigned char *page);

#endif
