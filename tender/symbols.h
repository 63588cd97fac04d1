/* Which function of the unikernel an address lies in. */
#ifndef TENDER_SYMBOLS_H
#define TENDER_SYMBOLS_H

#include "solo5/elf.h"

/* Writes "name+0x12" for the nearest symbol at or below an address into text[size], or "" if the
 * file has none: names are made printable. Returns text. */
const char *symbol_near(const struct elf *elf, uint64_t address, char *text, size_t size);

/* The addresses of the function of that name: [*start, *end), both 0 if there is none. */
void symbol_range(const struct elf *elf, const char *name, uint64_t *start, uint64_t *end);

#endif
