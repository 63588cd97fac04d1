/* Provenance: what was made of what, as an in-toto Statement (v1) with SLSA's provenance (v1) as
 * its predicate. https://in-toto.io/Statement/v1, https://slsa.dev/provenance/v1
 */
#ifndef SIGN_ATTEST_H
#define SIGN_ATTEST_H

#include "base/error.h"
#include "digest/digest.h"

#include <stddef.h>

/* A file that was made or used. Borrowed. */
struct attest_file {
	const char *name; /* of a subject: what it is published as */
	struct digest digest;
};

/* A parameter of the build. Borrowed. */
struct attest_parameter {
	const char *name;
	const char *value;
};

struct attestation {
	const struct attest_file *subjects;
	size_t subject_count;
	const struct attest_file *materials; /* resolvedDependencies */
	size_t material_count;
	const struct attest_parameter *parameters; /* externalParameters */
	size_t parameter_count;
	const char *builder;	/* URI of who built; NULL: this program on a machine of its user */
	const char *build_type; /* URI of how; NULL: by this program */
};

/* The statement as JSON, with a final newline, owned by the caller. The same attestation gives
 * the same bytes: there is no time in it. Fails with ERR_USAGE if a URI or a name is none, or if
 * two subjects have the same name. */
char *attest_statement(const struct attestation *attestation, struct error *err);

#endif
