#include "cli/composed.h"

#include "base/alloc.h"
#include "base/memory_file.h"
#include "cli/build.h"

/* Where the component's file lies for now: in a dry run, in memory. Owned by the caller. */
static char *place(struct build *build, const struct converted *converted, struct error *err)
{
	const char *pending = delivery_pending(&build->delivery, converted->file);
	struct composed *composed = &build->composed;
	char path[MEMORY_FILE_PATH];
	int fd;

	if (pending)
		return xstrdup(pending);
	fd = memory_file(converted->bytes.data, converted->bytes.size, 0, err);
	if (fd < 0)
		return NULL;
	array_grow(composed->memory_files, composed->memory_file_count);
	composed->memory_files[composed->memory_file_count++] = fd;
	return xstrdup(memory_file_path(fd, path));
}

int composed_add(struct build *build, const struct converted *converted, struct error *err)
{
	struct composed *composed = &build->composed;
	char *path = place(build, converted, err);

	if (!path)
		return -1;
	array_grow(composed->unikernels, composed->unikernel_count);
	composed->unikernels[composed->unikernel_count++] =
		(struct policy_file){ .name = converted->file, .path = path };
	return 0;
}

void composed_free(struct composed *composed)
{
	for (size_t i = 0; i < composed->memory_file_count; i++)
		close(composed->memory_files[i]);
	for (size_t i = 0; i < composed->unikernel_count; i++)
		free((char *)composed->unikernels[i].path);
	free(composed->memory_files);
	free(composed->unikernels);
}

struct composed_policy composed_policy(const struct build *build)
{
	const struct delivery *delivery = &build->delivery;
	const struct composed *composed = &build->composed;
	struct composed_policy policy = {
		.files = xcalloc(delivery->document_count + composed->unikernel_count,
				 sizeof(*policy.files)),
		.path = xasprintf("%s/%s", delivery->folder, build->policy_file),
	};
	size_t count = 0;

	for (size_t i = 0; i < delivery->document_count; i++)
		policy.files[count++] =
			(struct policy_file){ .name = delivery->documents[i].name,
					      .bytes = delivery->documents[i].text.data,
					      .size = delivery->documents[i].text.length };
	for (size_t i = 0; i < composed->unikernel_count; i++)
		policy.files[count++] = composed->unikernels[i];
	policy.source = (struct policy_source){ .path = policy.path,
						.files = policy.files,
						.file_count = count,
						.folders = (const char *const *)build->folders,
						.folder_count = build->folder_count };
	return policy;
}

void composed_policy_free(struct composed_policy *policy)
{
	free(policy->files);
	free(policy->path);
}
