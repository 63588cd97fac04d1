/* What a subject has in its address space, as elements of a policy. Inside policy. */
#ifndef POLICY_WORLD_REQUESTS_H
#define POLICY_WORLD_REQUESTS_H

#include "policy/world_source.h"

/* One mapping. Texts and nodes belong to the policy, but for `physical`. */
struct request {
	const struct xml_node *node;	/* that says the address */
	const struct xml_node *origin;	/* that people are shown */
	const struct xml_node *content; /* that has <file>, <fill>, <hash>; or NULL */
	const char *logical;
	char *physical;
	const char *type; /* of the memory, "subject_channel" for a channel */
	bool placed;	  /* whether the address is given; if not, Muen chooses one */
	uint64_t address, size;
	bool writable, executable;
};

struct requests {
	struct request list[WORLD_REGIONS_MAX];
	size_t count;
};

/* Collects the subject's mappings: those of its component and libraries, and its own. Those
 * without an address are placed as Muen's tools do it. Fails with ERR_INPUT. Release with
 * requests_free(), after a failure too. */
int requests_collect(const struct policy *policy, const struct xml_node *subject,
		     struct requests *requests, struct error *err);
void requests_free(struct requests *requests);

/* The request of that name, or NULL. */
const struct request *request_named(const struct requests *requests, const char *logical);

#endif
