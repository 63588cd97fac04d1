/* What `muenbuild sign` was asked for, and what it makes. For cli/verb_sign.c. */
#ifndef CLI_SIGN_RUN_H
#define CLI_SIGN_RUN_H

#include "base/error.h"
#include "base/findings.h"
#include "cli/options.h"
#include "digest/digest.h"
#include "sign/keys/passphrase.h"
#include "sign/signer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sign_command {
	struct signer_request signer;
	struct passphrase passphrase;
	struct word_list authorities, materials, parameters; /* parameters: "NAME=VALUE" */
	const char *output;				     /* folder; NULL: beside each file */
	const char *builder;	/* NULL: the default of sign/attest.h */
	const char *build_type; /* the same */
	uint64_t target_ram;	/* bytes of the machine that boots; 0: not known */
	bool any_iso;		/* also an ISO image that memdisk cannot boot */
	bool allow_standin;	/* also what has the stand-in kernel in it */
	bool attest, dry_run, json;
	const char *const *files;
	size_t file_count;
};

/* One signature that is made, of a FILE or of its attestation. */
struct product {
	char *signed_path;
	char *path; /* of the signature */
	struct digest digest;
	uint64_t size;
	size_t signature_size; /* 0 in a dry run */
};

/* Set the first three, which are borrowed; release with sign_run_free(). */
struct sign_run {
	const struct sign_command *command;
	const struct signer *signer;
	struct findings *findings; /* gets what is worth knowing about the files */
	struct product *products;
	size_t product_count;
	struct digest_job *files, *materials; /* private, as is the rest */
	struct place *places;
	size_t place_count;
};

/* Refuses, before anything is asked for, ISO images that memdisk cannot boot or that do not fit: a
 * verified ISO can only be booted through it. Fails as memdisk_require() does; with ERR_REFUSED for
 * what has the stand-in kernel in it. */
int sign_run_check(struct sign_run *run, struct error *err);

/* Hashes the files, signs them and puts all signatures (and attestations) in place, or none. A dry
 * run hashes, and only lists what would be made. Fails with ERR_NO_INPUT,
 * ERR_INPUT, ERR_USAGE (two outputs of one name), ERR_CANT_CREATE, ERR_IO, and as
 * signer_sign() and attest_statement() do. */
int sign_run_make(struct sign_run *run, struct error *err);

void sign_run_free(struct sign_run *run);

#endif
