/* What a file is when it is not the 64-bit ELF file that was hoped for: told by its first
 * bytes (and the two formats whose mark lies further inside: tar and ISO 9660). */
#ifndef SOLO5_FILE_KIND_H
#define SOLO5_FILE_KIND_H

#include "base/error.h"

#include <stddef.h>

/* Sets an ERR_INPUT error "is <what it is>, a 64-bit ELF file was expected", with a mend
 * that fits. Always returns -1. The bytes may be of any kind and number. */
int file_kind_fail(const unsigned char *bytes, size_t size, struct error *err);

#endif
