/* The fields of a signature that iPXE skips: versions, lists, parameters. A byte altered there
 * would go unseen, so they are checked to be what signing tools write (RFC 5652, RFC 5280).
 */
#ifndef SIGN_JUDGE_INTACT_H
#define SIGN_JUDGE_INTACT_H

#include "sign/judge/contents.h"
#include "sign/ipxe/message.h"
#include "sign/ipxe/refusal.h"

/* Checks a signature that iPXE accepts. `file` is the signature as it came, `der` the message in
 * it. Fails with the refusal filled, its code 0. What it cannot tell: whether a certificate that
 * no chain uses, a CRL or an unsigned attribute was altered. */
int intact_check(const struct ipxe_message *message, const struct ipxe_blob *file, struct der der,
		 const struct contents *contents, struct refusal *refusal);

#endif
