/* What the loader will do with a stream, and where it goes to do that: worked out completely before
 * anything is written. Freestanding.
 */
#ifndef IMAGE_LOADER_PLAN_H
#define IMAGE_LOADER_PLAN_H

#include "image/csl_rules.h"
#include "image/loader/ram.h"

#include <stdbool.h>
#include <stdint.h>

/* The executor and the stream are kept out of the first 2 MiB: there it has its window to memory
 * above 4 GiB. */
#define PLAN_LOWEST 0x200000u

struct plan {
	struct csl_target *targets; /* sorted, apart, not empty */
	uint32_t target_count;
	uint32_t commands;
	uint32_t entry;
	bool high;    /* writes above 4 GiB */
	bool standin; /* has the stand-in kernel: not for production */
};

struct plan_cpu {
	/* CPUID: EAX, EBX, ECX and EDX. */
	void (*cpuid)(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]);
};

/* Checks the stream's form, command by command, and fills in all of the plan but its targets. False
 * if it is refused: `why` says it. The plan must be zeroed. */
bool plan_read(struct plan *plan, const unsigned char *stream, uint32_t size, struct line *why);

/* Fills in the targets of a plan that was read, at plan->targets: room for target_count of them,
 * the caller's. Checks that they are apart and in RAM, that the entry point is written, and last
 * what the stream asks of the processor. False if it is refused: `why` says it. */
bool plan_make(struct plan *plan, const unsigned char *stream, uint32_t size,
	       const struct ram_map *ram, const struct plan_cpu *cpu, struct line *why);

/* A part of memory below 4 GiB. */
struct plan_area {
	uint32_t start, size;
};

/* Finds a place for the targets of a plan that was read, apart from the loader and the stream: a
 * system may have so many that only its machine has room for them. It is free again when the
 * places are found. False if there is no room: `why` says so. */
bool plan_targets_find(const struct plan *plan, const struct ram_map *ram, struct plan_area loader,
		       struct plan_area stream, struct plan_area *targets, struct line *why);

struct plan_places {
	struct plan_area executor; /* size given; start found, on a page boundary */
	struct plan_area stream;   /* where it is, size given; start found */
};

/* Finds places that nothing writes to. The executor's is also apart from the loader and from where
 * the stream is now; the stream's from the loader and from the executor's. A stream that
 * nothing writes over stays where it is. False if there is no room. */
bool plan_places_find(const struct plan *plan, const struct ram_map *ram, struct plan_area loader,
		      struct plan_places *places, struct line *why);

#endif
