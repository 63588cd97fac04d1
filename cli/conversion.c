#include "cli/conversion.h"

#include "base/alloc.h"
#include "digest/digest.h"

int converted_read(struct converted *converted, const char *path, struct error *err)
{
	struct bytes *bytes = &converted->bytes;

	converted->path = path;
	if (file_read(path, ELF_FILE_MAX, GENCSPEC_SLACK, bytes, err) < 0)
		return -1;
	converted->input_size = bytes->size;
	if (digest_sha256_hex(bytes->data, bytes->size, converted->sha256, err) < 0 ||
	    unikernel_parse(&converted->unikernel, bytes->data, bytes->size, err) < 0)
		return err_within(err, "%s", path);
	return 0;
}

int converted_run(struct converted *converted, struct conversion_options *options, bool patch,
		  struct error *err)
{
	converted->file = xstrdup(options->file ? options->file : path_base_name(converted->path));
	options->file = converted->file;
	converted->component =
		gencspec_convert(&converted->unikernel, options, &converted->findings, err);
	if (!converted->component)
		return err_within(err, "%s", converted->path);
	if (patch)
		gencspec_patch_binary(&converted->unikernel, converted->component,
				      &converted->bytes);
	return 0;
}

void converted_free(struct converted *converted)
{
	if (converted->component)
		component_free(converted->component);
	unikernel_free(&converted->unikernel);
	bytes_free(&converted->bytes);
	findings_free(&converted->findings);
	free(converted->file);
}
