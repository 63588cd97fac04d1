/* Any words make a command line that the rest of the tender can rely on, or are refused with a
 * message about the command line. One line is one word. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "tender/block.h"
#include "tender/options.h"
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define WORDS_MAX 512

static void check_name(const char *name)
{
	size_t length = strlen(name);

	demand(length >= 1 && length <= 67, "a device's name has 1 to 67 characters");
	for (size_t i = 0; i < length; i++)
		demand(isalnum((unsigned char)name[i]), "they are letters and digits");
}

static void check_forward(const struct net_spec *spec, const struct net_forward *forward)
{
	uint32_t mask = UINT32_MAX << (32 - spec->prefix);

	demand(forward->host_port && forward->guest_port, "a forwarding has two ports");
	demand((ntohl(forward->guest_address.s_addr) & mask) == ntohl(spec->network.s_addr),
	       "it leads into the guest's network");
}

static void check_net(const struct net_spec *spec)
{
	check_name(spec->name);
	demand(strnlen(spec->interface, IFNAMSIZ) < IFNAMSIZ, "an interface's name ends");
	demand(strnlen(spec->bridge, IFNAMSIZ) < IFNAMSIZ, "a bridge's name ends");
	demand(spec->kind != NET_TAP || *spec->interface, "a tap has a name");
	demand(spec->kind != NET_FD || spec->fd >= 0, "a descriptor has a number");
	demand(!spec->pcap || *spec->pcap, "a capture has a name");
	if (spec->kind != NET_USER)
		return;
	demand(spec->prefix >= 8 && spec->prefix <= 29, "a user network has room for three");
	demand(spec->forward_count <= NET_FORWARDS_MAX, "forwardings are counted");
	for (size_t i = 0; i < spec->forward_count; i++)
		check_forward(spec, &spec->forwards[i]);
}

static void check_block(const struct block_option *block)
{
	uint16_t size = block->block_size;

	check_name(block->name);
	demand(!block->path || *block->path, "a block device has a path");
	demand(size >= BLOCK_SIZE_MIN && size <= BLOCK_SIZE_MAX && !(size & (size - 1)),
	       "its blocks are of a size that Solo5 has");
}

static void check(const struct options_hvt *options)
{
	demand(options->kernel && options->command_line, "there is something to run");
	demand(options->memory > 0, "it has memory");
	demand(options->net_count <= SOLO5_DEVICES_MAX, "network devices are counted");
	demand(options->block_count <= SOLO5_DEVICES_MAX, "block devices are counted");
	demand(options->pattern_count <= OPTIONS_PATTERNS_MAX, "patterns are counted");
	demand(options->probe_count <= OPTIONS_PROBES_MAX, "probes are counted");
	for (size_t i = 0; i < options->net_count; i++)
		check_net(&options->nets[i]);
	for (size_t i = 0; i < options->block_count; i++)
		check_block(&options->blocks[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xstrndup((const char *)data, size);
	char *argv[WORDS_MAX + 2] = { (char *)"muenbuild-hvt" }, *rest = text, *word;
	static struct options_hvt options;
	struct error err = { 0 };
	int argc = 1;

	while (argc <= WORDS_MAX && (word = strsep(&rest, "\n")))
		argv[argc++] = word;
	if (options_hvt_parse(&options, argc, argv, &err) < 0)
		demand(err.kind == ERR_USAGE && err.message[0], "a refusal says why");
	else if (!options.help && !options.version)
		check(&options);
	options_hvt_free(&options);
	return 0;
}
