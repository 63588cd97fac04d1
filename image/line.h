/* One line of text, put together without a C library: what a command stream's rules and the
 * loader say. Freestanding; what does not fit is cut.
 */
#ifndef IMAGE_LINE_H
#define IMAGE_LINE_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. */
struct line {
	char text[320]; /* NUL-terminated */
	size_t length;
};

void line_text(struct line *line, const char *text);

/* At most `size` bytes, up to a NUL; those that are no printable ASCII are shown as '?'. */
void line_bytes(struct line *line, const char *bytes, size_t size);

void line_decimal(struct line *line, uint64_t number);
void line_hex(struct line *line, uint64_t number); /* with 0x, without leading zeroes */

#endif
