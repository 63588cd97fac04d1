/* What guests share and Solo5's interface does not have: printing, arguments, memory functions,
 * and probes of memory that may fault. */
#ifndef TESTS_GUESTS_LIB_GUEST_H
#define TESTS_GUESTS_LIB_GUEST_H

#include "tests/guests/lib/solo5.h"

/* ---- text --------------------------------------------------------------------- */

/* Prints to the console: %s %c %d %i %u %x %% with the sizes l, ll, z, and a width with or
 * without leading zero. A text under 200 bytes is one console write. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- memory (the compiler calls these on its own, too) --------------------------- */

void *memset(void *to, int byte, size_t length);
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

/* ---- arguments -------------------------------------------------------------------- */

#define ARGUMENT_TEXTS_MAX 4

/* One argument that a guest knows. Exactly one of the targets is set; what they hold before is
 * the default. */
struct argument {
	const char *name;   /* "--lines=" takes a value, "--full" does not,
			     * "" is a word without dashes */
	uint64_t *number;   /* a value in decimal, up to 19 digits */
	const char **texts; /* up to ARGUMENT_TEXTS_MAX values, in order */
	bool *flag;	    /* becomes true */
	const char *what;   /* for the list of arguments: "how many lines to print" */
};

/* Splits the command line at spaces and sets the targets. On a word that no argument takes, a bad
 * number or too many texts it says so, lists the arguments and exits with status 2. To be called
 * once. The texts stay valid. */
void parse_arguments(const char *cmdline, const struct argument *arguments, size_t count);

/* ---- traps and probes ---------------------------------------------------------------- */

/* Reads, writes or executes at an address and returns -1 if that went well, else the number of
 * the CPU exception that came. Executing expects a function that returns. */
int probe_read(uintptr_t address);
int probe_write(uintptr_t address, uint8_t byte);
int probe_execute(uintptr_t address);

/* "#PF" and the like; "no fault" for -1. */
const char *trap_name(int vector);

/* ---- what the network channels of Muen have and hvt has not -------------------------- */

/* How a device goes on after its "|in" channel was overrun: false, the default, as Muen's reference
 * reader (skip what is lost); true as Solo5's bindings (read nothing more until a new epoch). */
extern bool net_overrun_is_fatal;

/* Prints how often the device's "|in" channel began anew and was overrun. Nothing on hvt. */
void print_net_channel(solo5_handle_t handle, const char *name);

/* ---- the environment ----------------------------------------------------------------- */

/* The registers as the guest was entered. */
struct entry_registers {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15;
};
extern struct entry_registers entry_registers;

/* The first address behind memory. */
uint64_t guest_memory_size(void);

/* "hvt" or "muen". */
extern const char guest_target[];

/* From the linker script. Each is page-aligned. */
extern unsigned char _stext[], _etext[], _erodata[], _end[];

#endif
