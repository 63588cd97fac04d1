/* Why iPXE says no: filled by the rules, handed on by the judge. */
#ifndef SIGN_IPXE_REFUSAL_H
#define SIGN_IPXE_REFUSAL_H

#include "base/error.h"

#include <stdint.h>

struct refusal {
	uint32_t code;	       /* enum ipxe_error; 0: iPXE would not notice */
	const char *rule;      /* stable identifier: "expired", "no-key-usage"... */
	char reason[1024];     /* a sentence: object, what was found, what is wanted */
	char mend[512];	       /* may be empty */
	char certificate[512]; /* subject of the certificate it is about; may be empty */
};

/* Fills the refusal. Always returns -1, so that `return refuse(...)` reads well. */
int refuse(struct refusal *refusal, uint32_t code, const char *rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Says how to mend it. Always returns -1. */
int refuse_mend(struct refusal *refusal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says which certificate it is about. Always returns -1. */
int refuse_about(struct refusal *refusal, const char *subject);

/* Says no because a digest could not be computed. Always returns -1. */
int refuse_unjudged(struct refusal *refusal, const struct error *err);

#endif
