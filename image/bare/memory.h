/* What compilers expect of any environment. */
#ifndef IMAGE_BARE_MEMORY_H
#define IMAGE_BARE_MEMORY_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

#endif
