/* Which function of the unikernel an address lies in. */
#ifndef TENDER_SYMBOLS_H
#define TENDER_SYMBOLS_H

#include "solo5/elf.h"

/* Writes "name+0x12" for the nearest symbol at or below an address into text[size], or "" if the
 * file has none: names are made printable. Returns text. */
const char *symbol_near(const struct elf *elf, uint64_t address, char *text, size_t size);

#endif
