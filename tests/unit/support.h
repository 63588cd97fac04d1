/* What every unit test program needs: one call that runs its cases and prints TAP. */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <check.h>

/* Runs the suite, prints one TAP line per test to stdout, returns main's exit status. */
int run_suite(Suite *suite);

/* The path of a file below the folder that holds Muen's schemas and golden documents
 * ($MUENBUILD_SHARED); in a static buffer. NULL if there is no such file: the test then
 * prints a "# SKIP" line of its own and returns. */
const char *shared_path(const char *relative);

#endif
