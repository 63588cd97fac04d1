/* What the compiler expects to be there. The string instructions are used directly: a loop would
 * be compiled into a call of the very function that it stands in. */
#include <stddef.h>
#include <stdint.h>

void *memset(void *to, int byte, size_t length);
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
int memcmp(const void *a, const void *b, size_t length);

void *memset(void *to, int byte, size_t length)
{
	void *at = to;

	__asm__ __volatile__("rep stosb" : "+D"(at), "+c"(length) : "a"(byte) : "memory");
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	void *at = to;

	__asm__ __volatile__("rep movsb" : "+D"(at), "+S"(from), "+c"(length) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t length)
{
	unsigned char *last_to = (unsigned char *)to + length - 1;
	const unsigned char *last_from = (const unsigned char *)from + length - 1;

	if ((uintptr_t)to - (uintptr_t)from >= length)
		return memcpy(to, from, length);
	__asm__ __volatile__("std\n\trep movsb\n\tcld"
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
