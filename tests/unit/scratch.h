/* A folder for the files of a test program, and what tests do with files there. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <stddef.h>
#include <sys/types.h>

/* An unchecked fixture: one folder for all tests of the case, removed with all that is in it. */
void scratch_make(void);
void scratch_remove(void);

/* The folder, and the path of a name in it (owned by the caller). */
const char *scratch_folder(void);
char *scratch_path(const char *name);

/* Writes a file (text, or bytes) and returns its path, owned by the caller. */
char *scratch_file(const char *name, const char *content, mode_t mode);
char *scratch_bytes(const char *name, const void *bytes, size_t size);

/* The contents of a file as text, owned by the caller; the test fails if it cannot be read. */
char *scratch_text(const char *path);

#endif
