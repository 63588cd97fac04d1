/* Instructions that C has no words for, and physical memory. */
#ifndef IMAGE_STANDIN_MACHINE_H
#define IMAGE_STANDIN_MACHINE_H

#include "image/standin/cpu.h"

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ __volatile__("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ __volatile__("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint64_t read_msr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ __volatile__("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ __volatile__("wrmsr"
			     :
			     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			     : "memory");
}

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
