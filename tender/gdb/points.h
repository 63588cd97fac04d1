/* Breakpoints and watchpoints of a debugger.
 *
 * Software breakpoints are INT3 instructions in guest memory, which readers of that memory do
 * not get to see. The rest uses the CPU's four debug registers (Intel SDM vol. 3, 17.2). On a
 * machine that does not notice those, the guest must run step by step: after every instruction,
 * RIP is looked at and what is watched for writing is compared. Watching for reading is then
 * unsupported.
 */
#ifndef TENDER_GDB_POINTS_H
#define TENDER_GDB_POINTS_H

#include "tender/guest_memory.h"
#include "tender/vm/vm.h"

#define GDB_POINTS_MAX 4096
#define GDB_WATCHED_MAX 1024 /* bytes of a watchpoint */

/* The numbers of the packets Z0 to Z4. */
enum gdb_point_type {
	GDB_SOFTWARE,
	GDB_HARDWARE,
	GDB_WRITE,
	GDB_READ,
	GDB_ACCESS,
	GDB_POINT_TYPES,
};

enum gdb_point_result {
	GDB_POINT_DONE,
	GDB_POINT_UNSUPPORTED, /* this type on this machine */
	GDB_POINT_FAILED,      /* no memory there, or no debug register left */
};

struct gdb_point {
	enum gdb_point_type type;
	uint64_t address, length;
	unsigned char *before; /* the byte that INT3 replaces, the last contents that were compared,
				* or NULL */
};

/* What the machine does not notice. */
struct gdb_blindness {
	bool code; /* breakpoints */
	bool data; /* watchpoints */
};

/* Zero-initialise, set memory and blindness; release with gdb_points_clear(). */
struct gdb_points {
	const struct guest_memory *memory;
	struct gdb_blindness blind; /* changes only while there are no points */
	struct gdb_point *list;
	size_t count;
};

/* `length` is what gdb calls kind: the bytes that are watched; 1 for breakpoints. Doing what is
 * done already is GDB_POINT_DONE. */
enum gdb_point_result gdb_points_insert(struct gdb_points *points, enum gdb_point_type type,
					uint64_t address, uint64_t length);
enum gdb_point_result gdb_points_remove(struct gdb_points *points, enum gdb_point_type type,
					uint64_t address, uint64_t length);

/* Removes them all. */
void gdb_points_clear(struct gdb_points *points);

/* Guest memory as it is without breakpoints; -1 if not all of it is there. Writing reaches what
 * the guest itself may not write. */
int gdb_points_read(const struct gdb_points *points, uint64_t address, void *to, size_t length);
int gdb_points_write(struct gdb_points *points, uint64_t address, const void *from, size_t length);

/* Sets the debug registers in *debug. */
void gdb_points_arm(const struct gdb_points *points, struct vm_debug *debug);

/* Whether some point needs the guest to run step by step. */
bool gdb_points_must_step(const struct gdb_points *points);

/* The INT3 of ours at an address; the point that DR6 tells of; the one that a step to `rip`
 * reached, or whose memory it changed. NULL: none. */
const struct gdb_point *gdb_points_planted(const struct gdb_points *points, uint64_t address);
const struct gdb_point *gdb_points_triggered(const struct gdb_points *points, uint64_t dr6);
const struct gdb_point *gdb_points_stepped(struct gdb_points *points, uint64_t rip);

#endif
