#include "image/csl_rules.h"

#include "base/endian.h"

/* ---- the begin ----------------------------------------------------------- */

bool csl_is_old(const unsigned char *bytes, uint64_t size)
{
	return size >= CSL_MAGIC_LOOK && !get_le64(bytes) && get_le64(bytes + 8) == 8 &&
	       get_le64(bytes + 16) == CSL_OLD_MAGIC;
}

bool csl_magic_is_right(const unsigned char *bytes, uint64_t size, struct line *why)
{
	if (csl_is_old(bytes, size)) {
		line_text(why, "is a command stream of the older revision, without a file magic");
		return false;
	}
	if (size < CSL_UNIT || size % CSL_UNIT) {
		line_text(why, "is not a command stream: it has ");
		line_decimal(why, size);
		line_text(why, " bytes, a multiple of 8 expected");
		return false;
	}
	if (get_le64(bytes) == CSL_MAGIC)
		return true;
	line_text(why, "is not a command stream: it begins with ");
	line_hex(why, get_le64(bytes));
	line_text(why, ", ");
	line_hex(why, CSL_MAGIC);
	line_text(why, " expected");
	return false;
}

/* ---- a command ----------------------------------------------------------- */

const char *csl_command_name(uint64_t id)
{
	switch (id) {
	case CSL_WRITE:
		return "WRITE";
	case CSL_FILL:
		return "FILL";
	case CSL_SET_ENTRY_POINT:
		return "SET_ENTRY_POINT";
	case CSL_CHECK_CPUID:
		return "CHECK_CPUID";
	default:
		return "vendor command";
	}
}

static void describe(uint64_t number, uint64_t id, uint64_t offset, struct line *line)
{
	line_text(line, "command ");
	line_decimal(line, number);
	line_text(line, " (");
	line_text(line, csl_command_name(id));
	line_text(line, ", at offset ");
	line_hex(line, offset);
	line_text(line, ")");
}

void csl_command_describe(const struct csl_command *command, struct line *line)
{
	describe(command->number, command->id, command->offset, line);
}

static bool fail(const struct csl_command *command, const char *what, struct line *why)
{
	csl_command_describe(command, why);
	line_text(why, " ");
	line_text(why, what);
	return false;
}

static bool fail_length(const struct csl_command *command, const char *expected, struct line *why)
{
	csl_command_describe(command, why);
	line_text(why, " has ");
	line_hex(why, command->length);
	line_text(why, " bytes of data, ");
	line_text(why, expected);
	line_text(why, " expected");
	return false;
}

static bool fail_id(const struct csl_command *command, struct line *why)
{
	line_text(why, "command ");
	line_decimal(why, command->number);
	line_text(why, ", at offset ");
	line_hex(why, command->offset);
	line_text(why, ", has the unknown id ");
	line_decimal(why, command->id);
	return false;
}

static bool is_known(uint64_t id)
{
	return id <= CSL_CHECK_CPUID || (id >= CSL_VENDOR_FIRST && id <= CSL_VENDOR_LAST);
}

/* NULL: any. */
static const char *expected_length(uint64_t id, uint64_t length)
{
	switch (id) {
	case CSL_WRITE:
		return length < CSL_WRITE_LEAST ? "at least 16" : NULL;
	case CSL_FILL:
		return length != CSL_FILL_LENGTH ? "24" : NULL;
	case CSL_SET_ENTRY_POINT:
		return length != CSL_ENTRY_LENGTH ? "8" : NULL;
	case CSL_CHECK_CPUID:
		return length != CSL_CPUID_LENGTH ? "88" : NULL;
	default:
		return NULL;
	}
}

static bool read_target(const unsigned char *data, struct csl_command *command, struct line *why)
{
	uint64_t end;

	command->address = get_le64(data);
	if (command->id == CSL_WRITE) {
		command->size = command->length - 8;
	} else {
		command->size = get_le64(data + 8);
		command->pattern = data[16];
	}
	if (__builtin_add_overflow(command->address, command->size, &end))
		return fail(command, "goes beyond the end of the address space", why);
	return true;
}

static bool read_check(const unsigned char *data, struct csl_command *command, struct line *why)
{
	struct image_cpuid_check *check = &command->check;

	check->subleaf = get_le32(data);
	check->leaf = get_le32(data + 4);
	check->value = get_le32(data + 8);
	check->mask = get_le32(data + 12);
	check->result = data[16];
	for (unsigned i = 0; i < CSL_CPUID_TEXT; i++)
		check->message[i] = (char)data[CSL_CPUID_MESSAGE + i];
	check->message[CSL_CPUID_TEXT] = '\0';
	if (check->result > 3)
		return fail(command, "names none of the registers 0 to 3 (eax, ebx, ecx, edx)",
			    why);
	return true;
}

static bool read_data(const unsigned char *data, struct csl_command *command, struct line *why)
{
	switch (command->id) {
	case CSL_WRITE:
	case CSL_FILL:
		return read_target(data, command, why);
	case CSL_SET_ENTRY_POINT:
		command->address = get_le64(data);
		if (command->address > UINT32_MAX)
			return fail(command,
				    "names an address above 4 GiB, which a loader cannot enter",
				    why);
		return true;
	case CSL_CHECK_CPUID:
		return read_check(data, command, why);
	default:
		return true;
	}
}

bool csl_command_read(const unsigned char *bytes, uint64_t left, struct csl_command *command,
		      struct line *why)
{
	const char *expected;

	command->id = CSL_VENDOR_FIRST;
	command->address = command->size = command->pattern = 0;
	if (left < CSL_HEAD_LENGTH)
		return fail(command, "has no length", why);
	command->id = get_le64(bytes);
	command->length = get_le64(bytes + 8);
	if (!is_known(command->id))
		return fail_id(command, why);
	if (command->length % CSL_UNIT)
		return fail_length(command, "a multiple of 8", why);
	if (command->length > left - CSL_HEAD_LENGTH)
		return fail_length(command, "at most what is left of the stream", why);
	expected = expected_length(command->id, command->length);
	if (expected)
		return fail_length(command, expected, why);
	return read_data(bytes + CSL_HEAD_LENGTH, command, why);
}

/* ---- what is written ----------------------------------------------------- */

struct csl_target csl_command_target(const struct csl_command *command)
{
	return (struct csl_target){
		.start = command->address,
		.end = command->address + command->size,
		.offset = command->offset,
		.number = (uint32_t)command->number,
		.id = (uint32_t)command->id,
	};
}

void csl_target_describe(const struct csl_target *target, struct line *line)
{
	describe(target->number, target->id, target->offset, line);
	line_text(line, " writes from ");
	line_hex(line, target->start);
	line_text(line, " to ");
	line_hex(line, target->end - 1);
}

static bool is_before(const struct csl_target *left, const struct csl_target *right)
{
	if (left->start != right->start)
		return left->start < right->start;
	return left->number < right->number;
}

static void swap(struct csl_target *left, struct csl_target *right)
{
	struct csl_target kept = *left;

	*left = *right;
	*right = kept;
}

static void sift_down(struct csl_target *targets, size_t root, size_t count)
{
	while (2 * root + 1 < count) {
		size_t child = 2 * root + 1;

		if (child + 1 < count && is_before(&targets[child], &targets[child + 1]))
			child++;
		if (!is_before(&targets[root], &targets[child]))
			return;
		swap(&targets[root], &targets[child]);
		root = child;
	}
}

/* Heapsort: no memory but the array, and no bad cases. */
void csl_targets_sort(struct csl_target *targets, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(targets, i, count);
	while (count > 1) {
		count--;
		swap(&targets[0], &targets[count]);
		sift_down(targets, 0, count);
	}
}

/* Until two overlap, ends are in the order of starts: neighbours are enough. */
size_t csl_targets_overlap(const struct csl_target *targets, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (targets[i].start < targets[i - 1].end)
			return i - 1;
	return count;
}

bool csl_targets_are_apart(const struct csl_target *targets, size_t count, struct line *why)
{
	size_t bad = csl_targets_overlap(targets, count);
	bool in_order;

	if (bad == count)
		return true;
	in_order = targets[bad].number < targets[bad + 1].number;
	csl_target_describe(&targets[in_order ? bad + 1 : bad], why);
	line_text(why, ", where ");
	csl_target_describe(&targets[in_order ? bad : bad + 1], why);
	return false;
}

size_t csl_targets_find(const struct csl_target *targets, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (targets[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool csl_entry_is_written(uint32_t entry, const struct csl_target *targets, size_t count,
			  struct line *why)
{
	size_t found = csl_targets_find(targets, count, entry);

	if (found < count && targets[found].start <= entry)
		return true;
	line_text(why, "the entry point ");
	line_hex(why, entry);
	line_text(why, " lies where no command writes");
	return false;
}
