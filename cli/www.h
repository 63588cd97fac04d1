/* The folder www of a build: what a web server must offer for iPXE to boot the system. */
#ifndef CLI_WWW_H
#define CLI_WWW_H

#include "base/findings.h"
#include "cli/delivery.h"
#include "cli/www_options.h"
#include "sign/ipxe/script.h"
#include "sign/signer.h"

/* Set the first four, which are borrowed; release with www_free(). */
struct www {
	const struct www_options *options;
	struct delivery *delivery;
	struct findings *findings;
	bool bios, uefi;       /* what the image boots from */
	json_t *sums;	       /* {NAME: SHA-256} of what is signed, when it is added */
	struct signer *signer; /* private, as is the rest; NULL: nothing is signed */
	struct judgement judgement;
	struct bytes memdisk;
	struct ipxe_script script;
	struct buffer text; /* of the script */
};

/* Everything that can fail before the image is made: reads memdisk, checks the key and its
 * certificates as `sign` does, writes the script's text. Fails with ERR_MISSING (no memdisk),
 * ERR_USAGE, and as signer_open(). */
int www_begin(struct www *www, struct error *err);

/* Adds the folder to the delivery, with the delivery's muen.iso and muen.efi in it. Fails
 * as memdisk_require() if memdisk could not boot the ISO, and as digest_file(), signer_sign(),
 * delivery_add(). */
int www_add(struct www *www, struct error *err);

void www_free(struct www *www);

#endif
