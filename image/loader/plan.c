#include "image/loader/plan.h"

#include <stddef.h>

/* ---- command by command -------------------------------------------------- */

struct reading {
	struct plan *plan;
	const unsigned char *stream;
	uint32_t size;
	bool entered;
};

typedef bool each(struct reading *reading, const struct csl_command *command, const void *context,
		  struct line *why);

static bool each_command(struct reading *reading, each *visit, const void *context,
			 struct line *why)
{
	struct csl_command command = { .number = 1, .offset = CSL_UNIT };

	for (; command.offset < reading->size; command.number++) {
		const unsigned char *bytes = reading->stream + (uint32_t)command.offset;

		if (!csl_command_read(bytes, reading->size - command.offset, &command, why) ||
		    !visit(reading, &command, context, why))
			return false;
		command.offset += CSL_HEAD_LENGTH + command.length;
	}
	return true;
}

static bool note(struct reading *reading, const struct csl_command *command, const void *context,
		 struct line *why)
{
	struct plan *plan = reading->plan;

	(void)context;
	(void)why;
	plan->commands++;
	switch (command->id) {
	case CSL_WRITE:
	case CSL_FILL:
		if (!command->size)
			break;
		plan->target_count++;
		plan->high |= command->address + command->size > UINT64_C(1) << 32;
		break;
	case CSL_SET_ENTRY_POINT:
		plan->entry = (uint32_t)command->address;
		reading->entered = true;
		break;
	case CSL_STANDIN:
		plan->standin = true;
		break;
	}
	return true;
}

static bool note_target(struct reading *reading, const struct csl_command *command,
			const void *context, struct line *why)
{
	struct plan *plan = reading->plan;

	(void)context;
	(void)why;
	if ((command->id == CSL_WRITE || command->id == CSL_FILL) && command->size)
		plan->targets[plan->target_count++] = csl_command_target(command);
	return true;
}

static bool check_processor(struct reading *reading, const struct csl_command *command,
			    const void *context, struct line *why)
{
	const struct image_cpuid_check *check = &command->check;
	const struct plan_cpu *cpu = context;
	uint32_t registers[4];

	(void)reading;
	if (command->id != CSL_CHECK_CPUID)
		return true;
	cpu->cpuid(check->leaf, check->subleaf, registers);
	if ((registers[check->result] & check->mask) == check->value)
		return true;
	line_text(why, "this processor cannot run the system: ");
	line_bytes(why, check->message, CSL_CPUID_TEXT);
	line_text(why, " (");
	csl_command_describe(command, why);
	line_text(why, ": CPUID ");
	line_hex(why, check->leaf);
	line_text(why, "/");
	line_hex(why, check->subleaf);
	line_text(why, " has ");
	line_hex(why, registers[check->result] & check->mask);
	line_text(why, ", ");
	line_hex(why, check->value);
	line_text(why, " expected)");
	return false;
}

/* ---- all together -------------------------------------------------------- */

static bool check_is_ram(const struct plan *plan, const struct ram_map *ram, struct line *why)
{
	for (uint32_t i = 0; i < plan->target_count; i++) {
		const struct csl_target *target = &plan->targets[i];

		if (ram_map_find(ram, target->start, target->end))
			continue;
		csl_target_describe(target, why);
		line_text(why, ", which is not all available RAM: build the system for the memory "
			       "of this machine");
		return false;
	}
	return true;
}

bool plan_read(struct plan *plan, const unsigned char *stream, uint32_t size, struct line *why)
{
	struct reading reading = { .plan = plan, .stream = stream, .size = size };

	line_text(why, "the module ");
	if (!csl_magic_is_right(stream, size, why))
		return false;
	*why = (struct line){ 0 };
	if (!each_command(&reading, note, NULL, why))
		return false;
	if (!reading.entered)
		line_text(why, "the stream has no SET_ENTRY_POINT");
	return reading.entered;
}

bool plan_make(struct plan *plan, const unsigned char *stream, uint32_t size,
	       const struct ram_map *ram, const struct plan_cpu *cpu, struct line *why)
{
	struct reading reading = { .plan = plan, .stream = stream, .size = size };

	plan->target_count = 0;
	if (!each_command(&reading, note_target, NULL, why))
		return false;
	csl_targets_sort(plan->targets, plan->target_count);
	return csl_targets_are_apart(plan->targets, plan->target_count, why) &&
	       csl_entry_is_written(plan->entry, plan->targets, plan->target_count, why) &&
	       check_is_ram(plan, ram, why) && each_command(&reading, check_processor, cpu, why);
}

/* ---- where to go --------------------------------------------------------- */

struct search {
	const struct plan *plan;
	const struct ram_map *ram;
	struct plan_area taken[2]; /* besides the targets */
};

static uint64_t area_end(struct plan_area area)
{
	return (uint64_t)area.start + area.size;
}

/* The first place for `size` bytes from `at` on that is free up to `end`, or `end`. */
static uint64_t find_between(const struct search *search, uint64_t at, uint64_t end, uint32_t size)
{
	const struct plan *plan = search->plan;
	bool moved = true;

	while (moved && at < end) {
		size_t next = csl_targets_find(plan->targets, plan->target_count, at);

		moved = false;
		if (next < plan->target_count && plan->targets[next].start < at + size) {
			at = plan->targets[next].end;
			moved = true;
		}
		for (unsigned i = 0; i < 2; i++) {
			if (at >= area_end(search->taken[i]) || at + size <= search->taken[i].start)
				continue;
			at = area_end(search->taken[i]);
			moved = true;
		}
		if (at >= end)
			break;
		at = (at + 0xfff) & ~UINT64_C(0xfff);
	}
	return at < end && end - at >= size ? at : end;
}

static bool find_place(const struct search *search, struct plan_area *area)
{
	for (uint32_t i = 0; i < search->ram->count; i++) {
		uint64_t start = search->ram->ranges[i].start, end = search->ram->ranges[i].end;
		uint64_t found;

		if (start < PLAN_LOWEST)
			start = PLAN_LOWEST;
		if (end > UINT32_MAX)
			end = UINT32_MAX;
		if (start >= end)
			continue;
		found = find_between(search, (start + 0xfff) & ~UINT64_C(0xfff), end, area->size);
		if (found < end) {
			area->start = (uint32_t)found;
			return true;
		}
	}
	return false;
}

static bool is_written_over(const struct plan *plan, struct plan_area area)
{
	size_t next = csl_targets_find(plan->targets, plan->target_count, area.start);

	return next < plan->target_count && plan->targets[next].start < area_end(area);
}

static bool fail_room(struct plan_area area, const char *what, struct line *why)
{
	line_text(why, "there is no room for ");
	line_text(why, what);
	line_text(why, " (");
	line_hex(why, area.size);
	line_text(why, " bytes) below 4 GiB, where nothing is written: the machine needs more "
		       "memory");
	return false;
}

bool plan_targets_find(const struct plan *plan, const struct ram_map *ram, struct plan_area loader,
		       struct plan_area stream, struct plan_area *targets, struct line *why)
{
	static const struct plan nothing;
	const struct search search = { .plan = &nothing, .ram = ram, .taken = { loader, stream } };

	/* Each takes more of the stream than of this. */
	_Static_assert(sizeof(struct csl_target) <= CSL_HEAD_LENGTH + CSL_WRITE_LEAST,
		       "the targets are no larger than the stream");
	targets->size = plan->target_count * (uint32_t)sizeof(struct csl_target);
	if (find_place(&search, targets))
		return true;
	return fail_room(*targets, "the list of what is written", why);
}

bool plan_places_find(const struct plan *plan, const struct ram_map *ram, struct plan_area loader,
		      struct plan_places *places, struct line *why)
{
	struct search search = { .plan = plan, .ram = ram, .taken = { loader, places->stream } };

	if (!find_place(&search, &places->executor))
		return fail_room(places->executor, "the loader", why);
	if (places->stream.start >= PLAN_LOWEST && !is_written_over(plan, places->stream))
		return true;
	search.taken[1] = places->executor;
	if (!find_place(&search, &places->stream))
		return fail_room(places->stream, "the stream", why);
	return true;
}
