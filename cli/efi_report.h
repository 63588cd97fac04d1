/* What `inspect` tells of an EFI program: muen.efi, or another one. */
#ifndef CLI_EFI_REPORT_H
#define CLI_EFI_REPORT_H

#include "base/error.h"

#include <stdbool.h>

/* Examines the program (efi_recognise() is true of it) and prints the report to stdout, for people
 * or as JSON. Fails as efi_examine() and report_print() do; what is broken is part of the report.
 */
int efi_inspect(const char *path, bool json, struct error *err);

#endif
