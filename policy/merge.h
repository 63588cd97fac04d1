/* Merges a source policy with everything it refers to, as far as Muen's mucfgmerge does for
 * systems like ours: includes, hardware and platform descriptions, expressions over
 * variables, $variables, conditionals. The result is what Muen's schema of the source format is
 * about.
 */
#ifndef POLICY_MERGE_H
#define POLICY_MERGE_H

#include "xml/xml.h"

/* A document that is not on the disk yet, found before files of the same name. */
struct merge_document {
	const char *name; /* as in <include href="..."> */
	const struct xml_document *document;
};

struct merge_sources {
	const struct xml_document *config; /* the system configuration: names the files below */
	const struct merge_document *documents;
	size_t document_count;
	const char *const *folders; /* to look up files in, in that order */
	size_t folder_count;
};

/* The merged policy; release with xml_free(). Fails with ERR_NO_INPUT for a file that is in no
 * folder, ERR_INPUT "FILE:LINE: ..." for what cannot be merged, such as a variable that is not
 * defined, or an element that only Muen's own tool evaluates (case, amend, templates). */
struct xml_document *policy_merge(const struct xml_document *policy,
				  const struct merge_sources *sources, struct error *err);

#endif
