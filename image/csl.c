#include "image/csl.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <inttypes.h>

#define MEND "build the command stream again: a loader would refuse it"

enum { WINDOW = 64 * 1024 };

/* A part of the file in memory, and what is known of it so far. */
struct walk {
	int fd;
	const char *path;
	uint64_t size;
	struct csl_summary *summary;
	struct csl_target *targets;
	size_t target_count;
	bool entered;
	uint64_t window_offset;
	size_t window_length;
	unsigned char window[WINDOW];
};

/* The bytes at `offset`, up to CSL_LOOK of them as far as the file goes. */
static const unsigned char *look(struct walk *walk, uint64_t offset, struct error *err)
{
	uint64_t left = walk->size - offset;
	size_t want = left < CSL_LOOK ? (size_t)left : CSL_LOOK;

	if (offset >= walk->window_offset && offset - walk->window_offset <= walk->window_length &&
	    walk->window_length - (offset - walk->window_offset) >= want)
		return walk->window + (offset - walk->window_offset);
	want = left < WINDOW ? (size_t)left : WINDOW;
	if (file_pread(walk->fd, walk->path, walk->window, want, offset, err) < 0)
		return NULL;
	walk->window_offset = offset;
	walk->window_length = want;
	return walk->window;
}

static int fail(const struct walk *walk, const char *what, const char *mend, struct error *err)
{
	err_fail(err, ERR_INPUT, "%s: %s", walk->path, what);
	return err_mend(err, "%s", mend);
}

static int check_magic(struct walk *walk, struct error *err)
{
	const unsigned char *head = look(walk, 0, err);
	struct line why = { 0 };

	if (!head)
		return -1;
	if (csl_magic_is_right(head, walk->size, &why))
		return 0;
	return fail(walk, why.text,
		    csl_is_old(head, walk->size)
			    ? "build it with a current Muen: today's loaders refuse it"
			    : "name the .csl file that Muen's build made",
		    err);
}

static int note_target(struct walk *walk, const struct csl_command *command, struct error *err)
{
	struct csl_summary *summary = walk->summary;
	struct csl_target target = csl_command_target(command);
	struct line why = { 0 };

	if (command->id == CSL_WRITE)
		summary->writes++;
	else
		summary->fills++;
	if (!command->size)
		return 0;
	/* Each command alone is possible; all together that is known only when none overlap. */
	if (__builtin_add_overflow(summary->written, command->size, &summary->written)) {
		csl_command_describe(command, &why);
		line_text(&why, " and those before it write more than the 2^64 bytes that there "
				"can be");
		return fail(walk, why.text, MEND, err);
	}
	if (target.end > summary->highest)
		summary->highest = target.end;
	array_grow(walk->targets, walk->target_count);
	walk->targets[walk->target_count++] = target;
	return 0;
}

static int note(struct walk *walk, const struct csl_command *command, struct error *err)
{
	struct csl_summary *summary = walk->summary;

	summary->commands++;
	switch (command->id) {
	case CSL_WRITE:
	case CSL_FILL:
		return note_target(walk, command, err);
	case CSL_SET_ENTRY_POINT:
		summary->entry = (uint32_t)command->address;
		walk->entered = true;
		return 0;
	case CSL_CHECK_CPUID:
		summary->checks++;
		return 0;
	}
	summary->vendor++;
	summary->standin |= command->id == CSL_STANDIN;
	return 0;
}

static int check_commands(struct walk *walk, csl_visit *visit, void *context, struct error *err)
{
	struct csl_command command = { .number = 1, .offset = CSL_UNIT };

	for (; command.offset < walk->size; command.number++) {
		const unsigned char *bytes = look(walk, command.offset, err);
		struct line why = { 0 };

		if (!bytes)
			return -1;
		if (!csl_command_read(bytes, walk->size - command.offset, &command, &why))
			return fail(walk, why.text, MEND, err);
		if (note(walk, &command, err) < 0 || (visit && visit(&command, context, err) < 0))
			return -1;
		command.offset += CSL_HEAD_LENGTH + command.length;
	}
	return 0;
}

static int check_whole(struct walk *walk, struct error *err)
{
	struct line why = { 0 };

	if (!walk->entered)
		return fail(walk, "has no SET_ENTRY_POINT: a loader could not start it",
			    "check that the file is complete", err);
	csl_targets_sort(walk->targets, walk->target_count);
	if (!csl_targets_are_apart(walk->targets, walk->target_count, &why))
		return fail(walk, why.text, MEND, err);
	if (!csl_entry_is_written(walk->summary->entry, walk->targets, walk->target_count, &why))
		return fail(walk, why.text, MEND, err);
	return 0;
}

int csl_check(int fd, const char *path, uint64_t size, struct csl_summary *summary,
	      csl_visit *visit, void *context, struct error *err)
{
	cleanup_free struct walk *walk = xcalloc(1, sizeof(*walk));
	int result = -1;

	*summary = (struct csl_summary){ 0 };
	walk->fd = fd;
	walk->path = path;
	walk->size = size;
	walk->summary = summary;
	if (check_magic(walk, err) == 0 && check_commands(walk, visit, context, err) == 0)
		result = check_whole(walk, err);
	free(walk->targets);
	return result;
}
