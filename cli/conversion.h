/* A unikernel on its way through the command: read once, examined, converted, patched. */
#ifndef CLI_CONVERSION_H
#define CLI_CONVERSION_H

#include "base/file.h"
#include "base/findings.h"
#include "gencspec/convert.h"
#include "solo5/unikernel.h"

struct converted {
	const char *path;	    /* as the user named it; borrowed */
	char *file;		    /* base name of the component's file */
	uint64_t input_size;	    /* bytes of the unikernel as it was read */
	char sha256[65];	    /* of the unikernel as it was read */
	struct bytes bytes;	    /* the unikernel; after conversion, the component's file */
	struct unikernel unikernel; /* names and numbers only, once the bytes are patched */
	struct component *component;
	struct findings findings;
};

/* Reads the file and parses it as a unikernel. */
int converted_read(struct converted *converted, const char *path, struct error *err);

/* Converts it. options->file, if NULL, becomes the base name of the path; otherwise it is used.
 * Errors name the path. With `patch`, bytes become those of the component's file. */
int converted_run(struct converted *converted, struct conversion_options *options, bool patch,
		  struct error *err);

void converted_free(struct converted *converted);

#endif
