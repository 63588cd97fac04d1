/* What a signature is over: its digests, each computed once, in constant memory. */
#ifndef SIGN_JUDGE_CONTENTS_H
#define SIGN_JUDGE_CONTENTS_H

#include "digest/digest.h"
#include "sign/judge/judge.h"

struct contents {
	const struct judge_content *source;
	bool known[DIGEST_ALGORITHMS];
	struct digest digests[DIGEST_ALGORITHMS];
};

/* Begins; a file must be there and readable. Fails with ERR_NO_INPUT. */
int contents_begin(struct contents *contents, const struct judge_content *source,
		   struct error *err);

/* Makes sure that the digests with wanted[algorithm] set are known, in one pass for all. Fails as
 * digest_file() does. */
int contents_hash(struct contents *contents, const bool wanted[DIGEST_ALGORITHMS],
		  struct error *err);

/* The digest of the contents with their line ends changed to CR LF, which is what OpenSSL signs
 * without -binary. Fails with ERR_INTERNAL. */
int contents_hash_as_text(const struct contents *contents, enum digest_algorithm algorithm,
			  struct digest *digest, struct error *err);

/* What messages call it: the path, or "the contents". */
const char *contents_name(const struct contents *contents);

#endif
