/* What `muenbuild keys` tells. For cli/verb_keys.c. */
#ifndef CLI_KEYS_REPORT_H
#define CLI_KEYS_REPORT_H

#include "base/error.h"
#include "sign/keys/certificate.h"

#include <stdbool.h>
#include <stdint.h>

/* Prints a certificate as a block of lines. */
void print_certificate(const struct certificate *certificate);

/* Prints what certificates, keys and folders of keys are, and whether iPXE accepts what those
 * folders and bundles sign. Returns 0, or -1 (ERR_NO_INPUT, ERR_INPUT). */
int keys_show(char *const *paths, int count, int64_t now, bool json, struct error *err);

/* Prints a table of certificates (of files, or of all in a folder of keys) by their end. Returns 1
 * if one has ended or ends within `days` (at the latest in the last second of them, as `openssl
 * x509 -checkend` counts), 0 if none does, -1 as keys_show(). */
int keys_check(char *const *paths, int count, int64_t now, unsigned int days, bool json,
	       struct error *err);

#endif
