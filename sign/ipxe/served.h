/* Checks the files that an iPXE script refers to before a machine finds out. */
#ifndef SIGN_IPXE_SERVED_H
#define SIGN_IPXE_SERVED_H

#include "sign/ipxe/script.h"

#include <stdbool.h>
#include <stdint.h>

/* Checks that every file the script fetches is in the folder with its signature, is of the kind
 * that iPXE starts, and that memdisk can boot the ISO on a machine with `target_ram` bytes of
 * memory (0: not known). The signatures themselves are not checked. Fails with ERR_NO_INPUT for
 * what is missing, ERR_INPUT for what cannot be booted. */
int ipxe_served_check(const struct ipxe_script *script, const char *folder, uint64_t target_ram,
		      struct findings *findings, struct error *err);

/* Checks that the file is memdisk, or another program that iPXE starts as it. Fails with
 * ERR_NO_INPUT or ERR_INPUT. */
int ipxe_memdisk_check(const char *path, struct error *err);

/* Checks that a file can be named in CERT= (`pinned` false) or TRUST= (true) when iPXE is built:
 * its build takes PEM only, and pins the first certificate of a file only. Fails with ERR_NO_INPUT
 * or ERR_INPUT. */
int ipxe_certificate_check(const char *path, bool pinned, struct findings *findings,
			   struct error *err);

#endif
