#include "tender/gdb/points.h"

#include "base/alloc.h"

#include <string.h>

#define INT3 0xcc
#define DEBUG_REGISTERS 4

/* DR7 */
#define DR7_ALWAYS 0x400ull
#define DR7_EXACT 0x200ull /* GE: the processor may want it for data */
#define DR7_ENABLE(slot) (2ull << 2 * (slot))
#define DR7_KIND(slot, access, size) ((uint64_t)((size) << 2 | (access)) << (16 + 4 * (slot)))
#define ACCESS_EXECUTE 0u
#define ACCESS_WRITE 1u
#define ACCESS_BOTH 3u

/* ---- debug registers ---------------------------------------------------------------- */

/* Whether RIP must be looked at after every instruction. */
static bool is_followed(const struct gdb_points *points, const struct gdb_point *point)
{
	return points->blind.code && (point->type == GDB_SOFTWARE || point->type == GDB_HARDWARE);
}

/* Whether memory must be compared after every instruction. */
static bool is_compared(const struct gdb_points *points, const struct gdb_point *point)
{
	return points->blind.data && point->type == GDB_WRITE;
}

static bool is_planted(const struct gdb_points *points, const struct gdb_point *point)
{
	return point->type == GDB_SOFTWARE && !points->blind.code;
}

static bool needs_registers(const struct gdb_points *points, const struct gdb_point *point)
{
	return !is_planted(points, point) && !is_followed(points, point) &&
	       !is_compared(points, point);
}

/* The largest piece that one register can watch: 1, 2, 4 or 8 bytes, aligned to its size. */
static unsigned piece_size(uint64_t address, uint64_t length)
{
	unsigned size = 8;

	while (size > length || address % size)
		size /= 2;
	return size;
}

/* One register's worth of a point. */
struct piece {
	const struct gdb_point *point;
	uint64_t address;
	unsigned size;
};

/* Cuts all points into pieces; returns how many there are, DEBUG_REGISTERS + 1: too many. */
static unsigned cut(const struct gdb_points *points, struct piece pieces[static DEBUG_REGISTERS])
{
	unsigned count = 0;

	for (size_t i = 0; i < points->count; i++) {
		const struct gdb_point *point = &points->list[i];
		uint64_t address = point->address, left = point->length;

		if (!needs_registers(points, point))
			continue;
		while (left) {
			unsigned size = piece_size(address, left);

			if (count == DEBUG_REGISTERS)
				return count + 1;
			pieces[count++] = (struct piece){ point, address, size };
			address += size;
			left -= size;
		}
	}
	return count;
}

void gdb_points_arm(const struct gdb_points *points, struct vm_debug *debug)
{
	static const unsigned sizes[] = { [1] = 0, [2] = 1, [4] = 3, [8] = 2 };
	struct piece pieces[DEBUG_REGISTERS];
	unsigned count = cut(points, pieces);

	debug->dr7 = count ? DR7_ALWAYS | DR7_EXACT : 0;
	for (unsigned slot = 0; slot < DEBUG_REGISTERS; slot++) {
		unsigned access;

		debug->address[slot] = slot < count ? pieces[slot].address : 0;
		if (slot >= count)
			continue;
		access = pieces[slot].point->type == GDB_HARDWARE ? ACCESS_EXECUTE
			 : pieces[slot].point->type == GDB_WRITE  ? ACCESS_WRITE
								  : ACCESS_BOTH;
		debug->dr7 |= DR7_ENABLE(slot) | DR7_KIND(slot, access, sizes[pieces[slot].size]);
	}
}

const struct gdb_point *gdb_points_triggered(const struct gdb_points *points, uint64_t dr6)
{
	struct piece pieces[DEBUG_REGISTERS];
	unsigned count = cut(points, pieces);

	for (unsigned slot = 0; slot < count; slot++)
		if (dr6 >> slot & 1)
			return pieces[slot].point;
	return NULL;
}

/* ---- setting and removing ----------------------------------------------------------- */

static struct gdb_point *find(const struct gdb_points *points, enum gdb_point_type type,
			      uint64_t address, uint64_t length)
{
	for (size_t i = 0; i < points->count; i++) {
		struct gdb_point *point = &points->list[i];

		if (point->type == type && point->address == address && point->length == length)
			return point;
	}
	return NULL;
}

static void drop(struct gdb_points *points, struct gdb_point *point)
{
	free(point->before);
	*point = points->list[--points->count];
}

/* Remembers what is there, and puts an INT3 there. */
static int plant(const struct gdb_points *points, struct gdb_point *point)
{
	static const unsigned char instruction = INT3;

	if (guest_memory_read(points->memory, point->address, point->before, 1) < 0)
		return -1;
	return guest_memory_patch(points->memory, point->address, &instruction, 1);
}

static int set_up(struct gdb_points *points, struct gdb_point *point)
{
	struct piece pieces[DEBUG_REGISTERS];

	if (needs_registers(points, point))
		return cut(points, pieces) <= DEBUG_REGISTERS ? 0 : -1;
	if (is_followed(points, point))
		return guest_memory_at(points->memory, point->address, 1, GUEST_READ) ? 0 : -1;
	point->before = xcalloc(point->length, 1);
	if (is_planted(points, point))
		return plant(points, point);
	return gdb_points_read(points, point->address, point->before, point->length);
}

enum gdb_point_result gdb_points_insert(struct gdb_points *points, enum gdb_point_type type,
					uint64_t address, uint64_t length)
{
	/* x86 cannot watch for reading alone; gdb then watches every access and compares. */
	if (type == GDB_READ || (type == GDB_ACCESS && points->blind.data))
		return GDB_POINT_UNSUPPORTED;
	if (type == GDB_SOFTWARE || type == GDB_HARDWARE)
		length = 1;
	if (find(points, type, address, length))
		return GDB_POINT_DONE;
	if (points->count == GDB_POINTS_MAX || length == 0 || length > GDB_WATCHED_MAX ||
	    length > UINT64_MAX - address)
		return GDB_POINT_FAILED;
	array_grow(points->list, points->count);
	points->list[points->count++] = (struct gdb_point){ type, address, length, NULL };
	if (set_up(points, &points->list[points->count - 1]) == 0)
		return GDB_POINT_DONE;
	drop(points, &points->list[points->count - 1]);
	return GDB_POINT_FAILED;
}

enum gdb_point_result gdb_points_remove(struct gdb_points *points, enum gdb_point_type type,
					uint64_t address, uint64_t length)
{
	struct gdb_point *point;

	if (type == GDB_SOFTWARE || type == GDB_HARDWARE)
		length = 1;
	point = find(points, type, address, length);
	if (!point)
		return GDB_POINT_DONE;
	if (is_planted(points, point) &&
	    guest_memory_patch(points->memory, address, point->before, 1) < 0)
		return GDB_POINT_FAILED;
	drop(points, point);
	return GDB_POINT_DONE;
}

void gdb_points_clear(struct gdb_points *points)
{
	while (points->count) {
		struct gdb_point *point = &points->list[points->count - 1];

		/* It was written when it was set, so it can be written now. */
		if (is_planted(points, point))
			(void)guest_memory_patch(points->memory, point->address, point->before, 1);
		drop(points, point);
	}
	free(points->list);
	points->list = NULL;
}

/* ---- memory -------------------------------------------------------------------------- */

/* The place of a breakpoint in a range of memory, or NULL. */
static unsigned char *planted_in(const struct gdb_points *points, const struct gdb_point *point,
				 uint64_t address, unsigned char *bytes, size_t length)
{
	if (!is_planted(points, point) || point->address < address ||
	    point->address - address >= length)
		return NULL;
	return bytes + (point->address - address);
}

int gdb_points_read(const struct gdb_points *points, uint64_t address, void *to, size_t length)
{
	if (guest_memory_read(points->memory, address, to, length) < 0)
		return -1;
	for (size_t i = 0; i < points->count; i++) {
		unsigned char *place = planted_in(points, &points->list[i], address, to, length);

		if (place)
			*place = *points->list[i].before;
	}
	return 0;
}

int gdb_points_write(struct gdb_points *points, uint64_t address, const void *from, size_t length)
{
	cleanup_free unsigned char *bytes = xcalloc(length + 1, 1);

	if (!guest_memory_at(points->memory, address, length, GUEST_READ))
		return -1;
	memcpy(bytes, from, length);
	for (size_t i = 0; i < points->count; i++) {
		unsigned char *place = planted_in(points, &points->list[i], address, bytes, length);

		if (!place)
			continue;
		*points->list[i].before = *place;
		*place = INT3;
	}
	return guest_memory_patch(points->memory, address, bytes, length);
}

/* ---- what happened ------------------------------------------------------------------- */

const struct gdb_point *gdb_points_planted(const struct gdb_points *points, uint64_t address)
{
	const struct gdb_point *point = find(points, GDB_SOFTWARE, address, 1);

	return point && is_planted(points, point) ? point : NULL;
}

bool gdb_points_must_step(const struct gdb_points *points)
{
	for (size_t i = 0; i < points->count; i++)
		if (is_compared(points, &points->list[i]) || is_followed(points, &points->list[i]))
			return true;
	return false;
}

/* Whether memory is not what it was the last time. */
static bool has_changed(const struct gdb_points *points, struct gdb_point *point)
{
	unsigned char now[GDB_WATCHED_MAX];

	if (gdb_points_read(points, point->address, now, point->length) < 0 ||
	    !memcmp(now, point->before, point->length))
		return false;
	memcpy(point->before, now, point->length);
	return true;
}

const struct gdb_point *gdb_points_stepped(struct gdb_points *points, uint64_t rip)
{
	const struct gdb_point *reached = NULL;

	for (size_t i = 0; i < points->count; i++) {
		struct gdb_point *point = &points->list[i];

		if (is_compared(points, point)
			    ? has_changed(points, point)
			    : is_followed(points, point) && point->address == rip)
			reached = point;
	}
	return reached;
}
