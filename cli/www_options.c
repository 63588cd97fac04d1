#include "cli/www_options.h"

#include <stdlib.h>

bool www_options_know(int id)
{
	return (id >= OPTION_WWW_FIRST && id < OPTION_WWW_LAST) || passphrase_option_is(id);
}

static const char **text_of(struct www_options *options, int id)
{
	switch (id) {
	case OPTION_URL:
		options->given = "--url";
		return &options->url;
	case OPTION_MEMDISK:
		options->given = "--memdisk";
		return &options->memdisk;
	case OPTION_KEY:
		options->given = "--key";
		return &options->key;
	default:
		options->given = "--cert";
		return &options->certificate;
	}
}

int www_options_take(struct www_options *options, int id, const char *value, struct error *err)
{
	if (passphrase_option_is(id))
		return passphrase_option(id, value, &options->passphrase, err);
	if (id == OPTION_CA)
		word_list_add(&options->authorities, value);
	else
		*text_of(options, id) = value;
	return 0;
}

int www_options_check(const struct www_options *options, struct error *err)
{
	bool rest = options->authorities.count || options->passphrase.source != PASSPHRASE_TERMINAL;

	if (options->key && options->certificate)
		return 0;
	if (!options->key && !options->certificate && !rest)
		return 0;
	err_fail(err, ERR_USAGE, "%s is missing: to sign takes a key and its certificate",
		 options->key ? "--cert" : "--key");
	return err_mend(err, "name both, and the root: --key K --cert C --ca CA; 'muenbuild keys "
			     "init DIR' makes all three");
}

void www_options_free(struct www_options *options)
{
	free(options->authorities.list);
	passphrase_free(&options->passphrase);
}
