/* What the two targets offer to the part of the bindings that they share (core.c). */
#ifndef TESTS_GUESTS_LIB_PLATFORM_H
#define TESTS_GUESTS_LIB_PLATFORM_H

#include "tests/guests/lib/manifest.h"
#include "tests/guests/lib/solo5.h"

struct boot {
	uint64_t memory_size; /* the address of the end of memory */
	const char *cmdline;
	const struct manifest *manifest;
};

/* In this order, once each. The first may be called before any CPU table is loaded. */
void platform_console_init(void);
void platform_boot(const void *boot_info, struct boot *boot);
void platform_clock_init(void);

/* Ends the guest. `frame` is a trap's, or NULL. */
_Noreturn void platform_exit(int status, const void *frame);

/* ---- from core.c ----------------------------------------------------------------------- */

enum log_level { LOG_QUIET, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* True if a message of that level is to be printed. */
bool log_enabled(enum log_level level);

#define log_print(level, ...)                                                                      \
	do {                                                                                       \
		if (log_enabled(level))                                                            \
			print(__VA_ARGS__);                                                        \
	} while (0)

/* Prints "Solo5: ABORT: file:line: message" in several console writes and exits with status 255. */
_Noreturn void guest_abort(const char *file, unsigned line, const char *message, const void *frame);

#define guest_assert(condition)                                                                    \
	((condition) ? (void)0 : guest_abort(__FILE_NAME__, __LINE__, #condition, NULL))

/* The handle of the manifest's device of that name and type, or 0. */
solo5_handle_t manifest_find(const char *name, enum manifest_type type);
const struct manifest *guest_manifest(void);

#endif
