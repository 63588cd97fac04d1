/* The start of a guest and the parts of the bindings that do not depend on the target. */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/platform.h"

#define HEAP_MIN 0x80000 /* bytes; with less the bindings refuse to start */
#define PAGE_SIZE 0x1000

struct entry_registers entry_registers;

static struct boot boot;
static enum log_level level = LOG_INFO;

_Noreturn void guest_start(const void *boot_info);

bool log_enabled(enum log_level wanted)
{
	return wanted <= level;
}

_Noreturn void guest_abort(const char *file, unsigned line, const char *message, const void *frame)
{
	print("Solo5: ABORT: ");
	print("%s:%u: ", file, line);
	print("%s\n", message);
	platform_exit(SOLO5_EXIT_ABORT, frame);
}

_Noreturn void solo5_exit(int status)
{
	log_print(LOG_INFO, "Solo5: solo5_exit(%d) called\n", status);
	platform_exit(status, NULL);
}

_Noreturn void solo5_abort(void)
{
	log_print(LOG_INFO, "Solo5: solo5_abort() called\n");
	platform_exit(SOLO5_EXIT_ABORT, NULL);
}

solo5_result_t solo5_set_tls_base(uintptr_t base)
{
	cpu_write_msr(MSR_FS_BASE, base);
	return SOLO5_R_OK;
}

uint64_t guest_memory_size(void)
{
	return boot.memory_size;
}

const struct manifest *guest_manifest(void)
{
	return boot.manifest;
}

solo5_handle_t manifest_find(const char *name, enum manifest_type type)
{
	for (uint32_t i = 1; i < boot.manifest->entries; i++)
		if (boot.manifest->entry[i].type == (uint32_t)type &&
		    !strcmp(boot.manifest->entry[i].name, name))
			return i;
	return 0;
}

static void check_manifest(const struct manifest *manifest)
{
	guest_assert(manifest->version == MANIFEST_VERSION);
	guest_assert(manifest->entries >= 1 && manifest->entries <= MANIFEST_ENTRIES_MAX);
	guest_assert(manifest->entry[0].type == MANIFEST_RESERVED_FIRST);
	for (uint32_t i = 0; i < manifest->entries; i++)
		guest_assert(!manifest->entry[i].name[sizeof(manifest->entry[i].name) - 1]);
}

/* The length of the "--solo5:..." word that the text begins with, or 0. */
static size_t level_word(const char *text, enum log_level *wanted)
{
	static const char *const words[] = {
		[LOG_QUIET] = "--solo5:quiet", [LOG_ERROR] = "--solo5:error",
		[LOG_WARN] = "--solo5:warn",   [LOG_INFO] = "--solo5:info",
		[LOG_DEBUG] = "--solo5:debug",
	};
	size_t available = strlen(text);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i]);

		if (available < length || memcmp(text, words[i], length) ||
		    (text[length] && text[length] != ' '))
			continue;
		*wanted = (enum log_level)i;
		return length;
	}
	return 0;
}

/* Takes the leading "--solo5:..." words; returns the rest. */
static const char *take_log_level(const char *cmdline)
{
	size_t length;

	while ((length = level_word(cmdline, &level))) {
		cmdline += length;
		while (*cmdline == ' ')
			cmdline++;
	}
	return cmdline;
}

static void print_memory_map(uintptr_t heap_start)
{
	log_print(LOG_INFO, "Solo5: test guest for %s, %lu MB of memory\n", guest_target,
		  boot.memory_size >> 20);
	log_print(LOG_DEBUG, "Solo5:   text @ (0x%lx - 0x%lx)\n", (uintptr_t)_stext,
		  (uintptr_t)_etext - 1);
	log_print(LOG_DEBUG, "Solo5: rodata @ (0x%lx - 0x%lx)\n", (uintptr_t)_etext,
		  (uintptr_t)_erodata - 1);
	log_print(LOG_DEBUG, "Solo5:   data @ (0x%lx - 0x%lx)\n", (uintptr_t)_erodata,
		  (uintptr_t)_end - 1);
	log_print(LOG_DEBUG, "Solo5:   heap >= 0x%lx < stack < 0x%lx\n", heap_start,
		  boot.memory_size);
}

/* Comes from _start with the boot info's address. */
_Noreturn void guest_start(const void *boot_info)
{
	struct solo5_start_info info = { .heap_start = (uintptr_t)_end };

	cpu_write_msr(MSR_FS_BASE, 0);
	platform_console_init();
	cpu_init();
	platform_boot(boot_info, &boot);
	info.cmdline = take_log_level(boot.cmdline);
	check_manifest(boot.manifest);
	print_memory_map(info.heap_start);
	if (info.heap_start + HEAP_MIN > boot.memory_size)
		guest_abort(__FILE_NAME__, __LINE__, "Not enough memory", NULL);
	info.heap_size = boot.memory_size - info.heap_start;
	platform_clock_init();
	solo5_exit(solo5_app_main(&info));
}
