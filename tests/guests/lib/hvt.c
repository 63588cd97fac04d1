/* The bindings for hvt: boot info, console, clocks, block devices, the end. */
#include "tests/guests/lib/hvt.h"

#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/platform.h"

#define NANOSECONDS 1000000000ull

const char guest_target[] = "hvt";

static const struct hvt_boot_info *boot_info;

/* Nanoseconds = ticks * tick_multiplier >> tick_shift. */
static uint32_t tick_multiplier;
static unsigned tick_shift;

void platform_console_init(void)
{
	/* The console is a hypercall and needs no preparation. */
}

void platform_boot(const void *address, struct boot *boot)
{
	boot_info = address;
	boot->memory_size = boot_info->memory_size;
	boot->cmdline = (const char *)(uintptr_t)boot_info->cmdline;
	boot->manifest = (const struct manifest *)(uintptr_t)boot_info->manifest;
}

_Noreturn void platform_exit(int status, const void *frame)
{
	struct hvt_halt halt = { .cookie = (uintptr_t)frame, .status = status };

	hvt_call(HVT_HALT, &halt);
	cpu_halt();
}

void solo5_console_write(const char *text, size_t length)
{
	struct hvt_puts puts = { .data = (uintptr_t)text, .length = length };

	hvt_call(HVT_PUTS, &puts);
}

/* ---- clocks ---------------------------------------------------------------------- */

/* The largest shift whose multiplier has 32 bits gives the best resolution. */
void platform_clock_init(void)
{
	uint64_t frequency = boot_info->tsc_frequency;
	uint64_t multiplier;

	guest_assert(frequency != 0);
	tick_shift = 33;
	do {
		tick_shift--;
		multiplier = (NANOSECONDS << tick_shift) / frequency;
	} while (multiplier > UINT32_MAX);
	guest_assert(multiplier != 0);
	tick_multiplier = (uint32_t)multiplier;
	log_print(LOG_DEBUG, "Solo5: Clock source: TSC, frequency %lu Hz\n", frequency);
}

solo5_time_t solo5_clock_monotonic(void)
{
	return (uint64_t)((unsigned __int128)cpu_read_tsc() * tick_multiplier >> tick_shift);
}

solo5_time_t solo5_clock_wall(void)
{
	struct hvt_walltime walltime = { .nanoseconds = 0 };

	hvt_call(HVT_WALLTIME, &walltime);
	return walltime.nanoseconds;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready)
{
	solo5_time_t now = solo5_clock_monotonic();
	struct hvt_poll poll = { .timeout = deadline > now ? deadline - now : 0 };

	hvt_call(HVT_POLL, &poll);
	if (ready)
		*ready = poll.ready;
}

/* ---- block devices ------------------------------------------------------------------- */

/* Block devices with an acquired bit; the bindings refuse handles that have none. */
static uint64_t acquired;

static const struct manifest_entry *block_entry(solo5_handle_t handle)
{
	if (handle >= MANIFEST_ENTRIES_MAX || !(acquired & (1ull << handle)))
		return NULL;
	return &guest_manifest()->entry[handle];
}

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle,
				   struct solo5_block_info *info)
{
	solo5_handle_t found = manifest_find(name, MANIFEST_BLOCK_BASIC);
	const struct manifest_entry *entry = &guest_manifest()->entry[found];

	if (!found)
		return SOLO5_R_EINVAL;
	guest_assert(entry->attached);
	acquired |= 1ull << found;
	*handle = found;
	info->capacity = entry->u.block.capacity;
	info->block_size = entry->u.block.block_size;
	log_print(LOG_INFO, "Solo5: Block: %s: %lu bytes in blocks of %lu\n", name, info->capacity,
		  info->block_size);
	return SOLO5_R_OK;
}

/* Solo5 moves exactly one block per call. */
static bool one_block(const struct manifest_entry *entry, solo5_off_t offset, size_t size)
{
	return entry && size == entry->u.block.block_size && offset % size == 0 &&
	       offset < entry->u.block.capacity && size <= entry->u.block.capacity - offset;
}

static solo5_result_t transfer(enum hvt_hypercall number, solo5_handle_t handle, solo5_off_t offset,
			       uintptr_t data, size_t size)
{
	struct hvt_block block = {
		.handle = handle, .offset = offset, .data = data, .length = size
	};

	if (!one_block(block_entry(handle), offset, size))
		return SOLO5_R_EINVAL;
	hvt_call(number, &block);
	return (solo5_result_t)block.result;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *data,
				 size_t size)
{
	return transfer(HVT_BLOCK_WRITE, handle, offset, (uintptr_t)data, size);
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *data,
				size_t size)
{
	return transfer(HVT_BLOCK_READ, handle, offset, (uintptr_t)data, size);
}

/* ---- the network ring's place ------------------------------------------------------------ */

volatile struct hvt_ring *hvt_ring(void)
{
#if GUEST_HVT_RING
	if (boot_info->host_features & HVT_FEATURE_RING)
		return (volatile struct hvt_ring *)(uintptr_t)boot_info->net_ring;
#endif
	return NULL;
}
