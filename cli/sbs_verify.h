/* Verifying a signed block stream (SBS), for the verbs sbs and verify. */
#ifndef CLI_SBS_VERIFY_H
#define CLI_SBS_VERIFY_H

#include "base/error.h"

#include <stdbool.h>

struct sbs_question {
	const char *input;
	const char *output;	 /* where to put the contents; NULL: nowhere */
	const char *homedir;	 /* GnuPG's; NULL: its own choice */
	const char *fingerprint; /* the only key to accept, as openpgp_fingerprint() writes it;
				    NULL: any */
	bool json;
};

/* Checks that `output` can take the contents of a stream or a stream: a file, because the blocks
 * are not written in their order, and another one than the input. Fails with ERR_USAGE. */
int sbs_check_output(const char *input, const char *output, struct error *err);

/* Whether the file begins as an SBS does; no if it cannot be read. */
bool sbs_looks_like_one(const char *path);

/* Checks signature and blocks and tells the verdict. The contents are put in place only if
 * everything is as it was signed. Returns the exit status; fails as openpgp_verify() and
 * sbs_check() do: with ERR_REFUSED for a stream that is rejected, unless the verdict went out as
 * a document, and the status is ERR_REFUSED then. */
int sbs_verify(const struct sbs_question *question, struct error *err);

#endif
