/* From a Solo5 unikernel to a Muen component and the file that backs it: what Muen's own
 * converter does, without its faults.
 */
#ifndef GENCSPEC_CONVERT_H
#define GENCSPEC_CONVERT_H

#include "base/findings.h"
#include "gencspec/component.h"
#include "solo5/unikernel.h"

struct conversion_options {
	const char *file;	   /* base name by which the specification refers to the binary */
	const char *name;	   /* the component's name; NULL: the source specification's */
	const char *source;	   /* path of a source specification; NULL: the built-in one */
	const char *bootparams;	   /* "" for none; at most BOOT_PARAMETERS_MAX bytes */
	uint64_t ram;		   /* bytes, multiple of MUEN_PAGE, > 0 */
	uint64_t channel_size;	   /* bytes per channel, multiple of MUEN_PAGE */
	uint64_t log_channel_size; /* bytes; where the debug log ends in the address space */
	bool resettable;	   /* link muinit, so that Muen can restart the unikernel */
	unsigned subject_info;	   /* revision of the target's Muen, 2..5; 0: any */
};

/* Converts. Fails with ERR_INPUT if the unikernel cannot work on Muen as asked, ERR_USAGE if
 * the options cannot be. Things that work, but perhaps not as meant, go to `findings`.
 * Release the component with component_free(). */
struct component *gencspec_convert(const struct unikernel *unikernel,
				   const struct conversion_options *options,
				   struct findings *findings, struct error *err);

/* The same without a specification: for who needs the component alone, and has no XML. There is no
 * options->source; the result has no `document`. */
struct component *gencspec_plan(const struct unikernel *unikernel,
				const struct conversion_options *options, struct findings *findings,
				struct error *err);

/* Makes the file that the component's regions refer to out of the unikernel's own bytes, in
 * place: zeroes behind each segment's end in its last page, NOPs over .interp where muinit would
 * start the component, and room at the end for the last page. A segment whose last page is
 * shared with another one is appended on a page of its own.
 *
 * `bytes` are those that `unikernel` was parsed from and `component` was converted from. They may
 * move: `unikernel` must only be freed afterwards. A slack of GENCSPEC_SLACK spares a copy. */
void gencspec_patch_binary(const struct unikernel *unikernel, const struct component *component,
			   struct bytes *bytes);

#define GENCSPEC_SLACK MUEN_PAGE

#endif
