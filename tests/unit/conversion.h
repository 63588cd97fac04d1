/* One conversion of a synthetic unikernel, for the tests of gencspec.
 *
 *	struct conversion c = conversion_of(SOLO5_MUEN);
 *	elf_spec_device(&c.spec, "service0", SOLO5_NET_BASIC);
 *	conversion_build(&c);
 *	elf_image_program(&c.image, PH_TEXT)->p_flags |= PF_W;
 *	ck_assert_ptr_null(conversion_run(&c));
 *	conversion_free(&c);
 */
#ifndef TESTS_UNIT_CONVERSION_H
#define TESTS_UNIT_CONVERSION_H

#include "gencspec/convert.h"
#include "tests/unit/elf_builder.h"

struct conversion {
	struct elf_spec spec;
	struct elf_image image; /* what was built; its bytes are handed on by conversion_run() */
	struct conversion_options options;
	struct bytes bytes; /* the unikernel; after conversion_patch() the component's file */
	struct unikernel unikernel;
	struct findings findings;
	struct component *component;
	struct error err;
};

/* Solo5's test_hello without restarts: 512 MiB of RAM, channels of 1 MiB, no boot parameters. */
struct conversion conversion_of(uint32_t target);

void conversion_build(struct conversion *conversion);

/* Gives a section of the built image another name: the table of names moves to the file's end. */
void conversion_rename(struct conversion *conversion, unsigned section, const char *name);

/* Builds the image unless that was done, parses and converts it. NULL if the conversion failed,
 * with err filled; parsing must succeed. */
const struct component *conversion_run(struct conversion *conversion);

/* Makes the component's file out of the bytes. */
void conversion_patch(struct conversion *conversion);

void conversion_free(struct conversion *conversion);
#define cleanup_conversion cleanup_with(conversion_free)

/* The one way to run tests that fail: the kind, and words that the message and its mend have. */
void conversion_refused(struct conversion *conversion, enum error_kind kind, const char *word,
			const char *mend);

#endif
