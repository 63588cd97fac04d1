#include "tests/unit/scratch.h"

#include "base/alloc.h"
#include "base/file.h"

#include <check.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/muenbuild-test-XXXXXX";

void scratch_make(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status, (void)kind, (void)where;
	return remove(path);
}

void scratch_remove(void)
{
	ck_assert_int_eq(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *scratch_folder(void)
{
	return folder;
}

char *scratch_path(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

char *scratch_bytes(const char *name, const void *bytes, size_t size)
{
	struct error err = { 0 };
	char *path = scratch_path(name);

	ck_assert_msg(file_write(path, bytes, size, 0644, &err) == 0, "%s", err.message);
	return path;
}

char *scratch_file(const char *name, const char *content, mode_t mode)
{
	char *path = scratch_bytes(name, content, strlen(content));

	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

char *scratch_text(const char *path)
{
	struct error err = { 0 };
	cleanup_bytes struct bytes bytes = { 0 };

	ck_assert_msg(file_read(path, 1 << 20, 0, &bytes, &err) == 0, "%s", err.message);
	return xstrndup((char *)bytes.data, bytes.size);
}
