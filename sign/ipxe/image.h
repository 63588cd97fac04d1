/* Whether iPXE takes a file for ASN.1 at all, and what it gets out of it (its src/image/der.c,
 * pem.c and src/core/base64.c). Also reads certificates for policies, with the same decoder.
 */
#ifndef SIGN_IPXE_IMAGE_H
#define SIGN_IPXE_IMAGE_H

#include "base/buffer.h"
#include "sign/der.h"
#include "sign/ipxe/policy.h"
#include "sign/ipxe/refusal.h"

/* The DER of a signature file: of a DER file itself (which must be one object and nothing else),
 * or of the first block of a PEM file, decoded into `decoded`. Cut to the first object; empty if
 * that is damaged. */
int image_open(const struct ipxe_blob *file, enum ipxe_version version, struct buffer *decoded,
	       struct der *message, struct refusal *refusal);

/* Whether the file is read as PEM. */
bool image_is_pem(const struct ipxe_blob *file);

/* That the block of a PEM file is what a tool writes around `message`: for bytes that the decoder
 * ignores. Lines before and after it are free. Returns NULL, or what the file is or has. */
const char *image_pem_defect(const struct ipxe_blob *file, struct der message);

/* Hands every certificate of a file (DER, or all CERTIFICATE blocks of a PEM file) to `take`
 * until it returns other than 0, which is then returned. Fails with ERR_INPUT when there is none
 * or one cannot be decoded. */
int image_certificates(const struct ipxe_blob *file,
		       int (*take)(void *context, struct der certificate, struct error *err),
		       void *context, struct error *err);

#endif
