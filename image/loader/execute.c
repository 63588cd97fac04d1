/* Prepares the executor's copy: execute_stream.c is what runs there. */
#include "image/loader/execute.h"

#include "image/bare/memory.h"

#include <stddef.h>

#define PRESENT 1u
#define WRITABLE 2u
#define LARGE 0x80u /* 2 MiB */

extern const unsigned char execute_begin[], execute_end[], execute_enter[], execute_jump[];

_Static_assert(offsetof(struct execution, pointers) == EXECUTION_POINTERS &&
		       offsetof(struct execution, pointers) == EXECUTION_STACK_END &&
		       offsetof(struct execution, high) == EXECUTION_HIGH &&
		       offsetof(struct execution, table) == EXECUTION_TABLE,
	       "the assembler's offsets");

typedef void enter(struct execution *execution);

static void prepare_paging(struct execution *execution)
{
	for (uint32_t i = 0; i < 4; i++) {
		execution->pointers[i] = (uint32_t)execution->directories[i] | PRESENT;
		for (uint32_t j = 0; j < 512; j++)
			execution->directories[i][j] =
				(uint64_t)(i << 9 | j) << 21 | LARGE | WRITABLE | PRESENT;
	}
}

/* Flat: all 4 GiB. */
static void prepare_segments(struct execution *execution)
{
	execution->segments[0] = 0;
	execution->segments[EXECUTE_CODE_SEGMENT / 8] = 0x00cf9b000000ffff;
	execution->segments[EXECUTE_DATA_SEGMENT / 8] = 0x00cf93000000ffff;
	execution->table.limit = sizeof(execution->segments) - 1;
	execution->table.base[0] = (uint16_t)(uint32_t)execution->segments;
	execution->table.base[1] = (uint16_t)((uint32_t)execution->segments >> 16);
}

void execute(uint32_t start, const unsigned char *from, unsigned char *to, uint32_t size,
	     uint32_t entry, uint32_t high)
{
	struct execution *execution = (struct execution *)(start + EXECUTE_CODE_SIZE);
	uint32_t entered = start + (uint32_t)(execute_enter - execute_begin);

	memcpy((void *)start, execute_begin, (size_t)(execute_end - execute_begin));
	/* The jump at its end has the entry point in it: every register is 0 by then. */
	memcpy((void *)(start + (uint32_t)(execute_jump - execute_begin) + 1), &entry,
	       sizeof(entry));
	memmove(to, from, size);
	prepare_paging(execution);
	prepare_segments(execution);
	execution->high = high;
	execution->stream = to;
	execution->size = size;
	((enter *)entered)(execution);
	__builtin_unreachable();
}
