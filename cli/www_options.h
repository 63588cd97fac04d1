/* The options about the folder www, which the web server offers to iPXE. */
#ifndef CLI_WWW_OPTIONS_H
#define CLI_WWW_OPTIONS_H

#include "cli/options.h"
#include "cli/signing_options.h"

/* Ids of the options below; a verb's own are smaller. */
enum {
	OPTION_WWW_FIRST = 300,
	OPTION_URL = OPTION_WWW_FIRST,
	OPTION_MEMDISK,
	OPTION_KEY,
	OPTION_CERT,
	OPTION_CA,
	OPTION_WWW_LAST,
};

/* clang-format off */
#define WWW_OPTION_SPECS \
	{ OPTION_KEY, "key", 'k', "FILE|URI", \
	  "sign what iPXE boots with this private key, in PEM or a\npkcs11: URI" }, \
	{ OPTION_CERT, "cert", 0, "FILE", "the key's code-signing certificate" }, \
	{ OPTION_CA, "ca", 0, "FILE", "certificates up to the root; repeatable" }, \
	PASSPHRASE_OPTIONS, \
	{ OPTION_URL, "url", 0, "URL", \
	  "where www will be served (default: where iPXE finds\nboot.ipxe)" }, \
	{ OPTION_MEMDISK, "memdisk", 0, "FILE", "syslinux' memdisk (default: Debian's)" }
/* clang-format on */

#define DEFAULT_MEMDISK "/usr/lib/syslinux/memdisk"

struct www_options {
	const char *url;	 /* NULL: none */
	const char *memdisk;	 /* NULL: DEFAULT_MEMDISK */
	const char *key;	 /* NULL: nothing is signed */
	const char *certificate; /* NULL: the same */
	struct word_list authorities;
	struct passphrase passphrase;
	const char *given; /* an option that was given: "--key"; NULL: none */
};

/* Whether the id is one of those above. */
bool www_options_know(int id);

/* Takes such an option. Fails with ERR_USAGE. */
int www_options_take(struct www_options *options, int id, const char *value, struct error *err);

/* What must be given together. Fails with ERR_USAGE. */
int www_options_check(const struct www_options *options, struct error *err);

void www_options_free(struct www_options *options);

#endif
