#include "sign/csl.h"

#include "base/endian.h"
#include "base/file.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define MAGIC 0x8adc5fa2448cb65eull
/* Before there was a file magic, the first command carried one. */
#define OLD_MAGIC 0x9ec6f414d638d232ull

enum command {
	COMMAND_WRITE = 0,
	COMMAND_FILL = 1,
	COMMAND_SET_ENTRY_POINT = 2,
	COMMAND_CHECK_CPUID = 3,
	COMMAND_VENDOR_FIRST = 60000,
	COMMAND_VENDOR_LAST = 65535,
};

enum {
	HEAD_SIZE = 16, /* id and length of a command */
	FILL_SIZE = 24,
	ENTRY_SIZE = 8,
	CHECK_SIZE = 88,
	WINDOW = 64 * 1024,
	LOOK = 32, /* how much of a command's data is ever looked at */
};

/* A part of the file in memory. */
struct walk {
	int fd;
	const char *path;
	uint64_t size;
	uint64_t offset; /* of the command, in the file */
	uint64_t number; /* of the command, from 1 */
	struct csl_summary *summary;
	uint64_t window_offset;
	size_t window_length;
	unsigned char window[WINDOW];
};

static const char *command_name(uint64_t id)
{
	static const char *const names[] = { "WRITE", "FILL", "SET_ENTRY_POINT", "CHECK_CPUID" };

	if (id < sizeof(names) / sizeof(names[0]))
		return names[id];
	return "vendor command";
}

/* The bytes at `offset`, of which the file has at least `length`; length <= LOOK. */
static const unsigned char *look(struct walk *walk, uint64_t offset, size_t length,
				 struct error *err)
{
	size_t want = WINDOW;

	if (offset >= walk->window_offset && offset - walk->window_offset <= walk->window_length &&
	    walk->window_length - (offset - walk->window_offset) >= length)
		return walk->window + (offset - walk->window_offset);
	if (walk->size - offset < want)
		want = (size_t)(walk->size - offset);
	if (file_pread(walk->fd, walk->path, walk->window, want, offset, err) < 0)
		return NULL;
	walk->window_offset = offset;
	walk->window_length = want;
	return walk->window;
}

static int fail_command(const struct walk *walk, uint64_t id, const char *what, struct error *err)
{
	err_fail(err, ERR_INPUT, "%s: command %" PRIu64 " (%s, at offset 0x%" PRIx64 ") %s",
		 walk->path, walk->number, command_name(id), walk->offset, what);
	return err_mend(err, "build the command stream again: a loader would refuse it");
}

static int fail_length(const struct walk *walk, uint64_t id, uint64_t length, const char *expected,
		       struct error *err)
{
	err_fail(err, ERR_INPUT,
		 "%s: command %" PRIu64 " (%s, at offset 0x%" PRIx64 ") has 0x%" PRIx64
		 " bytes of data, %s expected",
		 walk->path, walk->number, command_name(id), walk->offset, length, expected);
	return err_mend(err, "build the command stream again: a loader would refuse it");
}

static int check_target(struct walk *walk, uint64_t id, uint64_t address, uint64_t length,
			struct error *err)
{
	uint64_t end;

	if (__builtin_add_overflow(address, length, &end))
		return fail_command(walk, id, "goes beyond the end of the address space", err);
	if (__builtin_add_overflow(walk->summary->written, length, &walk->summary->written))
		return fail_command(walk, id, "fills more than there can be", err);
	return 0;
}

static int check_write(struct walk *walk, const unsigned char *data, uint64_t length,
		       struct error *err)
{
	walk->summary->writes++;
	if (length < 16)
		return fail_length(walk, COMMAND_WRITE, length, "at least 16", err);
	return check_target(walk, COMMAND_WRITE, get_le64(data), length - 8, err);
}

static int check_fill(struct walk *walk, const unsigned char *data, uint64_t length,
		      struct error *err)
{
	walk->summary->fills++;
	if (length != FILL_SIZE)
		return fail_length(walk, COMMAND_FILL, length, "24", err);
	return check_target(walk, COMMAND_FILL, get_le64(data), get_le64(data + 8), err);
}

static int check_entry(struct walk *walk, const unsigned char *data, uint64_t length, bool *entered,
		       struct error *err)
{
	if (length != ENTRY_SIZE)
		return fail_length(walk, COMMAND_SET_ENTRY_POINT, length, "8", err);
	if (get_le64(data) > UINT32_MAX)
		return fail_command(walk, COMMAND_SET_ENTRY_POINT,
				    "names an address above 4 GiB, which a loader cannot enter",
				    err);
	walk->summary->entry = (uint32_t)get_le64(data);
	*entered = true;
	return 0;
}

static int check_cpuid(struct walk *walk, const unsigned char *data, uint64_t length,
		       struct error *err)
{
	walk->summary->checks++;
	if (length != CHECK_SIZE)
		return fail_length(walk, COMMAND_CHECK_CPUID, length, "88", err);
	if (data[16] > 3)
		return fail_command(walk, COMMAND_CHECK_CPUID,
				    "names none of the registers 0 to 3 (eax, ebx, ecx, edx)", err);
	return 0;
}

static int check_command(struct walk *walk, uint64_t id, uint64_t length, bool *entered,
			 struct error *err)
{
	const unsigned char *data;

	if (length % 8)
		return fail_length(walk, id, length, "a multiple of 8", err);
	if (length > walk->size - walk->offset - HEAD_SIZE)
		return fail_length(walk, id, length, "what is left of the file", err);
	data = look(walk, walk->offset + HEAD_SIZE, length < LOOK ? (size_t)length : LOOK, err);
	if (!data)
		return -1;
	switch (id) {
	case COMMAND_WRITE:
		return check_write(walk, data, length, err);
	case COMMAND_FILL:
		return check_fill(walk, data, length, err);
	case COMMAND_SET_ENTRY_POINT:
		return check_entry(walk, data, length, entered, err);
	case COMMAND_CHECK_CPUID:
		return check_cpuid(walk, data, length, err);
	}
	walk->summary->vendor++;
	return 0;
}

static int check_magic(struct walk *walk, struct error *err)
{
	const unsigned char *head;

	if (walk->size < 8 || walk->size % 8) {
		err_fail(err, ERR_INPUT,
			 "%s: is not a command stream: it has %" PRIu64
			 " bytes, a multiple of 8 expected",
			 walk->path, walk->size);
		return err_mend(err, "name the .csl file that Muen's build made");
	}
	head = look(walk, 0, walk->size < LOOK ? (size_t)walk->size : LOOK, err);
	if (!head)
		return -1;
	if (get_le64(head) == MAGIC)
		return 0;
	if (walk->size >= 24 && !get_le64(head) && get_le64(head + 8) == 8 &&
	    get_le64(head + 16) == OLD_MAGIC) {
		err_fail(err, ERR_INPUT,
			 "%s: is a command stream of the older revision, without a file magic",
			 walk->path);
		return err_mend(err, "build it with a current Muen: today's loaders refuse it");
	}
	err_fail(err, ERR_INPUT,
		 "%s: is not a command stream: it begins with 0x%016" PRIx64 ", 0x%016llx expected",
		 walk->path, get_le64(head), MAGIC);
	return err_mend(err, "name the .csl file that Muen's build made");
}

static bool is_known(uint64_t id)
{
	return id <= COMMAND_CHECK_CPUID ||
	       (id >= COMMAND_VENDOR_FIRST && id <= COMMAND_VENDOR_LAST);
}

static int check_commands(struct walk *walk, struct error *err)
{
	bool entered = false;

	for (walk->offset = 8; walk->offset < walk->size; walk->number++) {
		const unsigned char *head;
		uint64_t id, length;

		if (walk->size - walk->offset < HEAD_SIZE)
			return fail_command(walk, COMMAND_VENDOR_FIRST, "has no length", err);
		head = look(walk, walk->offset, HEAD_SIZE, err);
		if (!head)
			return -1;
		id = get_le64(head);
		length = get_le64(head + 8);
		if (!is_known(id)) {
			err_fail(err, ERR_INPUT,
				 "%s: command %" PRIu64 ", at offset 0x%" PRIx64
				 ", has the unknown id %" PRIu64,
				 walk->path, walk->number, walk->offset, id);
			return err_mend(err, "build the command stream again");
		}
		if (check_command(walk, id, length, &entered, err) < 0)
			return -1;
		walk->summary->commands++;
		walk->offset += HEAD_SIZE + length;
	}
	if (entered)
		return 0;
	err_fail(err, ERR_INPUT, "%s: has no SET_ENTRY_POINT: a loader could not start it",
		 walk->path);
	return err_mend(err, "check that the file is complete");
}

int csl_check(int fd, const char *path, uint64_t size, struct csl_summary *summary,
	      struct error *err)
{
	struct walk walk;

	*summary = (struct csl_summary){ 0 };
	walk.fd = fd;
	walk.path = path;
	walk.size = size;
	walk.number = 1;
	walk.summary = summary;
	walk.window_offset = 0;
	walk.window_length = 0;
	if (check_magic(&walk, err) < 0)
		return -1;
	return check_commands(&walk, err);
}
