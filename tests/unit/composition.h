/* Systems of synthetic unikernels, for the tests of policy.
 *
 *	cleanup_composing struct composing c;
 *	composing_begin(&c, "description: x\n");
 *	composing_add(&c, "web", "service0 eth1", true);
 *	composing_link(&c, "web", "service0", "dns", "service0");
 *	ck_assert_msg(composing_run(&c), "%s", c.err.message);
 */
#ifndef TESTS_UNIT_COMPOSITION_H
#define TESTS_UNIT_COMPOSITION_H

#include "policy/compose.h"

#define COMPOSING_MAX 128

struct composing {
	struct recipe *recipe;
	struct hardware *hardware; /* NULL: none */
	struct component *components[COMPOSING_MAX];
	struct unikernel_request requests[COMPOSING_MAX];
	struct link links[COMPOSING_MAX];
	struct composition composition;
	struct findings findings;
	struct system *system;
	struct error err;
	uint64_t ram;	       /* of unikernels added from now on, bytes; at first 16 MiB */
	uint64_t channel_size; /* likewise; at first 1 MiB */
};

/* With a recipe in YAML. */
void composing_begin(struct composing *composing, const char *recipe);

/* Muen's descriptions of QEMU/KVM as the hardware. False if they are not there. */
bool composing_use_qemu(struct composing *composing);

/* Adds a unikernel; `devices` are the names of its network devices, with blanks between. */
struct unikernel_request *composing_add(struct composing *composing, const char *name,
					const char *devices, bool resettable);

/* Adds one with a component specification of its own. */
struct unikernel_request *composing_add_spec(struct composing *composing, const char *spec);

void composing_link(struct composing *composing, const char *left, const char *left_device,
		    const char *right, const char *right_device);

/* NULL if it fails, with err filled. */
struct system *composing_run(struct composing *composing);

/* Must fail: with the kind, and words of the message and its mend. */
void composing_refused(struct composing *composing, enum error_kind kind, const char *word,
		       const char *mend);

void composing_free(struct composing *composing);
#define cleanup_composing cleanup_with(composing_free)

#endif
