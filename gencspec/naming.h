/* Names of a component's regions, made from section names so that they fit Muen. Inside gencspec.
 */
#ifndef GENCSPEC_NAMING_H
#define GENCSPEC_NAMING_H

#include "solo5/elf.h"

#include <stdbool.h>

/* The names of the segment's sections joined by '+', or just "text" for the one that has
 * .text, as muinit looks it up. Owned by the caller; NULL if the segment has no sections. */
char *segment_name(const struct elf *elf, const struct elf_segment *segment);

/* The longest logical name that a region of the component may have, so that the physical name
 * "<subject>|<logical>" fits Muen's limit. A writable region with file content of a
 * resettable subject is restored from "<subject>|<logical>" to "<subject>|<logical>_<subject>",
 * which must fit too. 0 or less if there is no room at all. */
int region_name_room(const char *component, bool restored);

/* `name` + `suffix`, cut to `room` characters; a name that is cut ends in "..". Owned by the
 * caller. */
char *region_name_fit(const char *name, const char *suffix, int room);

/* `name` with the number at its end, in place of its last characters where it would get longer than
 * `room`. Owned by the caller. */
char *region_name_numbered(const char *name, unsigned number, int room);

#endif
