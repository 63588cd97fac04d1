/* The system that a build has composed, as a policy to be read before anything is in place. */
#ifndef CLI_COMPOSED_H
#define CLI_COMPOSED_H

#include "policy/world_xml.h"

struct build;
struct converted;

/* Where the components' files lie for now. Zero-initialise; release with composed_free(). */
struct composed {
	struct policy_file *unikernels; /* paths owned */
	size_t unikernel_count;
	int *memory_files; /* in a dry run: what their paths name; a child must inherit them */
	size_t memory_file_count;
};

/* Says that a unikernel is in the delivery; its bytes are still there. Fails with ERR_IO. */
int composed_add(struct build *build, const struct converted *converted, struct error *err);
void composed_free(struct composed *composed);

/* The policy with all that it consists of; borrowed from the build. Release with
 * composed_policy_free(). */
struct composed_policy {
	struct policy_source source;
	struct policy_file *files;
	char *path;
};

struct composed_policy composed_policy(const struct build *build);
void composed_policy_free(struct composed_policy *policy);

#define cleanup_composed_policy cleanup_with(composed_policy_free)

#endif
