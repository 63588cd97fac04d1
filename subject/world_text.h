/* A world as text: how muenbuild hands it to the tender, one line per region.
 *
 *	muenbuild-world 1
 *	subject web revision 5 entry 0x200020 stack 0x2021dff8 boot_info 0x1000 exit_event -
 *	unikernel out/web.muen
 *	bootparams --ipv4=10.0.0.2/24%20--verbose
 *	region 0x1000 0x1000 r-- boot_info empty name=boot_info origin=component_web.xml:58
 *	region 0x200000 0x3000 r-x binary file 0x1000 name=text origin=component_web.xml:61
 *	region 0x206000 0x17000 rw- binary fill 0x0 name=.bss|fill origin=component_web.xml:69
 *
 * A region also has path=FILE if its bytes are not in the unikernel's file, physical=NAME if it has
 * such a name, and fd=NUMBER of a descriptor that the reading program inherits if its memory is
 * shared. Words are separated by one blank; bytes below 0x21 and percent signs in them are written
 * as %XX. There are no lines `unikernel` and `bootparams` for what is not there.
 */
#ifndef SUBJECT_WORLD_TEXT_H
#define SUBJECT_WORLD_TEXT_H

#include "base/buffer.h"
#include "subject/world.h"

#define WORLD_TEXT_BEGIN "muenbuild-world 1" /* the first line: the format's name and version */

void world_write_text(const struct subject_world *world, struct buffer *text);

/* Reads it back, settled. `name` stands for it in messages. Fails with ERR_INPUT
 * "NAME:LINE: ...", or "NAME: ..." if the world as a whole is not sound. Release it with
 * world_free(). */
struct subject_world *world_read_text(const char *name, const char *text, size_t length,
				      struct error *err);

#endif
