#include "cli/unikernel_option.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/options.h"
#include "solo5/unikernel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int parse_ram(const char *option, const char *value, uint64_t *bytes, struct error *err)
{
	uint64_t mebibytes;

	if (text_to_number(value, &mebibytes) == 0 && mebibytes <= UINT64_MAX >> 20)
		*bytes = mebibytes << 20;
	else if (text_to_size(value, bytes) < 0)
		*bytes = 0;
	if (*bytes)
		return 0;
	err_fail(err, ERR_USAGE, "%s: '%s' is not a size above 0", option, value);
	return err_mend(err, "write a number of MiB, or one with a unit: 64, 64M, 1G");
}

int parse_channel_size(const char *option, const char *value, uint64_t *bytes, struct error *err)
{
	if (text_to_size(value, bytes) == 0 && *bytes)
		return 0;
	err_fail(err, ERR_USAGE, "%s: '%s' is not a size above 0", option, value);
	return err_mend(err, "write bytes, or a number with K, M or G: 1M, 512K, 4096");
}

int parse_subject_info(const char *value, int *revision, struct error *err)
{
	unsigned long long number;

	*revision = 0;
	if (!strcmp(value, "any"))
		return 0;
	if (option_number("subject-info", value, SINFO_REVISION_MIN, SINFO_REVISION_MAX, &number,
			  err) < 0)
		return -1;
	*revision = (int)number;
	return 0;
}

static int set_number(const char *key, const char *value, uint64_t least, uint64_t most,
		      uint64_t *number, struct error *err)
{
	if (text_to_number(value, number) == 0 && *number >= least && *number <= most)
		return 0;
	err_fail(err, ERR_USAGE, "--unikernel: %s=%s: a whole number was expected", key, value);
	return err_mend(err, "use %llu to %llu", (unsigned long long)least,
			(unsigned long long)most);
}

static int set_bool(const char *key, const char *value, int *flag, struct error *err)
{
	*flag = !strcmp(value, "yes") || !strcmp(value, "true");
	if (*flag || !strcmp(value, "no") || !strcmp(value, "false"))
		return 0;
	err_fail(err, ERR_USAGE, "--unikernel: %s=%s: yes or no was expected", key, value);
	return err_mend(err, "write %s=yes or %s=no", key, key);
}

static int set_key(struct unikernel_option *option, const char *key, const char *value,
		   struct error *err)
{
	uint64_t number = 0;

	if (!strcmp(key, "name")) {
		free(option->name);
		option->name = xstrdup(value);
	} else if (!strcmp(key, "ram")) {
		return parse_ram("--unikernel: ram", value, &option->ram, err);
	} else if (!strcmp(key, "channel-size")) {
		return parse_channel_size("--unikernel: channel-size", value, &option->channel_size,
					  err);
	} else if (!strcmp(key, "reset")) {
		return set_bool(key, value, &option->resettable, err);
	} else if (!strcmp(key, "ticks")) {
		if (set_number(key, value, 1, 1000000, &number, err) < 0)
			return -1;
		option->ticks = (unsigned)number;
	} else if (!strcmp(key, "cpu")) {
		if (set_number(key, value, 0, 63, &number, err) < 0)
			return -1;
		option->cpu = (int)number;
	}
	return 0;
}

static const char *const keys[] = { "name",  "ram", "channel-size", "reset",
				    "ticks", "cpu", "bootparams" };

/* The next ",KEY=" of a known key at or behind `text`, or NULL: commas elsewhere, as in a file's
 * name, mean nothing. */
static const char *next_key(const char *text, const char **key)
{
	for (const char *comma = strchr(text, ','); comma; comma = strchr(comma + 1, ',')) {
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			size_t length = strlen(keys[i]);

			if (!strncmp(comma + 1, keys[i], length) && comma[1 + length] == '=') {
				*key = keys[i];
				return comma;
			}
		}
	}
	return NULL;
}

/* A ",word=" that is no known key and not part of an existing file's name is a typo. */
static int check_unknown_key(const char *text, struct error *err)
{
	const char *comma = strrchr(text, ',');

	if (!comma || !strchr(comma, '=') || access(text, F_OK) == 0)
		return 0;
	err_fail(err, ERR_USAGE, "--unikernel: '%s' has an unknown part '%s'", text, comma + 1);
	return err_mend(err, "the keys are name, ram, channel-size, reset, ticks, cpu, bootparams");
}

int unikernel_options_add(struct unikernel_options *options, const char *value, struct error *err)
{
	struct unikernel_option *option;
	const char *key = NULL, *at = next_key(value, &key);

	array_grow(options->list, options->count);
	option = &options->list[options->count++];
	*option = (struct unikernel_option){ .resettable = -1, .cpu = -1 };
	option->path = at ? xstrndup(value, (size_t)(at - value)) : xstrdup(value);
	if (check_unknown_key(option->path, err) < 0)
		return -1;
	if (!*option->path) {
		err_fail(err, ERR_USAGE, "--unikernel: no file is named in '%s'", value);
		return err_mend(err, "write --unikernel FILE.muen,KEY=VALUE...");
	}
	while (at) {
		const char *start = at + 1 + strlen(key) + 1, *next_name = NULL;
		const char *next = !strcmp(key, "bootparams") ? NULL : next_key(start, &next_name);
		cleanup_free char *text =
			next ? xstrndup(start, (size_t)(next - start)) : xstrdup(start);

		if (!strcmp(key, "bootparams")) /* takes the rest, commas and all */
			return unikernel_options_bootparams(options, text, err);
		if (check_unknown_key(text, err) < 0 || set_key(option, key, text, err) < 0)
			return -1;
		at = next;
		key = next_name;
	}
	return 0;
}

int unikernel_options_bootparams(struct unikernel_options *options, const char *value,
				 struct error *err)
{
	char **place = options->count ? &options->list[options->count - 1].bootparams
				      : &options->early_bootparams;

	if (*place) {
		err_fail(err, ERR_USAGE,
			 "--bootparams '%s': the unikernel has boot parameters "
			 "already: '%s'",
			 value, *place);
		return err_mend(err, "put all in one string, behind the --unikernel that they are "
				     "for");
	}
	*place = xstrdup(value);
	return 0;
}

void unikernel_options_free(struct unikernel_options *options)
{
	for (size_t i = 0; i < options->count; i++) {
		free(options->list[i].path);
		free(options->list[i].name);
		free(options->list[i].bootparams);
	}
	free(options->list);
	free(options->early_bootparams);
	*options = (struct unikernel_options){ 0 };
}
