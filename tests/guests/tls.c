/* Thread-local variables, reached through the FS base as compilers do it: two blocks of them,
 * switched as a scheduler of threads would. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

/* From the linker script: the initial values, and the sizes of both parts. The symbols' addresses
 * are the numbers. */
extern const unsigned char _stdata[], _ltdata[], _ltbss[], _atls[];

#define INITIAL 0x5010c0de5010c0deull

static __thread volatile uint64_t initialised = INITIAL;
static __thread volatile uint64_t counter;
static __thread volatile uint8_t table[100];

/* Makes a block for one thread at `place`, the variables first and behind them, aligned as the
 * linker reckons, the thread pointer that points to itself. Returns the thread pointer. */
static uintptr_t make_block(uintptr_t place)
{
	size_t data = (uintptr_t)_ltdata, zero = (uintptr_t)_ltbss, alignment = (uintptr_t)_atls;
	size_t size = (data + zero + alignment - 1) / alignment * alignment;
	uintptr_t pointer = place + size;

	memcpy((void *)place, _stdata, data);
	memset((void *)(place + data), 0, size - data);
	*(uintptr_t *)pointer = pointer;
	return pointer;
}

/* What a new thread sees. */
static bool is_fresh(void)
{
	bool fresh = initialised == INITIAL && counter == 0;

	for (size_t i = 0; i < sizeof(table); i++)
		fresh = fresh && table[i] == 0;
	return fresh;
}

static void use(uint64_t number)
{
	counter += number;
	initialised = number;
	table[number] = (uint8_t)number;
}

static bool was_used(uint64_t number, uint64_t times)
{
	return initialised == number && counter == number * times && table[number] == number;
}

int solo5_app_main(const struct solo5_start_info *info)
{
	uintptr_t first = make_block(info->heap_start);
	uintptr_t second = make_block(info->heap_start + 0x10000);
	bool good = true;

	solo5_set_tls_base(first);
	good = is_fresh() && good;
	solo5_set_tls_base(second);
	good = is_fresh() && good;
	for (unsigned i = 0; i < 3; i++) {
		solo5_set_tls_base(first);
		use(7);
		solo5_set_tls_base(second);
		use(42);
	}
	good = was_used(42, 3) && good;
	solo5_yield(0, NULL);
	good = was_used(42, 3) && good;
	solo5_set_tls_base(first);
	good = was_used(7, 3) && good;
	print("tls: blocks at 0x%lx and 0x%lx, %lu + %lu bytes\n", first, second,
	      (uintptr_t)_ltdata, (uintptr_t)_ltbss);
	print(good ? "SUCCESS\n" : "FAILURE\n");
	return good ? SOLO5_EXIT_SUCCESS : SOLO5_EXIT_FAILURE;
}
