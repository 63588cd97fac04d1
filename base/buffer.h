/* A growing run of bytes. Zero-initialise it; release it with buffer_free(). */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data;	 /* NUL-terminated once anything was added; the NUL is not counted */
	size_t length;	 /* bytes in use */
	size_t capacity; /* bytes allocated */
};

void buffer_add(struct buffer *buffer, const void *bytes, size_t length);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void buffer_free(struct buffer *buffer);

#define cleanup_buffer cleanup_with(buffer_free)

#endif
