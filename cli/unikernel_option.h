/* The --unikernel option: FILE[,KEY=VALUE...], and the --bootparams that go with it. */
#ifndef CLI_UNIKERNEL_OPTION_H
#define CLI_UNIKERNEL_OPTION_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unikernel_option {
	char *path;
	char *name;	       /* NULL: not given */
	char *bootparams;      /* NULL: not given */
	uint64_t ram;	       /* bytes; 0: not given */
	uint64_t channel_size; /* bytes; 0: not given */
	int resettable;	       /* -1: not given */
	unsigned ticks;	       /* 0: not given */
	int cpu;	       /* -1: not given */
};

struct unikernel_options {
	struct unikernel_option *list;
	size_t count;
	char *early_bootparams; /* given before the first --unikernel: meant for it */
};

/* Parses one --unikernel value and appends it. Fails with ERR_USAGE. */
int unikernel_options_add(struct unikernel_options *options, const char *value, struct error *err);

/* Gives boot parameters to the unikernel named last. Fails with ERR_USAGE if it has some. */
int unikernel_options_bootparams(struct unikernel_options *options, const char *value,
				 struct error *err);

void unikernel_options_free(struct unikernel_options *options);

/* What holds for all unikernels that have no key of their own. */
struct unikernel_defaults {
	uint64_t ram, channel_size; /* bytes; 0: the recipe's */
	int subject_info;	    /* -1: the recipe's; 0: any */
	const char *source;	    /* NULL: the built-in source specification */
	bool disable_reset;
};

/* The values of --subject-info, and of channel sizes, which are above 0; `option` is for messages.
 * Fail with ERR_USAGE. */
int parse_channel_size(const char *option, const char *value, uint64_t *bytes, struct error *err);
int parse_subject_info(const char *value, int *revision, struct error *err);

/* RAM above 0, as Muen's own converter takes it: a plain number is MiB; with a unit, that. */
int parse_ram(const char *option, const char *value, uint64_t *bytes, struct error *err);

#endif
