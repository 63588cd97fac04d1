#include "cli/system_options.h"

#include "base/alloc.h"
#include "base/cleanup.h"

#include <string.h>

static int parse_end(const char *text, size_t length, struct link_end *end)
{
	const char *colon = memchr(text, ':', length);

	if (!colon || colon == text || colon + 1 == text + length)
		return -1;
	end->unikernel = xstrndup(text, (size_t)(colon - text));
	end->device = xstrndup(colon + 1, length - (size_t)(colon - text) - 1);
	return 0;
}

static int connect_devices(struct system_options *options, const char *value, struct error *err)
{
	const char *equals = strchr(value, '=');
	struct link *link;

	array_grow(options->links, options->link_count);
	link = &options->links[options->link_count++];
	*link = (struct link){ 0 };
	if (equals && parse_end(value, (size_t)(equals - value), &link->left) == 0 &&
	    parse_end(equals + 1, strlen(equals + 1), &link->right) == 0)
		return 0;
	err_fail(err, ERR_USAGE, "--connect: '%s' is not NAME:DEVICE=NAME:DEVICE", value);
	return err_mend(err, "for instance --connect web:service=dns:service");
}

static int take_cpus(struct system_options *options, const char *value, struct error *err)
{
	unsigned long long number;

	if (option_number("cpus", value, 1, 64, &number, err) < 0)
		return -1;
	options->cpus = (unsigned)number;
	return 0;
}

static const char **text_of(struct system_options *options, int id)
{
	switch (id) {
	case OPTION_RECIPE:
		return &options->recipe;
	case OPTION_POLICY_DIR:
		return &options->policy_folder;
	case OPTION_TEMPLATE:
		return &options->template;
	case OPTION_SCHEDULE:
		return &options->schedule;
	case OPTION_SYSTEM:
		return &options->system;
	default:
		return &options->output;
	}
}

int system_options_take(struct system_options *options, int id, const char *value,
			struct error *err)
{
	switch (id) {
	case OPTION_CONNECT:
		return connect_devices(options, value, err);
	case OPTION_CPUS:
		return take_cpus(options, value, err);
	case OPTION_SCHEMA:
		array_grow(options->schemas, options->schema_count);
		options->schemas[options->schema_count++] = value;
		return 0;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	default:
		*text_of(options, id) = value;
		return 0;
	}
}

static void end_free(struct link_end *end)
{
	free((char *)end->unikernel);
	free((char *)end->device);
}

void system_options_free(struct system_options *options)
{
	for (size_t i = 0; i < options->link_count; i++) {
		end_free(&options->links[i].left);
		end_free(&options->links[i].right);
	}
	free(options->links);
	free(options->schemas);
	*options = (struct system_options){ 0 };
}
