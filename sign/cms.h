/* Detached CMS signatures (RFC 5652) in the one form that every iPXE accepts: DER with definite
 * lengths, no signed attributes, the signer named by issuer and serial number, its chain up to
 * the root included. For sign/ only.
 */
#ifndef SIGN_CMS_H
#define SIGN_CMS_H

#include "base/error.h"
#include "base/file.h"
#include "sign/keys/certificate.h"
#include "digest/digest.h"

/* Puts a signature together that was made over `digest` by the key of the chain's first
 * certificate. The caller releases *der with bytes_free(). Fails with ERR_INTERNAL. */
int cms_assemble(const struct certificate_chain *chain, const struct digest *digest,
		 const struct bytes *signature, struct bytes *der, struct error *err);

#endif
