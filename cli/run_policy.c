#include "cli/run_policy.h"

#include "base/alloc.h"
#include "subject/world_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TENDER "muenbuild-hvt"

/* ---- shared channels ----------------------------------------------------- */

static bool can_be_shared(const struct world_region *region)
{
	return region->role == WORLD_CHANNEL && region->physical && region->shared_fd < 0;
}

static int open_memory(struct run *run, const char *name, uint64_t size, struct error *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0) {
		run->shared = xrealloc(run->shared, run->shared_count + 1, sizeof(*run->shared));
		run->shared[run->shared_count++] = fd;
	}
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return err_fail_errno(err, ERR_MISSING, errno,
				      "the channel '%s' gets no memory of %llu bytes", name,
				      (unsigned long long)size);
	return fd;
}

static int fail_writers(const struct run *run, size_t left, const struct world_region *region,
			size_t right, const struct world_region *other, struct error *err)
{
	err_fail(err, ERR_INPUT, "both '%s' (%s) and '%s' (%s) write the channel '%s'",
		 run->names[left], region->origin, run->names[right], other->origin,
		 region->physical);
	return err_mend(err, "a channel has one writer: give each of them one of its own");
}

/* Gives the channel to whoever maps it beside subject number `index`. */
static int join_channel(struct run *run, size_t index, struct world_region *region,
			struct error *err)
{
	for (size_t i = index + 1; i < run->count; i++)
		for (size_t k = 0; k < run->worlds[i]->count; k++) {
			struct world_region *other = &run->worlds[i]->regions[k];

			if (!can_be_shared(other) || strcmp(other->physical, region->physical) != 0)
				continue;
			if (other->writable && region->writable)
				return fail_writers(run, index, region, i, other, err);
			if (region->shared_fd < 0)
				region->shared_fd =
					open_memory(run, region->physical, region->size, err);
			if (region->shared_fd < 0)
				return -1;
			other->shared_fd = region->shared_fd;
		}
	return 0;
}

static int join_channels(struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->count; i++)
		for (size_t k = 0; k < run->worlds[i]->count; k++) {
			struct world_region *region = &run->worlds[i]->regions[k];

			if (can_be_shared(region) && join_channel(run, i, region, err) < 0)
				return -1;
		}
	return 0;
}

/* ---- worlds -------------------------------------------------------------- */

static int add_world(struct run *run, const struct policy *policy, const char *subject,
		     struct error *err)
{
	struct subject_world *world = policy_world(policy, subject, err);

	if (!world)
		return -1;
	run->names[run->count] = world->name;
	run->worlds[run->count++] = world;
	return 0;
}

static int check_subjects(const struct run *run, size_t count, struct error *err)
{
	if (count > RUN_SUBJECTS_MAX) {
		err_fail(err, ERR_USAGE, "%s: has %zu unikernels, at most %d can run at a time",
			 run->policy, count, RUN_SUBJECTS_MAX);
		return err_mend(err, "run them one by one: --subject NAME");
	}
	if (count > 1 && run->options->unikernel) {
		err_fail(err, ERR_USAGE,
			 "%s: %s has %zu unikernels, it is not said which one "
			 "this is",
			 run->options->unikernel, run->policy, count);
		return err_mend(err, "name it with --subject, or leave out the file");
	}
	if (count)
		return 0;
	err_fail(err, ERR_INPUT, "%s: none of its subjects is a unikernel", run->policy);
	return err_mend(err, "a unikernel's component has a region of type "
			     "subject_solo5_boot_info; one that is not in the policy is looked for "
			     "as component_NAME.xml beside it, or where -I says");
}

int run_prepare(struct run *run, const struct run_options *options,
		const struct policy_source *source, struct error *err)
{
	cleanup_policy struct policy *policy = NULL;
	const char *const *names;
	size_t count;

	*run = (struct run){ .options = options, .policy = source->path };
	policy = policy_open(source, err);
	if (!policy)
		return -1;
	if (options->subject)
		return add_world(run, policy, options->subject, err);
	count = policy_unikernels(policy, &names);
	if (check_subjects(run, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (add_world(run, policy, names[i], err) < 0)
			return -1;
	return join_channels(run, err);
}

void run_free(struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		world_free(run->worlds[i]);
	for (size_t i = 0; i < run->shared_count; i++)
		close(run->shared[i]);
	free(run->shared);
	*run = (struct run){ 0 };
}

/* ---- tenders ------------------------------------------------------------- */

const char *tender_path(void)
{
	static char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof(TENDER));
	char *slash;

	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		memcpy(slash + 1, TENDER, sizeof(TENDER));
	return path;
}

int fail_no_tender(int error_number, struct error *err)
{
	err_fail_errno(err, ERR_MISSING, error_number, "%s: cannot start the tender",
		       tender_path());
	return err_mend(err, "install muenbuild-hvt beside muenbuild: make install does");
}

static int write_world(const struct subject_world *world, struct error *err)
{
	cleanup_buffer struct buffer text = { 0 };
	int fd = memfd_create("world", MFD_CLOEXEC);

	world_write_text(world, &text);
	if (fd >= 0 && write(fd, text.data, text.length) == (ssize_t)text.length &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	err_fail_errno(err, ERR_MISSING, errno, "the world of '%s' gets no memory", world->name);
	if (fd >= 0)
		close(fd);
	return -1;
}

char **run_command(const struct run *run, size_t index, const char *more, int *world_fd,
		   struct error *err)
{
	const struct subject_world *world = run->worlds[index];
	cleanup_run_words char **words = NULL;
	char **command;
	size_t count = 0, given = 0;

	*world_fd = -1;
	words = run_options_words(run->options, run->names[index], run->names, run->count, err);
	if (!words)
		return NULL;
	*world_fd = write_world(world, err);
	if (*world_fd < 0)
		return NULL;
	while (words[given])
		given++;
	command = xcalloc(given + 6, sizeof(*command));
	command[count++] = xstrdup(TENDER);
	command[count++] = xasprintf("--world=@%d", *world_fd);
	if (more)
		command[count++] = xstrdup(more);
	for (size_t i = 0; i < given; i++)
		command[count++] = steal(words[i]);
	command[count++] = xstrdup("--");
	command[count++] = xstrdup(world->unikernel);
	return command;
}

int run_alone(const struct run *run, struct error *err)
{
	cleanup_run_words char **command = NULL;
	int world_fd;

	command = run_command(run, 0, NULL, &world_fd, err);
	if (!command)
		return -1;
	fcntl(world_fd, F_SETFD, 0);
	execv(tender_path(), command);
	return fail_no_tender(errno, err);
}
