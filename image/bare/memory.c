#include "image/bare/memory.h"

void *memcpy(void *to, const void *from, size_t size)
{
	void *begin = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return begin;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *last = (unsigned char *)to + size - 1;
	const unsigned char *source = (const unsigned char *)from + size - 1;

	if ((size_t)((unsigned char *)to - (const unsigned char *)from) >= size)
		return memcpy(to, from, size);
	__asm__ volatile("std; rep movsb; cld" : "+D"(last), "+S"(source), "+c"(size) : : "memory");
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	void *begin = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return begin;
}

int memcmp(const void *left, const void *right, size_t size)
{
	const unsigned char *first = left, *second = right;

	for (size_t i = 0; i < size; i++)
		if (first[i] != second[i])
			return first[i] - second[i];
	return 0;
}
