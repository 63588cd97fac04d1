/* The world of a subject, exactly as a policy lays it out: addresses, sizes, names, rights, boot
 * parameters, registers.
 *
 * A policy is read in any of its forms: the system that muenbuild composes, or one of the user's,
 * with includes, variables and conditionals; its system configuration; and what Muen's own tools
 * make of it: merged, joined, format A, format B. In the source forms a subject has what its
 * component and the libraries that this depends on provide and require, and what Muen's expander
 * adds; in formats A and B its memory is explicit.
 *
 * Devices are left out: Solo5 has no use for them on Muen. Arrays are not evaluated; format A has
 * them resolved.
 *
 * Sources: Muen's schemas, mucfgvresalloc, mucfgexpand and its checks.
 */
#ifndef POLICY_WORLD_XML_H
#define POLICY_WORLD_XML_H

#include "subject/world.h"

/* A file that is found before those of the same name on the disk, where it may not be yet. */
struct policy_file {
	const char *name;  /* without folder */
	const void *bytes; /* NULL: read from `path` */
	size_t size;
	const char *path; /* by which whoever runs the subject can open it; NULL: no need */
};

struct policy_source {
	const char *path;		 /* of the policy, or of its system configuration */
	const struct policy_file *files; /* the policy itself may be among them */
	size_t file_count;
	const char *const *folders; /* to look for includes, components and unikernels in, in that
				     * order, behind the policy's own folder */
	size_t folder_count;
	const char *unikernel; /* path of the unikernel to run, instead of the file that the policy
				* names; or NULL */
};

struct policy;

/* Reads a policy with all that it refers to. The source is borrowed and must outlive the policy.
 * Fails with ERR_NO_INPUT for a file that cannot be found, ERR_INPUT "FILE:LINE: ...". */
struct policy *policy_open(const struct policy_source *source, struct error *err);
void policy_close(struct policy *policy);
DEFINE_CLEANUP(struct policy *, policy_close)
#define cleanup_policy cleanup_with(policy_closep)

/* The subjects that are unikernels, those that have a Solo5 boot info page, in the policy's order;
 * *names belongs to the policy. */
size_t policy_unikernels(const struct policy *policy, const char *const **names);

/* The subject's world, settled; the regions' origins are "FILE:LINE". Fails with ERR_INPUT for
 * what Muen would refuse (a resource that the component requires and that is not mapped or has
 * another size, a physical resource that is not there, overlaps), for a subject that is not there
 * or is no unikernel, naming those that are; with ERR_NO_INPUT if a file that the subject consists
 * of is in no folder. */
struct subject_world *policy_world(const struct policy *policy, const char *subject,
				   struct error *err);

#endif
