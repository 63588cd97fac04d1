/* What inspect tells of a Muen system image: a command stream (CSL), plain or signed (SBS). */
#ifndef CLI_INSPECT_STREAM_H
#define CLI_INSPECT_STREAM_H

#include "base/error.h"

#include <stdbool.h>

/* Whether the file begins as one of them does, also of the older revision; no if it cannot be
 * read. */
bool inspect_is_stream(const char *path);

/* Tells of the stream, its commands one by one. Fails with ERR_INPUT if a loader would refuse it,
 * ERR_REFUSED if the blocks of a signed one are not what was signed (the signature itself is not
 * looked at), ERR_NO_INPUT, ERR_IO. */
int inspect_stream(const char *path, bool json, struct error *err);

#endif
