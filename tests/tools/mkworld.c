/* Writes the world of a unikernel in the built-in policy, for muenbuild-hvt --world:
 * mkworld UNIKERNEL FILE SIZE NAME [PARAMETERS [REGION=FD...]]
 *
 * The unikernel as it would be delivered goes to FILE, the world's text to stdout. SIZE is that of
 * the RAM, NAME the subject's, in each REGION the descriptor FD is the memory. */
#include "base/alloc.h"
#include "base/text.h"
#include "gencspec/convert.h"
#include "subject/world_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_CHANNEL_SIZE 0x20000

static int fail(const struct error *err)
{
	fprintf(stderr, "mkworld: %s\n", err->message);
	return 1;
}

static int share(struct subject_world *world, const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < world->count && word[length]; i++) {
		struct world_region *region = &world->regions[i];

		if (strlen(region->name) == length && !strncmp(region->name, word, length)) {
			region->shared_fd = atoi(word + length + 1);
			return 0;
		}
	}
	fprintf(stderr, "mkworld: %s: no such region\n", word);
	return -1;
}

static int write_file(const char *path, const struct bytes *bytes)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes->data, 1, bytes->size, file) != bytes->size) {
		perror(path);
		return -1;
	}
	return fclose(file);
}

int main(int argc, char **argv)
{
	struct error err;
	struct findings findings = { 0 };
	struct unikernel unikernel;
	struct bytes bytes;
	struct conversion_options options = { .channel_size = 1 << 20,
					      .log_channel_size = LOG_CHANNEL_SIZE };
	struct world_options about = { .log_channel_size = LOG_CHANNEL_SIZE };
	struct component *component;
	struct subject_world *world;
	struct buffer text = { 0 };

	if (argc < 5 || text_to_size(argv[3], &options.ram) < 0) {
		fprintf(stderr, "usage: mkworld UNIKERNEL FILE SIZE NAME [PARAMETERS "
				"[REGION=FD...]]\n");
		return 64;
	}
	options.file = path_base_name(argv[2]);
	options.name = about.name = argv[4];
	options.bootparams = argc > 5 ? argv[5] : "";
	about.unikernel = argv[2];
	about.origin = "policy.xml:12";
	if (file_read(argv[1], ELF_FILE_MAX, GENCSPEC_SLACK, &bytes, &err) < 0 ||
	    unikernel_parse(&unikernel, bytes.data, bytes.size, &err) < 0)
		return fail(&err);
	about.sinfo_revision = unikernel.sinfo_revision;
	component = gencspec_plan(&unikernel, &options, &findings, &err);
	if (!component)
		return fail(&err);
	gencspec_patch_binary(&unikernel, component, &bytes);
	world = world_from_component(component, &about, &err);
	if (!world)
		return fail(&err);
	for (int i = 6; i < argc; i++)
		if (share(world, argv[i]) < 0)
			return 1;
	world_write_text(world, &text);
	fwrite(text.data, 1, text.length, stdout);
	return write_file(argv[2], &bytes) < 0;
}
