/* Whether a file has the stand-in kernel in it: by its contents, whatever it is called. */
#ifndef CLI_STANDIN_H
#define CLI_STANDIN_H

#include "base/error.h"
#include "base/findings.h"

#include <stdbool.h>

/* Looks into a command stream, a signed block stream, an ISO image, an EFI program; any other
 * file has none. Fails with ERR_NO_INPUT. */
int standin_find(const char *path, bool *found, struct error *err);

/* Before a file is signed: refuses one that has it, or warns of it if that is allowed. Fails with
 * ERR_REFUSED, and as standin_find(). */
int standin_check_signing(const char *path, bool allowed, struct findings *findings,
			  struct error *err);

/* That refusal. Always returns -1. */
int standin_refuse(const char *path, struct error *err);

/* Adds the warning about such a file. */
void standin_warn(const char *path, struct findings *findings);

#endif
