/* The bindings for muen: subject info, console, clocks, the end. */
#include "tests/guests/lib/muen.h"

#include "tests/guests/lib/channel.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/platform.h"

#define NANOSECONDS 1000000000ull

const char guest_target[] = "muen";

static const volatile struct sinfo *const sinfo = (const volatile struct sinfo *)MUEN_SINFO_ADDRESS;
static const volatile struct muen_schedule *const schedule =
	(const volatile struct muen_schedule *)MUEN_SCHEDULE_ADDRESS;

/* ---- subject info ---------------------------------------------------------------- */

static bool sinfo_is_ours(void)
{
	return sinfo->magic == SINFO_MAGIC;
}

static bool name_is(const struct sinfo_name *found, const char *name, const char *suffix)
{
	size_t length = strlen(name), suffix_length = strlen(suffix);

	return found->length == length + suffix_length && found->length <= sizeof(found->text) &&
	       !memcmp(found->text, name, length) &&
	       !memcmp(found->text + length, suffix, suffix_length);
}

const struct sinfo_resource *muen_resource(const char *name, const char *suffix,
					   enum sinfo_kind kind)
{
	const struct sinfo *info = (const struct sinfo *)sinfo;

	if (!sinfo_is_ours())
		return NULL;
	for (unsigned i = 0; i < info->resource_count && i < SINFO_RESOURCES; i++) {
		const struct sinfo_resource *resource = &info->resources[i];

		if (resource->kind == SINFO_NONE)
			break;
		if (resource->kind == (uint32_t)kind && name_is(&resource->name, name, suffix))
			return resource;
	}
	return NULL;
}

const struct sinfo_name *muen_subject_name(void)
{
	return sinfo_is_ours() ? &((const struct sinfo *)sinfo)->name : NULL;
}

uint64_t muen_schedule_start(void)
{
	return sinfo_is_ours() ? schedule->start : 0;
}

uint64_t muen_schedule_end(void)
{
	return sinfo_is_ours() ? schedule->end : 0;
}

/* ---- console: records of 56 characters in the channel "debuglog" ------------------------ */

static struct channel_writer console;
static bool console_works;

void platform_console_init(void)
{
	const struct sinfo_resource *log = muen_resource("debuglog", "", SINFO_MEMORY);

	if (log)
		console_works = channel_begin(&console, log->data.memory.address,
					      log->data.memory.size, CONSOLE_PROTOCOL,
					      sizeof(struct console_record), muen_schedule_start());
}

/* A record goes out when a line ends or the record is full; what is left waits for more text. */
void solo5_console_write(const char *text, size_t length)
{
	static struct console_record record;
	static size_t used;

	if (!console_works)
		return;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\0' || text[i] == '\r')
			continue;
		record.text[used++] = text[i];
		if (text[i] != '\n' && used < sizeof(record.text))
			continue;
		record.time = muen_schedule_start();
		channel_write(&console, &record);
		memset(&record, 0, sizeof(record));
		used = 0;
	}
}

/* ---- boot and end ------------------------------------------------------------------------ */

/* The start of hvt's boot info; only these two members are filled in on Muen. */
struct muen_boot_info {
	uint64_t memory_size;
	uint64_t kernel_end;
	uint64_t tsc_frequency;
	uint64_t cmdline;
};

extern const unsigned char _smanifest[]; /* the manifest's note, in the image */
#define MANIFEST_OFFSET 24		 /* of the manifest in its note */

void platform_boot(const void *address, struct boot *boot)
{
	const struct muen_boot_info *info = address;

	boot->memory_size = info->memory_size;
	boot->cmdline = (const char *)(uintptr_t)info->cmdline;
	boot->manifest = (const struct manifest *)(_smanifest + MANIFEST_OFFSET);
}

/* Muen has no exit status; a subject that can be reset has an event for its end. */
_Noreturn void platform_exit(int status, const void *frame)
{
	const struct sinfo_resource *event = muen_resource("solo5_exit", "", SINFO_EVENT);

	(void)status;
	(void)frame;
	print("Solo5: Halted\n");
	if (event)
		__asm__ __volatile__("vmcall" : : "a"((uint64_t)event->data.event) : "memory");
	cpu_halt();
}

/* ---- clocks --------------------------------------------------------------------------------- */

static const volatile struct muen_time_info *time_info;
static uint64_t tick_multiplier; /* nanoseconds = ticks * tick_multiplier >> 32 */
static uint64_t ticks_minimum;	 /* ticks in about a nanosecond */

/* The base is published last, so the frequency is valid once there is a base. */
void platform_clock_init(void)
{
	const struct sinfo_resource *region = muen_resource("time_info", "", SINFO_MEMORY);
	uint64_t frequency;

	if (!region) {
		log_print(LOG_ERROR, "Solo5: no time_info: the clocks stand still\n");
		return;
	}
	time_info = (const volatile struct muen_time_info *)region->data.memory.address;
	while (!time_info->time_base)
		cpu_pause();
	frequency = time_info->frequency;
	guest_assert(frequency > NANOSECONDS);
	tick_multiplier = (NANOSECONDS << 32) / frequency;
	ticks_minimum = (frequency + NANOSECONDS - 1) / NANOSECONDS;
	log_print(LOG_INFO, "Solo5: Clock source: Muen PV clock, TSC frequency %lu Hz\n",
		  frequency);
}

/* The time is that of the current minor frame's start, and a nanosecond more at each call in
 * between; it never goes back. */
solo5_time_t solo5_clock_monotonic(void)
{
	static uint64_t frame_start, ticks;
	uint64_t start = muen_schedule_start();

	if (start != frame_start && start > ticks)
		ticks = start;
	else
		ticks += ticks_minimum;
	frame_start = start;
	return (uint64_t)((unsigned __int128)ticks * tick_multiplier >> 32);
}

uint64_t muen_time_base(void)
{
	return time_info ? time_info->time_base * 1000 : 0;
}

solo5_time_t solo5_clock_wall(void)
{
	return muen_time_base() + solo5_clock_monotonic();
}

/* A subject cannot sleep: it looks for frames until the deadline has passed. */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready)
{
	solo5_handle_set_t found;

	do {
		found = muen_net_ready();
		if (found)
			break;
		cpu_pause();
	} while (solo5_clock_monotonic() < deadline);
	if (ready)
		*ready = found;
}
