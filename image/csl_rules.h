/* What a loader accepts in a command stream: the one place of these rules, for the checks before
 * a stream is written or signed, and for the loader itself. Freestanding.
 */
#ifndef IMAGE_CSL_RULES_H
#define IMAGE_CSL_RULES_H

#include "image/csl_format.h"
#include "image/line.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much of a command is looked at, from its begin on: of a CHECK_CPUID, all. */
#define CSL_LOOK (CSL_HEAD_LENGTH + CSL_CPUID_LENGTH)

/* How much of a stream csl_magic_fault() looks at. */
#define CSL_MAGIC_LOOK 24u

struct csl_command {
	uint64_t number; /* in the stream, from 1: the reader's to fill in */
	uint64_t offset; /* in the stream, bytes: the reader's to fill in */
	uint64_t id;
	uint64_t length;		/* of the data, bytes */
	uint64_t address, size;		/* WRITE, FILL, SET_ENTRY_POINT (address) */
	uint8_t pattern;		/* FILL */
	struct image_cpuid_check check; /* CHECK_CPUID */
};

/* Whether `size` bytes begin as a stream; of them, the first CSL_MAGIC_LOOK are looked at.
 * If not, `why` says "is ...". */
bool csl_magic_is_right(const unsigned char *bytes, uint64_t size, struct line *why);

/* Whether it is of the older revision of the format, which had no file magic. */
bool csl_is_old(const unsigned char *bytes, uint64_t size);

/* Reads the command that begins at `bytes`, `left` bytes before the end of the stream; of them,
 * the first CSL_LOOK are looked at. The command's number and offset are given. False if a loader
 * refuses it: `why` says "command 2 (FILL, at offset 0x70) ...". */
bool csl_command_read(const unsigned char *bytes, uint64_t left, struct csl_command *command,
		      struct line *why);

/* "command 2 (FILL, at offset 0x70)" */
void csl_command_describe(const struct csl_command *command, struct line *line);

/* "WRITE", also of vendor commands: "vendor command". */
const char *csl_command_name(uint64_t id);

/* What a WRITE or FILL puts into memory. */
struct csl_target {
	uint64_t start, end; /* physical; `end` is behind it */
	uint64_t offset;     /* of the command in the stream */
	uint32_t number;     /* of the command */
	uint32_t id;	     /* of the command */
};

struct csl_target csl_command_target(const struct csl_command *command);

/* "command 2 (FILL, at offset 0x70) writes from 0x1000 to 0x1fff": of one that is not empty. */
void csl_target_describe(const struct csl_target *target, struct line *line);

/* By their start, and their number where that is the same. In place, O(n log n). */
void csl_targets_sort(struct csl_target *targets, size_t count);

/* Of sorted targets: the first that overlaps the one behind it, or `count`. O(n). */
size_t csl_targets_overlap(const struct csl_target *targets, size_t count);

/* Of sorted targets: false if two overlap, which `why` names. O(n). */
bool csl_targets_are_apart(const struct csl_target *targets, size_t count, struct line *why);

/* Of sorted targets that are apart: false if the entry point lies in none, which `why` says. */
bool csl_entry_is_written(uint32_t entry, const struct csl_target *targets, size_t count,
			  struct line *why);

/* Of sorted targets that are apart: the first that ends behind the address, or `count`. */
size_t csl_targets_find(const struct csl_target *targets, size_t count, uint64_t address);

#endif
