/* Memory and strings for small things.
 *
 * These never return NULL: when the system has no memory left for a few bytes,
 * the process says so and ends with status 71 (sysexits' EX_OSERR). Anything
 * whose size comes from an input is checked against a limit first, or read with
 * file_read(), which fails with an error.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Passes on memory that a library allocated; NULL ends the process as above. */
void *xchecked(void *memory);

/* Grows `array` so that one more element fits: count is the number in use. The
 * capacity is not stored: it is the next power of two. */
#define array_grow(array, count) ((array) = array_grow_sized((array), (count), sizeof(*(array))))
void *array_grow_sized(void *array, size_t count, size_t element_size);

#endif
