/* Signatures for GRUB: with --gpg-key, GRUB has the public key inside and opens only files that
 * have a signature by it beside them.
 */
#ifndef CLI_BOOT_SIGNING_H
#define CLI_BOOT_SIGNING_H

#include "base/buffer.h"
#include "cli/image_options.h"
#include "iso/iso.h"

enum { BOOT_FILES_MOST = 3 }; /* stream, loader, configuration */

/* Zero-initialise; release with boot_signing_free(). */
struct boot_signing {
	struct buffer public_key;
	struct buffer signatures[BOOT_FILES_MOST];
	char *paths[BOOT_FILES_MOST];
	size_t count;
};

/* Signs the file as it will be on the image, and appends its signature, which refers to `signing`,
 * to files. Fails as openpgp_sign() and file_read(). */
int boot_signing_add(struct boot_signing *signing, const struct image_options *options,
		     const struct iso_file *file, struct iso_file *signature, struct error *err);

/* Fetches the public key. Fails as openpgp_export(). */
int boot_signing_key(struct boot_signing *signing, const struct image_options *options,
		     struct error *err);

void boot_signing_free(struct boot_signing *signing);

#define cleanup_boot_signing cleanup_with(boot_signing_free)

#endif
