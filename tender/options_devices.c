#include "tender/options_devices.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "tender/block.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_LENGTH 67

static const char *keep_name(struct options_hvt *options, const char *name, size_t length,
			     const char *option, struct error *err)
{
	size_t valid = 0;

	while (valid < length && isalnum((unsigned char)name[valid]))
		valid++;
	if (length == 0 || length > NAME_MAX_LENGTH || valid < length) {
		char text[128];

		err_fail(err, ERR_USAGE,
			 "--%s: '%s' is not the name of a device: 1 to 67 letters and digits",
			 option, text_printable(name, length, text, sizeof(text)));
		return NULL;
	}
	if (options->name_count == sizeof(options->names) / sizeof(options->names[0])) {
		err_fail(err, ERR_USAGE, "--%s: too many options for devices", option);
		return NULL;
	}
	return options->names[options->name_count++] = xstrndup(name, length);
}

/* Splits "NAME=VALUE" unless the option named the device already. */
static int split_device(struct options_hvt *options, const char *option, const char **device,
			const char **value, struct error *err)
{
	const char *equals = strchr(*value, '=');
	const char *name = *device ? *device : *value;
	size_t length = *device ? strlen(*device) : equals ? (size_t)(equals - *value) : 0;

	if (!*device && !equals) {
		err_fail(err, ERR_USAGE, "--%s: '%s' names no device", option, *value);
		return err_mend(err, "write --%s NAME=VALUE; NAME is in the unikernel's manifest",
				option);
	}
	if (!*device)
		*value = equals + 1;
	*device = keep_name(options, name, length, option, err);
	return *device ? 0 : -1;
}

static struct net_spec *net_named(struct options_hvt *options, const char *name)
{
	for (size_t i = 0; i < options->net_count; i++)
		if (!strcmp(options->nets[i].name, name))
			return &options->nets[i];
	if (options->net_count == OPTIONS_DEVICES_MAX)
		return NULL;
	options->nets[options->net_count] = (struct net_spec){ .name = name, .fd = -1 };
	return &options->nets[options->net_count++];
}

static struct block_option *block_named(struct options_hvt *options, const char *name)
{
	for (size_t i = 0; i < options->block_count; i++)
		if (!strcmp(options->blocks[i].name, name))
			return &options->blocks[i];
	if (options->block_count == OPTIONS_DEVICES_MAX)
		return NULL;
	options->blocks[options->block_count] =
		(struct block_option){ .name = name, .block_size = BLOCK_SIZE_MIN };
	return &options->blocks[options->block_count++];
}

static int too_many(const char *option, struct error *err)
{
	return err_fail(err, ERR_USAGE, "--%s: more than %d devices", option, OPTIONS_DEVICES_MAX);
}

/* Takes over what --net says and keeps what --net-mac or --pcap said before. */
static int merge_net(struct net_spec *spec, struct net_spec *parsed, struct error *err)
{
	if (spec->kind != NET_NONE) {
		net_spec_free(parsed);
		return err_fail(err, ERR_USAGE, "--net %s: is attached twice", spec->name);
	}
	if (spec->has_mac && !parsed->has_mac) {
		memcpy(parsed->mac, spec->mac, sizeof(parsed->mac));
		parsed->has_mac = true;
	}
	if (!parsed->pcap)
		parsed->pcap = steal(spec->pcap);
	net_spec_free(spec);
	*spec = *parsed;
	return 0;
}

/* solo5-hvt's form takes nothing but an interface or a descriptor. */
static int parse_plain_net(struct net_spec *parsed, const char *name, const char *value,
			   struct error *err)
{
	if (strchr(value, ',') || !strcmp(value, "user") || !strcmp(value, "tap")) {
		err_fail(err, ERR_USAGE,
			 "--net:%s=%s: this form takes the name of an interface, or @ and a "
			 "descriptor",
			 name, value);
		return err_mend(err, "write --net %s=%s", name, value);
	}
	return net_spec_parse(parsed, name, value, err);
}

int options_need_path(const char *option, const char *value, struct error *err)
{
	return *value ? 0 : err_fail(err, ERR_USAGE, "--%s: the path is missing", option);
}

int options_take_net(struct options_hvt *options, const char *device, const char *value,
		     struct error *err)
{
	bool plain = device != NULL;
	struct net_spec parsed = { 0 }, *spec;

	if (split_device(options, "net", &device, &value, err) < 0)
		return -1;
	spec = net_named(options, device);
	if (!spec)
		return too_many("net", err);
	if ((plain ? parse_plain_net(&parsed, device, value, err)
		   : net_spec_parse(&parsed, device, value, err)) < 0) {
		net_spec_free(&parsed);
		return -1;
	}
	return merge_net(spec, &parsed, err);
}

int options_take_net_mac(struct options_hvt *options, const char *device, const char *value,
			 struct error *err)
{
	struct net_spec *spec;

	if (split_device(options, "net-mac", &device, &value, err) < 0)
		return -1;
	spec = net_named(options, device);
	return spec ? net_spec_mac(spec, value, err) : too_many("net-mac", err);
}

int options_take_pcap(struct options_hvt *options, const char *device, const char *value,
		      struct error *err)
{
	struct net_spec *spec;

	if (!device && !strchr(value, '=')) {
		if (options_need_path("pcap", value, err) < 0)
			return -1;
		options->lone_pcap = value;
		return 0;
	}
	if (split_device(options, "pcap", &device, &value, err) < 0)
		return -1;
	spec = net_named(options, device);
	if (!spec)
		return too_many("pcap", err);
	if (options_need_path("pcap", value, err) < 0)
		return -1;
	free(spec->pcap);
	spec->pcap = xstrdup(value);
	return 0;
}

static int parse_sector(struct block_option *block, const char *value, struct error *err)
{
	uint64_t size;

	if (text_to_number(value, &size) < 0 || size < BLOCK_SIZE_MIN || size > BLOCK_SIZE_MAX ||
	    (size & (size - 1)))
		return err_fail(err, ERR_USAGE,
				"--block %s: sector size '%s'. Block size must be a power of 2 "
				"from 512 to 32768",
				block->name, value);
	block->block_size = (uint16_t)size;
	return 0;
}

/* Options stand behind the path, which may have commas of its own. */
static int parse_block_options(struct block_option *block, struct error *err)
{
	char *comma;

	while ((comma = strrchr(block->path, ','))) {
		if (!strcmp(comma, ",ro"))
			block->read_only = true;
		else if (strncmp(comma, ",sector=", 8) != 0)
			break;
		else if (parse_sector(block, comma + 8, err) < 0)
			return -1;
		*comma = '\0';
	}
	return 0;
}

int options_take_block(struct options_hvt *options, const char *device, const char *value,
		       struct error *err)
{
	bool plain = device != NULL; /* solo5-hvt's form: the value is a path, whole */
	struct block_option *block;

	if (split_device(options, "block", &device, &value, err) < 0)
		return -1;
	block = block_named(options, device);
	if (!block)
		return too_many("block", err);
	if (block->path)
		return err_fail(err, ERR_USAGE, "--block %s: is attached twice", device);
	block->path = xstrdup(value);
	if (!plain && parse_block_options(block, err) < 0)
		return -1;
	return *block->path ? 0
			    : err_fail(err, ERR_USAGE, "--block %s: the path is missing", device);
}

int options_take_sector_size(struct options_hvt *options, const char *device, const char *value,
			     struct error *err)
{
	struct block_option *block;

	if (split_device(options, "block-sector-size", &device, &value, err) < 0)
		return -1;
	block = block_named(options, device);
	return block ? parse_sector(block, value, err) : too_many("block-sector-size", err);
}
