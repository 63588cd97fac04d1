/* Makes a command stream of the stand-in kernel and unikernels: mkstandin --help. */
#include "cli/conversion.h"
#include "image/csl.h"
#include "image/standin_image.h"
#include "subject/world.h"

#include "base/alloc.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: mkstandin KERNEL OUTPUT RAM-MIB [--share] [--reset] (NAME UNIKERNEL "
	"BOOTPARAMS)...\n"
	"\n"
	"Each three words are a subject with its unikernel and that unikernel's arguments.\n"
	"--share   the channels NAME|out of a subject are NAME|in of the next one\n"
	"--reset   the subjects have the event solo5_exit\n";

#define SUBJECTS_MAX 32
#define CHANNEL_SIZE (1u << 20)
#define LOG_CHANNEL_SIZE 0x20000u

struct subject {
	struct converted converted;
	struct subject_world *world;
};

struct system {
	struct subject subjects[SUBJECTS_MAX];
	struct standin_guest guests[SUBJECTS_MAX];
	size_t count;
	unsigned long ram; /* MiB */
	bool share, reset;
};

static int add_subject(struct system *system, char **words, struct error *err)
{
	struct subject *subject = &system->subjects[system->count];
	struct conversion_options options = { .name = words[0],
					      .bootparams = words[2],
					      .ram = (uint64_t)system->ram << 20,
					      .channel_size = CHANNEL_SIZE,
					      .log_channel_size = LOG_CHANNEL_SIZE };
	struct world_options world = { .name = words[0],
				       .unikernel = words[1],
				       .log_channel_size = LOG_CHANNEL_SIZE,
				       .origin = "the unikernel" };

	if (converted_read(&subject->converted, words[1], err) < 0 ||
	    converted_run(&subject->converted, &options, true, err) < 0)
		return -1;
	world.sinfo_revision = subject->converted.unikernel.sinfo_revision;
	subject->world = world_from_component(subject->converted.component, &world, err);
	if (!subject->world)
		return -1;
	if (system->reset)
		subject->world->exit_event = 0;
	system->guests[system->count++] =
		(struct standin_guest){ subject->world, &subject->converted.bytes };
	return 0;
}

/* Names the channels so that a subject reads what the one before it wrote. */
static void share(struct system *system)
{
	for (size_t i = 0; i < system->count; i++)
		for (size_t j = 0; j < system->subjects[i].world->count; j++) {
			struct world_region *region = &system->subjects[i].world->regions[j];
			bool out = region->writable;

			if (region->role == WORLD_CHANNEL)
				region->physical = xasprintf("link%zu", out ? i + 1 : i);
		}
}

static int write_file(const void *bytes, size_t length, void *context, struct error *err)
{
	if (fwrite(bytes, 1, length, context) != length)
		return err_fail(err, ERR_IO, "the output is not complete");
	return 0;
}

static int make(struct system *system, const char *kernel, const char *path, struct error *err)
{
	cleanup_standin_image struct standin_image standin = { 0 };
	cleanup_fclose FILE *output = NULL;

	if (system->share)
		share(system);
	if (standin_image_build(&standin, kernel, system->guests, system->count, err) < 0)
		return -1;
	output = fopen(path, "w");
	if (!output)
		return err_fail(err, ERR_CANT_CREATE, "%s cannot be made", path);
	return csl_write(&standin.image, write_file, output, err);
}

static int run(struct system *system, int count, char **words, struct error *err)
{
	int next = 4;

	for (; next < count && !strncmp(words[next], "--", 2); next++) {
		system->share = system->share || !strcmp(words[next], "--share");
		system->reset = system->reset || !strcmp(words[next], "--reset");
	}
	if (next >= count || (count - next) % 3 || (count - next) / 3 > SUBJECTS_MAX)
		return err_fail(err, ERR_USAGE, "%s", help);
	system->ram = strtoul(words[3], NULL, 10);
	for (; next < count; next += 3)
		if (add_subject(system, words + next, err) < 0)
			return -1;
	return make(system, words[1], words[2], err);
}

int main(int count, char **words)
{
	struct system system = { .count = 0 };
	struct error err = { 0 };
	int result = run(&system, count, words, &err);

	if (result < 0)
		fprintf(stderr, "mkstandin: %s\n%s\n", err.message, err.mend);
	for (size_t i = 0; i < SUBJECTS_MAX; i++) {
		if (system.subjects[i].world)
			world_free(system.subjects[i].world);
		converted_free(&system.subjects[i].converted);
	}
	return result < 0 ? (int)err.kind : 0;
}
