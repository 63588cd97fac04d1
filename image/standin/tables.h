/* The kernel's own segments, trap entries and page tables; a subject's page tables. */
#ifndef IMAGE_STANDIN_TABLES_H
#define IMAGE_STANDIN_TABLES_H

#include <stdbool.h>
#include <stdint.h>

/* entry.S: the page tables that the kernel started with. */
extern uint64_t kernel_pml4[512];

#define PTE_PRESENT 1u
#define PTE_WRITABLE 2u
#define PTE_USER 4u
#define PTE_LARGE 0x80u
#define PTE_NO_EXECUTE (1ull << 63)
#define PTE_ADDRESS 0xffffffffff000ull

#define PAGE 0x1000ull

void tables_init(void);

/* Adds the kernel's half of the address space to a subject's tables, and loads them. */
void tables_use(uint64_t cr3);
/* Back to the kernel's. */
void tables_use_own(void);

struct translation {
	uint64_t physical;
	uint64_t size;	/* bytes of the page: 4 KiB, 2 MiB or 1 GiB */
	uint64_t *leaf; /* its entry */
	bool writable;
};

/* Where a user address of the subject leads. False: nowhere. */
bool tables_translate(uint64_t cr3, uint64_t address, struct translation *translation);

#endif
