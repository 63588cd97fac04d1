/* The CPU's tables and instructions. */
#ifndef TESTS_GUESTS_LIB_CPU_H
#define TESTS_GUESTS_LIB_CPU_H

#include <stdint.h>

#define MSR_FS_BASE 0xc0000100u
#define MSR_EFER 0xc0000080u

/* What the trap entry leaves on its stack; hvt's HALT passes it to the tender. */
struct trap_frame {
	uint64_t cr2, error_code, rip, cs, rflags, rsp, ss;
};

/* Loads GDT, TSS and IDT of our own and reloads the segment registers. */
void cpu_init(void);

static inline void cpu_write_msr(uint32_t msr, uint64_t value)
{
	__asm__ __volatile__("wrmsr"
			     :
			     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t cpu_read_msr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ __volatile__("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return ((uint64_t)high << 32) | low;
}

static inline uint64_t cpu_read_tsc(void)
{
	uint32_t low, high;

	__asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
	return ((uint64_t)high << 32) | low;
}

static inline void cpu_pause(void)
{
	__asm__ __volatile__("pause" ::: "memory");
}

/* Keeps the compiler from moving memory accesses across; the CPU keeps the order of stores. */
static inline void cpu_barrier(void)
{
	__asm__ __volatile__("" ::: "memory");
}

static inline void cpu_out32(uint16_t port, uint32_t value)
{
	__asm__ __volatile__("outl %0, %1" : : "a"(value), "d"(port) : "memory");
}

_Noreturn static inline void cpu_halt(void)
{
	for (;;)
		__asm__ __volatile__("cli; hlt" ::: "memory");
}

#endif
