/* The string instructions are used directly: a loop would be compiled into a call of the very
 * function it stands in, and a host that interprets the guest is faster with them. */
#include "tests/guests/lib/guest.h"

void *memset(void *to, int byte, size_t length)
{
	uint64_t pattern = 0x0101010101010101u * (uint8_t)byte;
	size_t words = length / 8, rest = length % 8;
	void *at = to;

	__asm__ __volatile__("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
	__asm__ __volatile__("rep stosb" : "+D"(at), "+c"(rest) : "a"(pattern) : "memory");
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	size_t words = length / 8, rest = length % 8;
	void *at = to;

	__asm__ __volatile__("rep movsq" : "+D"(at), "+S"(from), "+c"(words) : : "memory");
	__asm__ __volatile__("rep movsb" : "+D"(at), "+S"(from), "+c"(rest) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t length)
{
	unsigned char *last_to = (unsigned char *)to + length - 1;
	const unsigned char *last_from = (const unsigned char *)from + length - 1;

	if ((uintptr_t)to - (uintptr_t)from >= length)
		return memcpy(to, from, length);
	__asm__ __volatile__("std; rep movsb; cld"
			     : "+D"(last_to), "+S"(last_from), "+c"(length)
			     :
			     : "memory", "cc");
	return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
	const unsigned char *left = a, *right = b;

	for (size_t i = 0; i < length; i++)
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	return 0;
}

size_t strlen(const char *text)
{
	const char *end = text;
	size_t left = SIZE_MAX;

	__asm__ __volatile__("repne scasb" : "+D"(end), "+c"(left) : "a"(0) : "memory", "cc");
	return (size_t)(end - text) - 1;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}
