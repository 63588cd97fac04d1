/* What `inspect` tells of an ISO image. */
#ifndef CLI_ISO_REPORT_H
#define CLI_ISO_REPORT_H

#include "base/error.h"

#include <stdbool.h>

/* Whether the file is one, by its mark alone; false also if it cannot be read. */
bool iso_recognise(const char *path);

/* Examines it and prints the report to stdout, for people or as JSON. Fails as iso_examine() and
 * report_print() do; what is broken in the image is part of the report. */
int iso_inspect(const char *path, bool json, struct error *err);

#endif
