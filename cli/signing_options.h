/* Options that the verbs for signing share. */
#ifndef CLI_SIGNING_OPTIONS_H
#define CLI_SIGNING_OPTIONS_H

#include "cli/options.h"
#include "sign/keys/certificate.h"
#include "sign/keys/passphrase.h"

#include <jansson.h>

enum {
	OPTION_PASSPHRASE_FILE = 1000,
	OPTION_PASSPHRASE_FD,
	OPTION_PASSPHRASE_ENV,
};

/* For a verb's table of options. */
#define PASSPHRASE_OPTIONS                                                                         \
	{ OPTION_PASSPHRASE_FILE, "passphrase-file", 0, "FILE",                                    \
	  "read the passphrase or PIN from a file's first line\n"                                  \
	  "(default: ask on the terminal, without echo)" },                                        \
		{ OPTION_PASSPHRASE_FD, "passphrase-fd", 0, "N",                                   \
		  "read it from this open descriptor" },                                           \
	{                                                                                          \
		OPTION_PASSPHRASE_ENV, "passphrase-env", 0, "NAME",                                \
			"read it from this environment variable"                                   \
	}

bool passphrase_option_is(int id);

/* Takes one of these. Fails with ERR_USAGE: not a descriptor, or a second source. */
int passphrase_option(int id, const char *value, struct passphrase *passphrase, struct error *err);

/* What a certificate says, for a report. Owned by the caller. */
json_t *certificate_report(const struct certificate *certificate);

#endif
