/* More instructions that C has no words for, and physical memory. */
#ifndef IMAGE_STANDIN_MACHINE_H
#define IMAGE_STANDIN_MACHINE_H

#include "image/bare/instructions.h"
#include "image/standin/cpu.h"

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	__asm__ __volatile__("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline uint64_t read_cr2(void)
{
	uint64_t value;

	__asm__ __volatile__("movq %%cr2, %0" : "=r"(value));
	return value;
}

static inline uint64_t read_cr3(void)
{
	uint64_t value;

	__asm__ __volatile__("movq %%cr3, %0" : "=r"(value));
	return value;
}

static inline void write_cr3(uint64_t value)
{
	__asm__ __volatile__("movq %0, %%cr3" : : "r"(value) : "memory");
}

static inline void forget_page(uint64_t address)
{
	__asm__ __volatile__("invlpg (%0)" : : "r"(address) : "memory");
}

static inline void pause_cpu(void)
{
	__asm__ __volatile__("pause");
}

static inline _Noreturn void halt_for_ever(void)
{
	for (;;)
		__asm__ __volatile__("cli; hlt");
}

/* Physical memory below 4 GiB. */
static inline void *memory_at(uint64_t physical)
{
	return (void *)(DIRECT_MAP + physical);
}

#endif
