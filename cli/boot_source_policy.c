/* boot_source_from_policy(): the policy's unikernels under the stand-in kernel. */
#include "cli/boot_source.h"

#include "base/alloc.h"
#include "cli/data.h"
#include "image/standin_image.h"
#include "solo5/elf.h"

#include <errno.h>

struct subjects {
	struct subject_world **worlds;
	struct bytes *files; /* the unikernels */
	struct standin_guest *guests;
	size_t count;
};

static void subjects_free(struct subjects *subjects)
{
	for (size_t i = 0; i < subjects->count; i++) {
		world_free(subjects->worlds[i]);
		bytes_free(&subjects->files[i]);
	}
	free(subjects->worlds);
	free(subjects->files);
	free(subjects->guests);
}

/* Takes the world. */
static int add_subject(struct subjects *subjects, struct subject_world *world, struct error *err)
{
	struct bytes *file = &subjects->files[subjects->count];

	subjects->worlds[subjects->count] = world;
	subjects->guests[subjects->count] = (struct standin_guest){ world, file };
	subjects->count++;
	return world->unikernel ? file_read(world->unikernel, ELF_FILE_MAX, 0, file, err) : 0;
}

static int read_subjects(const struct policy *policy, const char *path, struct subjects *subjects,
			 struct error *err)
{
	const char *const *names;
	size_t count = policy_unikernels(policy, &names);

	subjects->worlds = xcalloc(count + 1, sizeof(*subjects->worlds));
	subjects->files = xcalloc(count + 1, sizeof(*subjects->files));
	subjects->guests = xcalloc(count + 1, sizeof(*subjects->guests));
	for (size_t i = 0; i < count; i++) {
		struct subject_world *world = policy_world(policy, names[i], err);

		if (!world || add_subject(subjects, world, err) < 0)
			return -1;
	}
	if (count)
		return 0;
	err_fail(err, ERR_INPUT, "%s: has no unikernel that the stand-in kernel could run", path);
	return err_mend(err, "name a policy with a subject that has a Solo5 boot info page");
}

static void note_subjects(struct boot_source *source, const struct subjects *subjects)
{
	source->subjects = xcalloc(subjects->count + 1, sizeof(*source->subjects));
	for (size_t i = 0; i < subjects->count; i++)
		source->subjects[source->subject_count++] = xstrdup(subjects->worlds[i]->name);
}

static int check_kernel(const char *kernel, struct error *err)
{
	if (access(kernel, R_OK) == 0)
		return 0;
	err_fail_errno(err, ERR_MISSING, errno, "%s: cannot read the stand-in kernel", kernel);
	return err_mend(err, "install muenbuild completely, or point MUENBUILD_DATA to the folder "
			     "that has its boot/, recipes/ and schema/");
}

int boot_source_from_policy(struct boot_source *source, const struct policy_source *from,
			    const struct image_options *options, const char *path,
			    struct error *err)
{
	cleanup_policy struct policy *policy = policy_open(from, err);
	cleanup_free char *kernel = xasprintf("%s/boot/standin", data_folder());
	cleanup_with(subjects_free) struct subjects subjects = { 0 };
	cleanup_standin_image struct standin_image image = { 0 };

	source->what = "the stand-in kernel";
	if (!policy || check_kernel(kernel, err) < 0 ||
	    read_subjects(policy, from->path, &subjects, err) < 0 ||
	    standin_image_build(&image, kernel, subjects.guests, subjects.count, err) < 0)
		return -1;
	note_subjects(source, &subjects);
	return boot_source_write(source, &image.image, options, path, err);
}
