/* A world as text: how muenbuild hands it to the tender, one line per region.
 *
 *	muenbuild-world 1
 *	subject web revision 5 entry 0x200020 stack 0x2021dff8 boot_info 0x1000 exit_event -
 *	unikernel out/web.muen
 *	bootparams --ipv4=10.0.0.2/24
 *	region 0x200000 0x3000 r-x binary file 0x1000 name=text path=out/web.muen origin=...
 *
 * Values are percent-encoded where they hold blanks, percent signs or bytes below 0x21.
 */
#ifndef SUBJECT_WORLD_TEXT_H
#define SUBJECT_WORLD_TEXT_H

#include "base/buffer.h"
#include "subject/world.h"

void world_write_text(const struct subject_world *world, struct buffer *text);

/* Reads it back, settled. `name` stands for it in messages. Fails with ERR_INPUT
 * "NAME:LINE: ...". */
struct subject_world *world_read_text(const char *name, const char *text, size_t length,
				      struct error *err);

#endif
